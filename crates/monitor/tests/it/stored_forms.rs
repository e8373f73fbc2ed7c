//! What tables and queues hold outlives the version that wrote it: every later version reads
//! it, and loses nothing of it.
//!
//! `stored-forms` has a folder for each release, and `next` for the one to come. Whoever
//! changes a form changes the file in `next`; files of releases stay as they are.

use std::fmt::Debug;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sagebell_monitor::facts::{Facts, File, FileKind, Metric};
use sagebell_monitor::heartbeat::{Break, GivenUp, Heartbeat};
use sagebell_monitor::job::{JobRecord, TimelineEntry};
use sagebell_monitor::job_list::{JobList, ListProgress, Rest};
use sagebell_monitor::observation::{Observation, Source};
use sagebell_monitor::phase::Phase;
use sagebell_monitor::search::Search;
use sagebell_monitor::signal::{Purpose, SignalRequest};
use sagebell_monitor::testing::samples;
use sagebell_monitor::wait::{
    Channel, Delivery, FailureClass, OnAbandon, SignalOn, Wait, WaitId, WaitState,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

const NEXT: &str = "next";
const MIDNIGHT: Timestamp = Timestamp::constant(1_767_225_600, 0);

fn forms() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("stored-forms")
}

fn read(folder: &Path, form: &str) -> Option<Value> {
    let text = std::fs::read_to_string(folder.join(form).with_extension("json")).ok()?;
    Some(serde_json::from_str(&text).unwrap())
}

/// Whether all of `old` is in `new`, as it was.
fn is_kept(old: &Value, new: &Value) -> bool {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            old.iter().all(|(name, value)| new.get(name).is_some_and(|kept| is_kept(value, kept)))
        }
        (old, new) => old == new,
    }
}

/// A value with every field that it can have is written as the file in `next` says, and what
/// each release wrote is read.
fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(form: &str, full: &T) {
    let written = serde_json::to_value(full).unwrap();
    let expected = read(&forms().join(NEXT), form).unwrap_or_default();
    assert_eq!(written, expected, "stored-forms/{NEXT}/{form}.json is to be: {written:#}");
    for folder in std::fs::read_dir(forms()).unwrap() {
        let folder = folder.unwrap().path();
        let Some(old) = read(&folder, form) else { continue };
        let value: T = serde_json::from_value(old.clone()).unwrap_or_else(|error| {
            panic!("{form} of {} is read no more: {error}", folder.display())
        });
        let kept = serde_json::to_value(&value).unwrap();
        assert!(is_kept(&old, &kept), "{form} of {}: {old:#} became {kept:#}", folder.display());
        let mut newer = old;
        newer["a_field_of_a_later_version"] = 1.into();
        assert_eq!(serde_json::from_value::<T>(newer).unwrap(), value, "beside a later version");
    }
}

#[test]
fn waits_outlive_their_version() {
    let time = Some(MIDNIGHT);
    let wait = Wait {
        signal_on: SignalOn::Progress,
        not_before: time,
        overtime: time,
        on_abandon: OnAbandon::Stop,
        stop_allowed: true,
        labels: [("run".to_owned(), "run-1".to_owned())].into(),
        delivery: Delivery {
            seq: 2,
            sending: Some(3),
            received: Some(2),
            attempts: 1,
            claimed_until: time,
            retry_at: time,
            last_error: Some("connection refused".to_owned()),
            last_error_class: Some(FailureClass::NoConnection),
            proven: true,
        },
        search: Search { unanswered: 1, probed_at: time, next_at: time, asked: 2 },
        checks: 4,
        stop_pending: true,
        due_at: time,
        ..samples::wait(&samples::arn("digits"), "run-1.train", MIDNIGHT)
    };
    check("wait", &wait);
    let connected = samples::connection("L0SM9cOFvHcCIhw=", MIDNIGHT).channel();
    check("wait-connected", &Wait { channel: connected, gone_since: time, ..wait.clone() });
    check("wait-untold", &Wait { channel: Channel::None, ..wait });
}

