//! Items that are hard to store, and what all have in common.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::connection::Connection;
use crate::facts::{Facts, File, FileKind, Metric};
use crate::job::{JobRecord, TimelineEntry};
use crate::observation::Source;
use crate::phase::Phase;
use crate::policy::Policy;
use crate::ports::{Saved, Store, Version, Versioned};
use crate::principal::Principal;
use crate::search::Search;
use crate::testing::samples::{arn, callback, connection, job, wait};
use crate::time::later;
use crate::wait::{Delivery, FailureClass, OnAbandon, SignalOn, Wait, WaitState};

/// Text that a careless encoding breaks.
const AWKWARD: &str = "Größe ≥ 2³¹ – 内存不足 🦀 \"quoted\" \\ 'single' %_ \n\t\u{0}\u{7f} end";

pub(super) fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A job with something in every field, as large as they get, and times to the
/// nanosecond.
pub(super) fn full_job(now: Timestamp) -> JobRecord {
    let at = |step: u32| later(now, Duration::new(u64::from(step), 123_456_789 + step));
    let entry = |step| TimelineEntry {
        at: at(step),
        seen_at: at(step + 1),
        phase: Phase::ALL[step as usize % Phase::ALL.len()],
        status: format!("Status{step} {AWKWARD}"),
        secondary_status: (step % 2 == 0).then(|| AWKWARD.to_owned()),
        source: [Source::Event, Source::Describe][step as usize % 2],
        late: step % 3 == 0,
    };
    let mut record = job(&arn("Full-Job-1"), now);
    record.job.name = AWKWARD.to_owned();
    record.job.phase = Phase::TimedOut;
    record.job.status = Some("Stopped".to_owned());
    record.job.secondary_status = Some(String::new());
    record.job.failure_reason = Some(AWKWARD.repeat(10));
    record.job.created_at = Some(at(1));
    record.job.modified_at = Some(at(2));
    record.job.settled_at = Some(at(3));
    record.revision = u64::MAX;
    record.timeline = (0..).map(entry).take(Policy::TIMELINE_LIMIT).collect();
    record.timeline_dropped = 41;
    record.progress_wanted = true;
    record.runs = vec![AWKWARD.to_owned(), "run|1:2/3#4".to_owned()];
    record.facts = Facts {
        instance_type: Some(AWKWARD.to_owned()),
        instance_count: Some(u64::MAX),
        ran_seconds: Some(0),
        billed_seconds: Some(u64::MAX),
        files: [FileKind::Model, FileKind::Labels]
            .map(|what| File { what, uri: AWKWARD.to_owned() })
            .into(),
        metrics: [Some(at(6)), None]
            .map(|at| (format!("{AWKWARD}{at:?}"), Metric { at, value: "-1.5e-300".to_owned() }))
            .into(),
    };
    record.recorded_at = at(4);
    record.expires_at = at(5_000);
    record
}

/// A wait with something in every field, and times to the nanosecond.
pub(super) fn full_wait(now: Timestamp) -> Wait {
    let at = |step: u32| later(now, Duration::new(u64::from(step), 987_654_321));
    let mut wait = wait(&arn("Full-Job-1"), "Az09._:-", now);
    wait.owner = Principal(AWKWARD.to_owned());
    wait.channel = callback("https://[fd00::7]:8443/ä?x=%20&y=🦀#z", &[0xA5; 64]);
    wait.gone_since = Some(at(12));
    wait.signal_on = SignalOn::Progress;
    wait.not_before = Some(at(1));
    wait.lease_seconds = u32::MAX;
    wait.lease_until = at(2);
    wait.deadline = at(3);
    wait.on_abandon = OnAbandon::Stop;
    wait.labels = BTreeMap::from([
        ("run".to_owned(), AWKWARD.to_owned()),
        (AWKWARD.to_owned(), String::new()),
    ]);
    wait.state = WaitState::Abandoned;
    wait.delivery = Delivery {
        seq: u64::MAX,
        sending: Some(9),
        received: Some(8),
        attempts: u32::MAX,
        claimed_until: Some(at(4)),
        retry_at: Some(at(5)),
        last_error: Some(AWKWARD.to_owned()),
        last_error_class: Some(FailureClass::NoProof),
        proven: true,
    };
    wait.search = Search {
        unanswered: u32::MAX,
        probed_at: Some(at(10)),
        next_at: Some(at(11)),
        asked: u32::MAX,
    };
    wait.check_at = at(6);
    wait.checks = u32::MAX;
    wait.stop_pending = true;
    wait.due_at = Some(at(7));
    wait.created_at = at(8);
    wait.expires_at = Timestamp::MAX;
    wait
}

