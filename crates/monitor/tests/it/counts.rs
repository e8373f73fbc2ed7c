//! Counts that an alarm is set on: `SilenceAlarm` compares the changes that events missed
//! with the events that came.

use std::time::Duration;

use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::facts::Facts;
use sagebell_monitor::observation::{Observation, Source};
use sagebell_monitor::ports::Clock as _;
use sagebell_monitor::testing::ManualClock;
use sagebell_monitor::testing::world::FakeWorld;
use sagebell_monitor::time::later;

const EVENTS: &str = "sagebell_events_total";
const MISSED: &str = "sagebell_events_missed_total";
const TRAINING: &str = "training-job/x";
/// Of a kind whose events never tell its state.
const COMPILATION: &str = "compilation-job/x";

fn observation(resource: &str, source: Source) -> Observation {
    let arn = format!("arn:aws:sagemaker:us-east-1:111122223333:{resource}");
    let arn = JobArn::parse(&arn).unwrap();
    let at = ManualClock::default().now();
    Observation {
        name: None,
        phase: arn.kind().phase("InProgress", None),
        status: "InProgress".to_owned(),
        secondary_status: None,
        failure_reason: None,
        created_at: Some(at),
        modified_at: at,
        ended_at: None,
        // Its event had the time to arrive.
        seen_at: later(at, Duration::from_secs(60)),
        source,
        facts: Facts::default(),
        arn,
    }
}

/// What is counted while these are recorded: the events that came, and those missed. `None`
/// where a counter is not touched.
fn counted(observations: &[Observation]) -> (Option<u64>, Option<u64>) {
    let recorder = DebuggingRecorder::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            let world = FakeWorld::default();
            for seen in observations {
                world.recorder().record(seen).await.unwrap();
            }
        });
    });
    let counts = recorder.snapshotter().snapshot().into_vec();
    let count = |name: &str| {
        let found = counts.iter().find(|(key, ..)| key.key().name() == name)?;
        match found.3 {
            DebugValue::Counter(count) => Some(count),
            _ => None,
        }
    };
    (count(EVENTS), count(MISSED))
}

#[test]
fn an_event_is_counted_and_none_is_missed() {
    let event = observation(TRAINING, Source::Event);
    assert_eq!(counted(&[event.clone(), event]), (Some(2), None));
}

#[test]
fn a_change_that_a_call_finds_first_was_missed() {
    for source in [Source::Describe, Source::List] {
        let found = observation(TRAINING, source);
        // The counter of events is there to compare with, at zero.
        assert_eq!(counted(&[found]), (Some(0), Some(1)), "{source:?}");
    }
}

#[test]
fn a_describe_that_finds_nothing_new_missed_nothing() {
    let event = observation(TRAINING, Source::Event);
    let found = observation(TRAINING, Source::Describe);
    assert_eq!(counted(&[event, found]), (Some(1), None));
}

#[test]
fn a_change_is_not_missed_whose_event_may_be_under_way() {
    for source in [Source::Describe, Source::List] {
        let mut found = observation(TRAINING, source);
        found.modified_at = later(found.modified_at, Duration::from_secs(1));
        assert_eq!(counted(&[found]), (None, None), "{source:?}");
    }
}

#[test]
fn a_kind_without_events_misses_none() {
    let found = observation(COMPILATION, Source::Describe);
    assert_eq!(counted(&[found]), (None, None));
}
