//! The parameters of paths, as in `/v1/jobs/{arn}/waits/{wait_id}`.

use serde::Deserialize;
use utoipa::IntoParams;

/// The job's ARN.
pub const ARN: &str = "arn";
/// The waiter's name for the wait.
pub const WAIT_ID: &str = "wait_id";

/// What the path of a job names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct JobParams {
    /// The job's ARN, percent-encoded (`arn%3Aaws%3Asagemaker%3A…%2Fx`). A raw slash within it is understood too, for front ends that decode paths.
    pub arn: String,
}

/// What the path of a wait names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct WaitParams {
    /// The job's ARN, percent-encoded (`arn%3Aaws%3Asagemaker%3A…%2Fx`). A raw slash within it is understood too, for front ends that decode paths.
    pub arn: String,
    /// The waiter's name for the wait: 1 to 128 of `A-Z a-z 0-9 . _ : -`.
    pub wait_id: String,
}
