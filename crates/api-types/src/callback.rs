//! The bodies of callbacks, and of the answer to a probe.

use jiff::Timestamp;
use sagebell_monitor::bounds::{MAX_REASON, MAX_WORD, clip};
use sagebell_monitor::job::Job;
use sagebell_monitor::signal::{Probe, Signal};
use sagebell_monitor::wait::WaitId;
use serde::{Deserialize, Serialize};

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
    /// The job as now known.
    pub job: Job,
}

impl SignalBody {
    /// The body that says this.
    #[must_use]
    pub fn new(Signal { wait_id, seq, job }: Signal) -> Self {
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
    /// The body that asks this.
    #[must_use]
    pub fn new(Probe { wait_id, at }: Probe) -> Self {
        Self { event_type: PROBE.to_owned(), timestamp: at, data: ProbeData { wait_id } }
    }
}

/// The answer to a probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeAnswer {
    /// A signature of the probe that only who has the wait's secret can make: as of a
    /// callback whose id is `answer_` and the probe's id. Answering 2xx is no proof.
    pub proof: String,
}

#[cfg(test)]
mod tests {
    use sagebell_monitor::arn::JobArn;
    use sagebell_monitor::job::JobRecord;
    use sagebell_monitor::phase::Phase;

    use super::*;

    fn body(reason: &str, word: &str) -> SignalBody {
        let arn = "arn:aws:sagemaker:us-east-1:111122223333:training-job/x";
        let arn = JobArn::parse(arn).unwrap();
        let mut job = JobRecord::unseen(&arn, Timestamp::UNIX_EPOCH, Timestamp::MAX).job;
        job.phase = Phase::Failed;
        job.failure_reason = Some(reason.to_owned());
        (job.status, job.secondary_status) = (Some(word.to_owned()), Some(word.to_owned()));
        job.name = word.to_owned();
        let wait_id = WaitId::parse(&"w".repeat(128)).unwrap();
        SignalBody::new(Signal { wait_id, seq: u64::MAX, job })
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
}
