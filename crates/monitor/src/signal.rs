//! Signals: the signal request on the queue, the callback on the wire, and what is
//! announced to others.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::arn::JobArn;
use crate::bounds::{MAX_REASON, MAX_WORD, clip};
use crate::job::Job;
use crate::principal::Principal;
use crate::wait::{CallbackUrl, Secret, WaitId, WaitKey};

/// The queue's message: this wait has something to hear. It carries no state,
/// so that a late one tells the latest and a doubled one tells nothing twice.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SignalRequest {
    /// The job.
    pub arn: JobArn,
    /// Whose wait; absent for a wait that 0.1.0 stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Principal>,
    /// The wait to ring.
    pub wait_id: WaitId,
    /// What for. Queued by version 0.1.0, it has none.
    #[serde(default, skip_serializing_if = "Purpose::is_signal")]
    pub purpose: Purpose,
}

/// What a wait is called for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To be told of its job.
    #[default]
    Signal,
    /// To see whether its waiter is still there.
    Probe,
}

impl Purpose {
    fn is_signal(&self) -> bool {
        *self == Self::Signal
    }
}

impl SignalRequest {
    /// Asks for a probe of this wait.
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

    /// The body as JSON of at most [`BODY_LIMIT`] bytes, measured as it is sent:
    /// JSON writes a control character in six bytes. What a store holds from before
    /// texts were bounded is bounded here; the reason gives way for the rest.
    ///
    /// # Errors
    /// None that a caller can cause: texts, numbers and times always serialize.
    pub fn encoded(mut self) -> Result<String, serde_json::Error> {
        let job = &mut self.data.job;
        job.name = clip(&job.name, MAX_WORD);
        for word in [&mut job.status, &mut job.secondary_status].into_iter().flatten() {
            *word = clip(word, MAX_WORD);
        }
        let mut room = MAX_REASON;
        loop {
            let job = &mut self.data.job;
            job.failure_reason = job.failure_reason.take().map(|reason| clip(&reason, room));
            let body = serde_json::to_string(&self)?;
            if body.len() <= BODY_LIMIT || room == 0 {
                return Ok(body);
            }
            room /= 2;
        }
    }
}

/// The largest body of a callback, in bytes: Standard Webhooks asks for less than
/// 20 kB.
pub const BODY_LIMIT: usize = 20_000;

/// The `type` of a probe, by which a waiter tells it from a signal.
pub const PROBE: &str = "sagebell.probe";

/// The body of a probe: a callback that tells nothing and asks whether the waiter is
/// there. It is answered with a [`ProbeAnswer`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeBody {
    /// [`PROBE`].
    #[serde(rename = "type")]
    pub event_type: String,
    /// When it was made.
    pub timestamp: Timestamp,
    /// Whom it is for.
    pub data: ProbeData,
}

/// Whom a probe is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeData {
    /// The wait.
    pub wait_id: WaitId,
}

impl ProbeBody {
    /// A probe of this wait.
    #[must_use]
    pub fn new(wait_id: WaitId, now: Timestamp) -> Self {
        Self { event_type: PROBE.to_owned(), timestamp: now, data: ProbeData { wait_id } }
    }
}

/// The answer to a probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeAnswer {
    /// A signature of the probe that only who has the wait's secret can make: as of a
    /// callback whose id is `answer_` and the probe's id. Answering 2xx is no proof.
    pub proof: String,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::JobRecord;
    use crate::phase::Phase;

    fn body(reason: &str, word: &str) -> SignalBody {
        let arn = "arn:aws:sagemaker:us-east-1:111122223333:training-job/x";
        let arn = JobArn::parse(arn).unwrap();
        let mut job = JobRecord::unseen(&arn, Timestamp::UNIX_EPOCH, Timestamp::MAX).job;
        job.phase = Phase::Failed;
        job.failure_reason = Some(reason.to_owned());
        (job.status, job.secondary_status) = (Some(word.to_owned()), Some(word.to_owned()));
        job.name = word.to_owned();
        SignalBody::new(WaitId::parse(&"w".repeat(128)).unwrap(), u64::MAX, job)
    }

    #[test]
    fn every_end_can_be_told_whatever_its_texts_are() {
        for text in ["\u{1}", "x", "\"", "é", "🦀", "\u{2028}"] {
            let long = text.repeat(300_000);
            let encoded = body(&long, &long).encoded().unwrap();
            assert!(encoded.len() <= BODY_LIMIT, "{text:?}: {} bytes", encoded.len());
            let decoded: SignalBody = serde_json::from_str(&encoded).unwrap();
            assert_eq!(decoded.data.job.phase, Phase::Failed);
            let reason = decoded.data.job.failure_reason.unwrap();
            assert!(reason.starts_with(text) && reason.ends_with('…'), "{reason:.40}");
            assert!(decoded.data.job.status.unwrap().ends_with('…'));
        }
    }

    #[test]
    fn what_fits_is_told_as_it_is() {
        let whole = body("disk full\n", "Failed");
        assert_eq!(whole.clone().encoded().unwrap(), serde_json::to_string(&whole).unwrap());
    }

    #[test]
    fn a_signal_request_of_0_1_0_is_read() {
        let arn = "arn:aws:sagemaker:us-east-1:111122223333:training-job/x";
        let old = serde_json::json!({"arn": arn, "wait_id": "w"});
        let request: SignalRequest = serde_json::from_value(old.clone()).unwrap();
        assert_eq!(request.owner, None);
        assert_eq!(serde_json::to_value(request).unwrap(), old);
    }
}
