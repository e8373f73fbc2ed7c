//! The heartbeat: what one sweep leaves to the next, as the store holds it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::job_list::ListProgress;

/// When the sweep last ran, and how far it has read SageMaker's lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// When it last began.
    pub at: Timestamp,
    /// Since when it has run without a break.
    pub since: Timestamp,
    /// The last breaks, the oldest first. Version 0.1.0 did not write them down.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub breaks: Vec<Break>,
    /// The lists of SageMaker that it reads. Version 0.1.0 read none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<ListProgress>,
}

/// A break in the row of sweeps: it did not run for long, or its clock was set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Break {
    /// When it ran again.
    pub over_at: Timestamp,
    /// How long the break was, by a clock that may have been set: 0 if it went back.
    pub seconds: u64,
}