#[test]
fn connections_outlive_their_version() {
    let mut connection = samples::connection("L0SM9cOFvHcCIhw=", MIDNIGHT);
    connection.closed_at = Some(MIDNIGHT);
    connection.waits = vec![samples::key(&samples::arn("digits"), "run-1.train")];
    check("connection", &connection);
}

fn facts() -> Facts {
    let metric = Metric { at: Some(MIDNIGHT), value: "0.25".to_owned() };
    let model = File { what: FileKind::Model, uri: "s3://b/model.tar.gz".to_owned() };
    Facts {
        instance_type: Some("ml.g5.xlarge".to_owned()),
        instance_count: Some(2),
        ran_seconds: Some(1_000),
        billed_seconds: Some(370),
        files: [model].into(),
        metrics: [("loss".to_owned(), metric)].into(),
    }
}

#[test]
fn job_records_outlive_their_version() {
    let mut record = samples::job(&samples::arn("digits"), MIDNIGHT);
    record.job.phase = Phase::Failed;
    record.job.status = Some("Failed".to_owned());
    record.job.secondary_status = Some("Failed".to_owned());
    record.job.failure_reason = Some("AlgorithmError".to_owned());
    record.job.created_at = Some(MIDNIGHT);
    record.job.modified_at = Some(MIDNIGHT);
    record.job.settled_at = Some(MIDNIGHT);
    record.facts = facts();
    let timeline = vec![TimelineEntry {
        at: MIDNIGHT,
        seen_at: MIDNIGHT,
        phase: Phase::Failed,
        status: "Failed".to_owned(),
        secondary_status: Some("Failed".to_owned()),
        source: Source::Event,
        late: true,
    }];
    let full = JobRecord {
        named: true,
        owner: Some(samples::owner()),
        revision: 3,
        timeline,
        timeline_dropped: 1,
        progress_wanted: true,
        runs: vec!["run-1".to_owned()],
        ..record
    };
    check("job-record", &full);
}

#[test]
fn signal_requests_outlive_their_version() {
    let key = samples::key(&samples::arn("digits"), "run-1.train");
    check("signal-request", &SignalRequest { purpose: Purpose::Probe, ..key.into() });
}

#[test]
fn observations_outlive_their_version() {
    let observation = Observation {
        arn: samples::arn("digits"),
        name: Some("digits".to_owned()),
        phase: Phase::Failed,
        status: "Failed".to_owned(),
        secondary_status: Some("Failed".to_owned()),
        failure_reason: Some("AlgorithmError".to_owned()),
        created_at: Some(MIDNIGHT),
        modified_at: MIDNIGHT,
        ended_at: Some(MIDNIGHT),
        seen_at: MIDNIGHT,
        source: Source::Describe,
        facts: facts(),
    };
    check("observation", &observation);
}

#[test]
fn the_heartbeat_outlives_its_version() {
    let breaks = vec![Break { over_at: MIDNIGHT, seconds: 360 }];
    let list = JobList::of(&samples::arn("digits")).unwrap();
    let lists = vec![ListProgress {
        list,
        since: MIDNIGHT,
        until: MIDNIGHT,
        read_at: MIDNIGHT,
        at_once: true,
        wanted_until: MIDNIGHT,
        rest: Some(Rest { token: "next".to_owned(), after: MIDNIGHT, begun_at: MIDNIGHT }),
    }];
    let given_up = vec![GivenUp {
        at: MIDNIGHT,
        arn: samples::arn("digits"),
        wait: WaitId::parse("kfp-run").unwrap(),
        state: WaitState::Undeliverable,
    }];
    let heartbeat = Heartbeat { breaks, lists, given_up, ..Heartbeat::begun(MIDNIGHT) };
    check("heartbeat", &heartbeat);
}
