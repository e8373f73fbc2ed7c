//! Signals: the doorbell on the queue, the callback on the wire, and what is
//! announced to others.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::arn::JobArn;
use crate::job::Job;
use crate::ports::WaitKey;
use crate::wait::{CallbackUrl, Secret, WaitId};

/// The queue's message: this wait has something to hear. It carries no state,
/// so that a late one tells the latest and a doubled one tells nothing twice.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Doorbell {
    /// The job.
    pub arn: JobArn,
    /// The wait to ring.
    pub wait_id: WaitId,
}

impl From<WaitKey> for Doorbell {
    fn from(key: WaitKey) -> Self {
        Self { arn: key.arn, wait_id: key.id }
    }
}

impl From<Doorbell> for WaitKey {
    fn from(doorbell: Doorbell) -> Self {
        Self { arn: doorbell.arn, id: doorbell.wait_id }
    }
}

/// One attempt to call a waiter back: what the [`Sender`](crate::ports::Sender)
/// signs and posts.
#[derive(Debug, Clone)]
pub struct Callback {
    /// Where to.
    pub url: CallbackUrl,
    /// The wait's own signing secret.
    pub secret: Secret,
    /// `webhook-id`: the same over retries of one signal.
    pub id: String,
    /// The JSON body, at most 20 kB.
    pub body: String,
}

/// The body of a callback, in Standard Webhooks' payload form
/// (<https://www.standardwebhooks.com>, "Payload structure").
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignalBody {
    /// `sagemaker.{noun}.{phase}`, e.g. `sagemaker.training_job.succeeded`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// When the job came to this state.
    pub timestamp: Timestamp,
    /// The signal.
    pub data: SignalData,
}

/// What a signal says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignalData {
    /// The wait that is rung.
    pub wait_id: WaitId,
    /// Grows with every new signal to this wait.
    pub seq: u64,
    /// The job as now known.
    pub job: Job,
}

impl SignalBody {
    /// The body that tells `wait_id` of `job` as its `seq`-th signal.
    #[must_use]
    pub fn new(wait_id: WaitId, seq: u64, job: Job) -> Self {
        Self {
            event_type: format!("sagemaker.{}.{}", job.kind.spec().noun, job.phase),
            timestamp: job.settled_at.or(job.modified_at).unwrap_or(Timestamp::UNIX_EPOCH),
            data: SignalData { wait_id, seq, job },
        }
    }
}

/// What others may subscribe to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "announcement", rename_all = "snake_case")]
pub enum Announcement {
    /// A job came to a settled phase.
    JobSettled {
        /// The job.
        job: Job,
    },
    /// A wait could not be told before its deadline.
    WaitUndeliverable {
        /// The job.
        arn: JobArn,
        /// The wait.
        wait_id: WaitId,
        /// The last failure.
        reason: String,
    },
    /// A waiter went away without a word; whether its job is being stopped.
    WaitAbandoned {
        /// The job.
        arn: JobArn,
        /// The wait.
        wait_id: WaitId,
        /// Whether the job is stopped with it.
        stopping: bool,
    },
}

impl Announcement {
    /// What happened, in words that subscribers match on.
    #[must_use]
    pub fn title(&self) -> &'static str {
        match self {
            Self::JobSettled { .. } => "Job Settled",
            Self::WaitUndeliverable { .. } => "Wait Undeliverable",
            Self::WaitAbandoned { .. } => "Wait Abandoned",
        }
    }

    /// The job it is about.
    #[must_use]
    pub fn arn(&self) -> &JobArn {
        match self {
            Self::JobSettled { job } => &job.arn,
            Self::WaitUndeliverable { arn, .. } | Self::WaitAbandoned { arn, .. } => arn,
        }
    }
}
