//! The parameters of paths, as in `/v1/jobs/{arn}/waits/{wait_id}`.

use serde::Deserialize;

/// The job's ARN.
pub const ARN: &str = "arn";
/// The waiter's name for the wait.
pub const WAIT_ID: &str = "wait_id";

/// What the path of a job names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct JobParams {
    /// The [`ARN`].
    pub arn: String,
}

/// What the path of a wait names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct WaitParams {
    /// The [`ARN`].
    pub arn: String,
    /// The [`WAIT_ID`].
    pub wait_id: String,
}
