//! The script of the demo: the lives of some jobs, built from the sample events in `events/`.

use std::time::Duration;

use sagebell_monitor::arn::JobArn;
use sagebell_monitor::phase::Phase;
use sagebell_monitor::wait::SignalOn;
use serde_json::Value;

macro_rules! sample {
    ($name:literal) => {
        include_str!(concat!("../../../../events/", $name, ".json"))
    };
}

/// One event of a life.
#[derive(Debug, Clone)]
pub struct Step {
    /// After the one before.
    pub pause: Duration,
    /// The event.
    pub event: Value,
    /// Whether it brings the end.
    pub settles: bool,
}

/// One job's life, and what its waiter must hear.
#[derive(Debug, Clone)]
pub struct Life {
    /// For people; the wait's id too.
    pub title: &'static str,
    /// The job.
    pub arn: JobArn,
    /// Which signals the wait receives.
    pub signal_on: SignalOn,
    /// The events, as a careless network delivers them.
    pub steps: Vec<Step>,
    /// How it ends.
    pub expected: Phase,
}

/// A sample and the pause before it, in milliseconds.
type Scene = (u64, &'static str);

struct Script {
    title: &'static str,
    signal_on: SignalOn,
    /// What to write instead, to make samples of two jobs one job's: its name
    /// and its creation time.
    instead: &'static [(&'static str, &'static str)],
    scenes: &'static [Scene],
    expected: Phase,
}

const SCRIPTS: [Script; 5] = [
    Script {
        title: "training-with-progress",
        signal_on: SignalOn::Progress,
        instead: &[],
        scenes: &[
            (200, sample!("training-in-progress")),
            (400, sample!("training-starting")),
            (700, sample!("training-downloading")),
            (600, sample!("training-training")),
            (0, sample!("training-training")),
            // The network turns these two round.
            (900, sample!("training-uploading")),
            (200, sample!("training-training")),
            (600, sample!("training-completed")),
            (0, sample!("training-completed")),
            (300, sample!("training-uploading")),
        ],
        expected: Phase::Succeeded,
    },
    Script {
        title: "tuning",
        signal_on: SignalOn::Settled,
        instead: &[],
        scenes: &[
            (500, sample!("tuning-in-progress")),
            (2_500, sample!("tuning-completed")),
            (100, sample!("tuning-in-progress")),
        ],
        expected: Phase::Succeeded,
    },
    Script {
        title: "processing-that-fails",
        signal_on: SignalOn::Progress,
        instead: &[
            ("mnist-prep-2026-11-02\"", "mnist-prep-2026-11-02-failed\""),
            ("1793608155133", "1793609521330"),
            ("1793608298742", "1793609664742"),
        ],
        scenes: &[
            (300, sample!("processing-in-progress")),
            (1_800, sample!("processing-failed")),
            (50, sample!("processing-failed")),
        ],
        expected: Phase::Failed,
    },
    Script {
        title: "transform",
        signal_on: SignalOn::Settled,
        instead: &[],
        // Its first event arrives after its last.
        scenes: &[(3_000, sample!("transform-completed")), (200, sample!("transform-in-progress"))],
        expected: Phase::Succeeded,
    },
    Script {
        title: "endpoint-that-rolls-back",
        signal_on: SignalOn::Progress,
        instead: &[
            ("mnist-digits\"", "mnist-digits-rollback\""),
            ("1793612820223", "1793611230818"),
        ],
        scenes: &[
            (800, sample!("endpoint-updating")),
            (1_200, sample!("endpoint-rolling-back")),
            (1_700, sample!("endpoint-update-rollback-failed")),
            (100, sample!("endpoint-rolling-back")),
        ],
        expected: Phase::Failed,
    },
];

/// Why the script can't be played.
#[derive(Debug, thiserror::Error)]
#[error("the sample events of {title} are not what the script expects: {problem}")]
pub struct ScriptError {
    title: &'static str,
    problem: String,
}

/// Every life of the demo.
///
/// # Errors
/// [`ScriptError`] if a sample is not an event of its job.
pub fn all() -> Result<Vec<Life>, ScriptError> {
    SCRIPTS.iter().map(Script::life).collect()
}

impl Script {
    fn life(&self) -> Result<Life, ScriptError> {
        let wrong = |problem: String| ScriptError { title: self.title, problem };
        let (mut steps, mut jobs) = (Vec::new(), Vec::new());
        for (pause, sample) in self.scenes {
            let rewrite = |text: String, (from, to): &(&str, &str)| text.replace(from, to);
            let text = self.instead.iter().fold((*sample).to_owned(), rewrite);
            let event: Value = serde_json::from_str(&text).map_err(|e| wrong(e.to_string()))?;
            let seen = sagebell_monitor::event::parse(&event, jiff::Timestamp::UNIX_EPOCH);
            let sagebell_monitor::event::Parsed::Job(seen) =
                seen.map_err(|e| wrong(e.to_string()))?
            else {
                return Err(wrong("an event that is not about a job".to_owned()));
            };
            let settles = seen.phase == self.expected;
            jobs.push((seen.arn, seen.created_at));
            steps.push(Step { pause: Duration::from_millis(*pause), event, settles });
        }
        jobs.dedup();
        let (title, signal_on, expected) = (self.title, self.signal_on, self.expected);
        match <[_; 1]>::try_from(jobs) {
            Ok([(arn, _)]) => Ok(Life { title, arn, signal_on, steps, expected }),
            Err(jobs) => Err(wrong(format!("they are about {} jobs", jobs.len()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_life_is_of_one_job_and_ends() {
        for life in all().unwrap() {
            assert!(life.steps.iter().any(|step| step.settles), "{}", life.title);
            let total: Duration = life.steps.iter().map(|step| step.pause).sum();
            assert!(total < Duration::from_secs(10), "the demo takes under 20 s");
        }
    }
}
