//! The history of the job as the step saw it, printed as it changes.

use jiff::{SignedDuration, Timestamp};
use sagebell_monitor::event::secondary_status;
use sagebell_monitor::job::Job;
use sagebell_monitor::kind::Kind;
use sagebell_monitor::phase::Phase;
use sagebell_system::say;
use serde_json::Value;

use crate::plan::Watch;

/// One state of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// When the job reached this state, as far as that is known.
    pub at: Timestamp,
    /// The meaning of the status.
    pub phase: Phase,
    /// The status, exactly as SageMaker sent it.
    pub status: String,
    /// The secondary status, or the progress.
    pub detail: Option<String>,
    /// Why it failed, in SageMaker's words.
    pub reason: Option<String>,
}

impl Seen {
    /// The state in a Describe answer. `None` if it has none.
    #[must_use]
    pub fn in_answer(watch: &Watch, answer: &Value, now: Timestamp) -> Option<Self> {
        match watch {
            Watch::Job(kind) => Self::of_kind(*kind, answer, now),
            Watch::Created => None,
        }
    }

    fn of_kind(kind: Kind, answer: &Value, now: Timestamp) -> Option<Self> {
        let fields = &kind.spec().fields;
        let text = |pointers| first_text(answer, pointers);
        let status = kind.fixed_status().map(str::to_owned).or_else(|| text(fields.status))?;
        let detail = secondary_status(kind, answer);
        Some(Self {
            at: now,
            phase: kind.phase(&status, detail.as_deref()),
            status,
            detail,
            reason: text(fields.reason),
        })
    }

    /// The status, and the secondary status if that says more.
    #[must_use]
    pub fn state(&self) -> String {
        let detail = self.detail.as_ref().filter(|detail| **detail != self.status);
        let detail = detail.map(|detail| format!(" ({detail})")).unwrap_or_default();
        format!("{}{detail}", self.status)
    }

    /// Events write `IN_SERVICE` where a Describe writes `InService`.
    fn says_the_same_as(&self, other: &Self) -> bool {
        let words = |seen: &Self| [seen.status.clone(), seen.detail.clone().unwrap_or_default()];
        let folded = |seen| words(seen).map(|word| word.replace('_', "").to_ascii_lowercase());
        folded(self) == folded(other)
    }
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&words(self))
    }
}

impl From<Job> for Seen {
    fn from(job: Job) -> Self {
        Self {
            at: job.settled_at.or(job.modified_at).unwrap_or(Timestamp::UNIX_EPOCH),
            phase: job.phase,
            status: job.status.unwrap_or_else(|| job.phase.as_str().to_owned()),
            detail: job.secondary_status,
            reason: job.failure_reason,
        }
    }
}

fn first_text(answer: &Value, pointers: &[&str]) -> Option<String> {
    let texts = pointers.iter().filter_map(|pointer| answer.pointer(pointer)?.as_str());
    texts.map(str::trim).find(|text| !text.is_empty()).map(str::to_owned)
}

/// The states of a job that its step saw.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    begun: Option<Timestamp>,
    seen: Vec<Seen>,
}

/// The maximum number of states. The first and the latest are kept.
const KEPT: usize = 200;

impl History {
    /// The history of a job that was created at `begun`.
    #[must_use]
    pub fn since(begun: Timestamp) -> Self {
        Self { begun: Some(begun), seen: Vec::new() }
    }

    /// Adds a state, and prints it on standard output if it is new.
    pub fn note(&mut self, seen: Seen, now: Timestamp) {
        if self.seen.last().is_some_and(|last| last.says_the_same_as(&seen)) {
            return;
        }
        say::out(format_args!("{} {}", self.elapsed(now), words(&seen)));
        if self.seen.len() >= KEPT {
            self.seen.remove(KEPT / 2);
        }
        self.seen.push(seen);
    }

    /// Whether the last state is settled.
    #[must_use]
    pub fn has_settled(&self) -> bool {
        self.seen.last().is_some_and(|last| last.phase.is_settled())
    }

    /// The states, in the order in which they were seen.
    #[must_use]
    pub fn seen(&self) -> &[Seen] {
        &self.seen
    }

    fn elapsed(&self, now: Timestamp) -> String {
        let since = self.begun.map_or(SignedDuration::ZERO, |begun| now.duration_since(begun));
        format!("[{}]", duration(since))
    }

    /// The time from its creation to the state that was seen last.
    #[must_use]
    pub fn took(&self) -> Option<SignedDuration> {
        Some(self.seen.last()?.at.duration_since(self.begun?))
    }
}

/// A duration for people, in whole seconds, for example `4m 12s`. A negative one is shown as zero,
/// because clocks differ.
#[must_use]
pub fn duration(duration: SignedDuration) -> String {
    format!("{:#}", SignedDuration::from_secs(duration.as_secs().max(0)))
}

fn words(seen: &Seen) -> String {
    let reason = seen.reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    format!("{}{reason}", seen.state())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn seen(kind: Kind, answer: &Value) -> Option<Seen> {
        Seen::in_answer(&Watch::Job(kind), answer, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_description_tells_status_detail_and_reason() {
        let answer = json!({"TrainingJobStatus": "Failed", "SecondaryStatus": "Failed",
            "FailureReason": "AlgorithmError: no data"});
        let seen = seen(Kind::Training, &answer).unwrap();
        assert_eq!(seen.phase, Phase::Failed);
        assert_eq!(words(&seen), "Failed: AlgorithmError: no data");
    }

    #[test]
    fn a_tuning_job_tells_how_far_it_has_come() {
        let answer = json!({"HyperParameterTuningJobStatus": "InProgress",
            "TrainingJobStatusCounters": {"Completed": 3, "InProgress": 2, "Stopped": 0}});
        let seen = seen(Kind::Tuning, &answer).unwrap();
        assert_eq!(words(&seen), "InProgress (Completed 3, InProgress 2)");
    }

    #[test]
    fn an_answer_without_a_status_tells_nothing() {
        assert_eq!(seen(Kind::Transform, &json!({})), None);
    }

    #[test]
    fn only_news_is_kept_and_not_without_end() {
        let mut history = History::since(Timestamp::UNIX_EPOCH);
        let status =
            |word: String| seen(Kind::Training, &json!({"TrainingJobStatus": word})).unwrap();
        for number in 0..1_000 {
            history.note(status(format!("S{number}")), Timestamp::UNIX_EPOCH);
            history.note(status(format!("S{number}")), Timestamp::UNIX_EPOCH);
        }
        assert_eq!(history.seen().len(), KEPT);
        assert_eq!(history.seen()[0].status, "S0");
        assert_eq!(history.seen()[KEPT - 1].status, "S999");
    }
}
