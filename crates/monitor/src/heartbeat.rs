//! The heartbeat: what one sweep leaves to the next, as the store holds it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::arn::JobArn;
use crate::job_list::ListProgress;
use crate::wait::{WaitId, WaitState};

/// When the sweep last ran, how far it has read SageMaker's lists, and which waits it gave up.
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
    /// The waits of the last day that it gave up, the oldest first: the latest
    /// [`Heartbeat::GIVEN_UP`] of them. Version 0.1.0 did not write them down.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given_up: Vec<GivenUp>,
}

impl Heartbeat {
    /// The number of given up waits that it names. Each sweep writes all of it, so it stays small.
    pub const GIVEN_UP: usize = 10;

    /// That of a first sweep, at this time.
    #[must_use]
    pub fn begun(at: Timestamp) -> Self {
        let (breaks, lists, given_up) = Default::default();
        Self { at, since: at, breaks, lists, given_up }
    }
}

/// A wait whose waiter was not told how its job ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenUp {
    /// When the sweep gave it up.
    pub at: Timestamp,
    /// The job.
    pub arn: JobArn,
    /// The wait.
    pub wait: WaitId,
    /// How it ended: undeliverable or abandoned.
    pub state: WaitState,
}

/// A break in the row of sweeps: it did not run for long, or its clock was set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Break {
    /// When it ran again.
    pub over_at: Timestamp,
    /// How long the break was, by a clock that may have been set: 0 if it went back.
    pub seconds: u64,
}
