//! Messages: the signal request on the queue, the signal on the wire, and announcements.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::arn::JobArn;
use crate::job::Job;
use crate::principal::Principal;
use crate::wait::{CallbackUrl, Secret, WaitId, WaitKey};

/// The message of the queue: this wait needs a signal or a probe. It carries no state. So a late
/// request sends the latest state, and a duplicate sends nothing twice.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SignalRequest {
    /// The job.
    pub arn: JobArn,
    /// The principal of the wait. Absent for a wait that 0.1.0 stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Principal>,
    /// The wait.
    pub wait_id: WaitId,
    /// What the wait needs. Requests of version 0.1.0 do not have this field.
    #[serde(default, skip_serializing_if = "Purpose::is_signal")]
    pub purpose: Purpose,
}

/// What a signal request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A signal about the job.
    #[default]
    Signal,
    /// A probe: is the waiter still there?
    Probe,
}

impl Purpose {
    fn is_signal(&self) -> bool {
        *self == Self::Signal
    }
}

impl SignalRequest {
    /// A request for a probe of this wait.
    #[must_use]
    pub fn probe(key: WaitKey) -> Self {
        Self { purpose: Purpose::Probe, ..key.into() }
    }
}

impl From<WaitKey> for SignalRequest {
    fn from(key: WaitKey) -> Self {
        Self { arn: key.arn, owner: key.owner, wait_id: key.id, purpose: Purpose::Signal }
    }
}

impl From<SignalRequest> for WaitKey {
    fn from(request: SignalRequest) -> Self {
        Self { arn: request.arn, owner: request.owner, id: request.wait_id }
    }
}

/// One message about one job to one wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// The wait that receives it.
    pub wait_id: WaitId,
    /// Grows with every new signal to this wait.
    pub seq: u64,
    /// The job, as known now.
    pub job: Job,
}

/// The question whether a waiter is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The wait whose waiter is asked.
    pub wait_id: WaitId,
    /// When it is asked.
    pub at: Timestamp,
}

/// One [`Signal`] or [`Probe`] on its way to a waiter: what the
/// [`Sender`](crate::ports::Sender) encodes, signs and posts.
#[derive(Debug, Clone)]
pub struct Callback<M> {
    /// The URL of the callback.
    pub url: CallbackUrl,
    /// The secret of the wait, which signs the callback.
    pub secret: Secret,
    /// `webhook-id`: the same over retries of one signal.
    pub id: String,
    /// The signal or the probe.
    pub message: M,
}

/// An event for other systems.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "announcement", rename_all = "snake_case")]
pub enum Announcement {
    /// A job settled.
    JobSettled {
        /// The job.
        job: Job,
    },
    /// A waiter received no signal before the deadline.
    WaitUndeliverable {
        /// The job.
        arn: JobArn,
        /// The wait.
        wait_id: WaitId,
        /// The last failure.
        reason: String,
    },
    /// A waiter is gone and did not cancel its wait.
    WaitAbandoned {
        /// The job.
        arn: JobArn,
        /// The wait.
        wait_id: WaitId,
        /// Whether the monitor also stops the job.
        stopping: bool,
    },
}

impl Announcement {
    /// The detail-type, which subscribers match on.
    #[must_use]
    pub fn title(&self) -> &'static str {
        match self {
            Self::JobSettled { .. } => "Job Settled",
            Self::WaitUndeliverable { .. } => "Wait Undeliverable",
            Self::WaitAbandoned { .. } => "Wait Abandoned",
        }
    }

    /// The job that it is about.
    #[must_use]
    pub fn arn(&self) -> &JobArn {
        match self {
            Self::JobSettled { job } => &job.arn,
            Self::WaitUndeliverable { arn, .. } | Self::WaitAbandoned { arn, .. } => arn,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_request_of_0_1_0_is_read() {
        let arn = "arn:aws:sagemaker:us-east-1:111122223333:training-job/x";
        let old = serde_json::json!({"arn": arn, "wait_id": "w"});
        let request: SignalRequest = serde_json::from_value(old.clone()).unwrap();
        assert_eq!(request.owner, None);
        assert_eq!(serde_json::to_value(request).unwrap(), old);
    }
}