/// A connection with something in every field, and times to the nanosecond.
pub(super) fn full_connection(now: Timestamp) -> Connection {
    let at = later(now, Duration::new(1, 987_654_321));
    let mut full = connection("L0SM9cOFvHcCIhw=", now);
    full.owner = Principal(AWKWARD.to_owned());
    full.closed_at = Some(at);
    let mut old = full_wait(now);
    old.keyed_by_owner = false;
    full.waits = vec![full_wait(now).key(), old.key()];
    full.expires_at = Timestamp::MAX;
    full
}

/// What stored items have in common: a version and a small number to change.
#[async_trait]
pub(super) trait Item:
    Sized + Clone + PartialEq + std::fmt::Debug + Send + Sync + 'static
{
    fn sample(name: &str, now: Timestamp) -> Self;
    fn with_number(&self, number: u32) -> Self;
    fn number(&self) -> u32;
    async fn load(&self, store: &Arc<dyn Store>) -> Option<Versioned<Self>>;
    async fn save(&self, store: &Arc<dyn Store>, expect: Option<Version>) -> Saved<Self>;

    /// Saves what must be savable.
    async fn store(&self, store: &Arc<dyn Store>, expect: Option<Version>) -> Version {
        match self.save(store, expect).await {
            Saved::Stored(version) => version,
            Saved::Conflict(found) => panic!("expected {expect:?}, found {found:?}"),
        }
    }
}

#[async_trait]
impl Item for JobRecord {
    fn sample(name: &str, now: Timestamp) -> Self {
        job(&arn(name), now)
    }
    fn with_number(&self, number: u32) -> Self {
        Self { revision: number.into(), ..self.clone() }
    }
    fn number(&self) -> u32 {
        self.revision.try_into().unwrap()
    }
    async fn load(&self, store: &Arc<dyn Store>) -> Option<Versioned<Self>> {
        store.load_job(&self.job.arn).await.unwrap()
    }
    async fn save(&self, store: &Arc<dyn Store>, expect: Option<Version>) -> Saved<Self> {
        store.save_job(self, expect).await.unwrap()
    }
}

#[async_trait]
impl Item for Wait {
    fn sample(name: &str, now: Timestamp) -> Self {
        wait(&arn("a-job"), name, now)
    }
    fn with_number(&self, number: u32) -> Self {
        Self { checks: number, ..self.clone() }
    }
    fn number(&self) -> u32 {
        self.checks
    }
    async fn load(&self, store: &Arc<dyn Store>) -> Option<Versioned<Self>> {
        store.load_wait(&self.key()).await.unwrap()
    }
    async fn save(&self, store: &Arc<dyn Store>, expect: Option<Version>) -> Saved<Self> {
        store.save_wait(self, expect).await.unwrap()
    }
}

#[async_trait]
impl Item for Connection {
    fn sample(name: &str, now: Timestamp) -> Self {
        connection(name, now)
    }
    fn with_number(&self, number: u32) -> Self {
        let waits = (0..number).map(|n| wait(&arn("x"), &n.to_string(), self.opened_at).key());
        Self { waits: waits.collect(), ..self.clone() }
    }
    fn number(&self) -> u32 {
        self.waits.len().try_into().unwrap()
    }
    async fn load(&self, store: &Arc<dyn Store>) -> Option<Versioned<Self>> {
        store.load_connection(&self.id).await.unwrap()
    }
    async fn save(&self, store: &Arc<dyn Store>, expect: Option<Version>) -> Saved<Self> {
        store.save_connection(self, expect).await.unwrap()
    }
}
