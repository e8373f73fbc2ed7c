//! Messages: the signal request on the queue, the signal on the wire, and announcements.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::arn::JobArn;
use crate::bounds::{MAX_REASON, MAX_WORD, clip};
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

/// One attempt of a callback: what the [`Sender`](crate::ports::Sender) signs and posts.
#[derive(Debug, Clone)]
pub struct Callback {
    /// The URL of the callback.
    pub url: CallbackUrl,
    /// The secret of the wait, which signs the callback.
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
    /// When the job reached this state.
    pub timestamp: Timestamp,
    /// The signal.
    pub data: SignalData,
}

/// The data of a signal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignalData {
    /// The wait that receives the signal.
    pub wait_id: WaitId,
    /// Grows with every new signal to this wait.
    pub seq: u64,
    /// The job, as known now.
    pub job: Job,
}

impl SignalBody {
    /// The body of the `seq`-th signal to `wait_id`, about `job`.
    #[must_use]
    pub fn new(wait_id: WaitId, seq: u64, job: Job) -> Self {
        Self {
            event_type: format!("sagemaker.{}.{}", job.kind.spec().noun, job.phase),
            timestamp: job.settled_at.or(job.modified_at).unwrap_or(Timestamp::UNIX_EPOCH),
            data: SignalData { wait_id, seq, job },
        }
    }

    /// The body as JSON of at most [`BODY_LIMIT`] bytes, measured after encoding, because JSON
    /// writes a control character in six bytes. Texts that an older version stored without bounds
    /// are cut here. The failure reason is cut first.
    ///
    /// # Errors
    /// None in practice: texts, numbers and times can always be serialized.
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

/// The `type` of a probe, which distinguishes it from a signal.
pub const PROBE: &str = "sagebell.probe";

/// The body of a probe: a callback without state that asks whether the waiter is there. The answer
/// is a [`ProbeAnswer`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeBody {
    /// [`PROBE`].
    #[serde(rename = "type")]
    pub event_type: String,
    /// When the probe was created.
    pub timestamp: Timestamp,
    /// The target of the probe.
    pub data: ProbeData,
}

/// The target of a probe.
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
    /// A signature of the probe, which only a waiter with the wait's secret can create. It is the
    /// signature of a callback whose id is `answer_` and the id of the probe. An answer of 2xx
    /// alone proves nothing.
    pub proof: String,
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
