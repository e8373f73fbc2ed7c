//! Use case: record an observation, and request signals for the waits that need one.
//!
//! Promise: the job is written *before* its waits are read (strongly), and a
//! repeated observation of the settled state reads them again; so a crash anywhere
//! in here, followed by the queue's redelivery, loses no wake-up.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use jiff::Timestamp;
use metrics::counter;
use serde_json::Value;

use crate::arn::JobArn;
use crate::compare_and_set::{CompareAndSet, Edit, Written};
use crate::event::{self, Ignored, Parsed, Refused};
use crate::job::{Change, Job, JobRecord};
use crate::observation::{Observation, Source};
use crate::phase::Phase;
use crate::policy::Policy;
use crate::ports::{
    Announcer, Clock, Entropy, Intake, IntakeError, Queue, QueueError, Store, StoreError, Versioned,
};
use crate::signal::{Announcement, SignalRequest};
use crate::time::later;
use crate::wait::{News, Wait, WaitKey, WaitState};

/// The number of waits read at a time, and of signal requests queued at a time.
const PAGE: usize = 200;

/// What happened to an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// It was about a job. Contains what it changed, and the job as known now.
    Recorded {
        /// What the observation changed.
        change: Change,
        /// The job.
        job: Box<Job>,
        /// How many signal requests were queued.
        signal_requests: usize,
    },
    /// Something changed, but the event does not say what. The sweep must check the job.
    InDoubt {
        /// The job.
        arn: JobArn,
        /// How many waits got an earlier check.
        due: usize,
    },
    /// It was not about a job of this monitor.
    Ignored(Ignored),
}

/// Why an observation could not be recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The event cannot be attributed to a job. The same event would fail again.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue failed. The job is recorded, and the same event, delivered again, queues the
    /// signal requests.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// Others kept changing the same item.
    #[error("others kept changing {0}, try again")]
    Contended(String),
}

impl RecordError {
    /// Others kept changing this wait.
    pub(crate) fn wait_contended(key: &WaitKey) -> Self {
        Self::Contended(format!("wait {} on {}", key.id, key.arn))
    }
}

/// Records observations.
#[derive(Clone)]
pub struct Recorder {
    /// Where jobs and waits are.
    pub store: Arc<dyn Store>,
    /// Where signal requests go.
    pub queue: Arc<dyn Queue>,
    /// Receives the announcements.
    pub announcer: Arc<dyn Announcer>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Jitter after conflicts.
    pub entropy: Arc<dyn Entropy>,
    /// Times and limits.
    pub policy: Arc<Policy>,
}

impl Recorder {
    /// Records one EventBridge event.
    ///
    /// # Errors
    /// [`RecordError`]. All except `Refused` are temporary: try again.
    pub async fn take(&self, event: &Value) -> Result<Taken, RecordError> {
        self.take_in(&self.read(event)?).await
    }

    async fn take_in(&self, read: &Parsed) -> Result<Taken, RecordError> {
        match read {
            Parsed::Ignored(why) => Ok(Taken::Ignored(*why)),
            Parsed::NoState { arn, at } => self.doubt(arn, *at).await,
            Parsed::Job(seen) => self.record(seen).await,
        }
    }

    /// Records many events, and returns the result of each in the same order. Events of one job are
    /// recorded one after the other, so that they do not conflict. Of different jobs,
    /// [`Policy::EVENTS_AT_ONCE`] are recorded at the same time.
    pub async fn take_all(&self, events: &[Value]) -> Vec<Result<Taken, RecordError>> {
        let mut results = BTreeMap::new();
        let mut by_job: BTreeMap<JobArn, Vec<(usize, Parsed)>> = BTreeMap::new();
        for (place, event) in events.iter().enumerate() {
            match self.read(event) {
                Ok(Parsed::Ignored(why)) => {
                    results.insert(place, Ok(Taken::Ignored(why)));
                }
                Ok(read) => {
                    let Some(arn) = arn_of(&read).cloned() else { continue };
                    by_job.entry(arn).or_default().push((place, read));
                }
                Err(refused) => {
                    results.insert(place, Err(refused.into()));
                }
            }
        }
        let jobs = futures::stream::iter(by_job.into_values()).map(|read| self.take_each(read));
        let recorded: Vec<_> = jobs.buffer_unordered(Policy::EVENTS_AT_ONCE).collect().await;
        results.extend(recorded.into_iter().flatten());
        results.into_values().collect()
    }

    async fn take_each(
        &self,
        read: Vec<(usize, Parsed)>,
    ) -> Vec<(usize, Result<Taken, RecordError>)> {
        let mut results = Vec::with_capacity(read.len());
        for (place, read) in read {
            results.push((place, self.take_in(&read).await));
        }
        results
    }

    /// The content of an event, if it is about a job of this monitor.
    fn read(&self, event: &Value) -> Result<Parsed, Refused> {
        let parsed = event::parse(event, self.clock.latest()).inspect_err(|refused| {
            counter!("sagebell_events_refused_total", "field" => refused.field).increment(1);
        })?;
        let out_of_scope = arn_of(&parsed).is_some_and(|arn| !self.policy.in_scope(arn));
        let parsed = if out_of_scope { Parsed::Ignored(Ignored::OutOfScope) } else { parsed };
        if let Parsed::Ignored(why) = parsed {
            counter!("sagebell_events_ignored_total", "reason" => why.as_str()).increment(1);
        }
        Ok(parsed)
    }

    /// Writes items that others may write at the same time.
    pub(crate) fn compare_and_set(&self) -> CompareAndSet<'_> {
        CompareAndSet { store: &*self.store, pauses: Some(self.pauses()) }
    }

    /// The random pauses between two attempts to write.
    pub(crate) fn pauses(&self) -> (&dyn Clock, &dyn Entropy) {
        (&*self.clock, &*self.entropy)
    }

    /// Records one observation.
    ///
    /// # Errors
    /// [`RecordError`]. All are temporary: try again.
    #[tracing::instrument(level = "error", skip_all, fields(arn = %seen.arn))]
    pub async fn record(&self, seen: &Observation) -> Result<Taken, RecordError> {
        if seen.phase == Phase::Unknown {
            tracing::warn!(status = seen.status, "status not in the table of kinds");
            counter!("sagebell_unknown_status_total", "kind" => seen.kind().as_str()).increment(1);
        }
        let (record, change) = self.write(seen).await?;
        count(seen, change);
        let signal_requests =
            if must_signal(&record, change) { self.request_signals(&record).await? } else { 0 };
        if change == Change::Advanced && record.job.phase.is_settled() {
            let job = record.job.clone();
            self.announcer.announce(&Announcement::JobSettled { job }).await;
        }
        Ok(Taken::Recorded { change, job: Box::new(record.job), signal_requests })
    }

    /// Records that something of the job changed at `at`, and the event does not say what. From now
    /// on its known state is in doubt, and its waits are due, so the sweep checks the job. A job
    /// that nobody waits for is not checked.
    #[tracing::instrument(level = "error", skip_all, fields(%arn))]
    async fn doubt(&self, arn: &JobArn, at: Timestamp) -> Result<Taken, RecordError> {
        counter!("sagebell_doubts_total", "kind" => arn.kind().as_str()).increment(1);
        let mut due = 0;
        if let Some(found) = self.store.load_job(arn).await? {
            self.update(arn, Some(found), |record| record.doubt(at)).await?;
            due = self.bring_forward(arn).await?;
        }
        Ok(Taken::InDoubt { arn: arn.clone(), due })
    }

    /// Makes every wait on the job due.
    async fn bring_forward(&self, arn: &JobArn) -> Result<usize, RecordError> {
        let (mut due, mut after) = (0, None);
        loop {
            let page = self.store.list_waits(arn, after.as_ref(), PAGE).await?;
            for wait in page.items.iter().filter(|wait| wait.state == WaitState::Waiting) {
                due += usize::from(self.bring_wait_forward(&wait.key()).await?);
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(due),
            }
        }
    }

    async fn bring_wait_forward(&self, key: &WaitKey) -> Result<bool, RecordError> {
        let found = self.store.load_wait(key).await?;
        let edit = |found: Option<Versioned<Wait>>| {
            let now = self.clock.now();
            let Some(mut wait) = found.map(|found| found.value) else { return Edit::Keep(false) };
            if wait.state != WaitState::Waiting {
                return Edit::Keep(false);
            }
            if wait.check_at <= now {
                return Edit::Keep(true);
            }
            wait.check_at = now;
            wait.reschedule(&self.policy);
            Edit::Write(wait)
        };
        match self.compare_and_set().run(found, edit).await? {
            Written::Stored(_) => Ok(true),
            Written::Kept(is_due) => Ok(is_due),
            Written::Contended => Err(RecordError::wait_contended(key)),
        }
    }

    async fn write(&self, seen: &Observation) -> Result<(JobRecord, Change), RecordError> {
        let mut change = Change::Duplicate;
        let observe = |record: &mut JobRecord| {
            change = record.observe(seen, self.clock.now());
        };
        let current = self.store.load_job(&seen.arn).await?;
        let record = self.update(&seen.arn, current, observe).await?;
        Ok((record, change))
    }

    /// Reads, edits and writes a job until nobody else wrote in between. If `edit` changes nothing,
    /// nothing is written.
    pub(crate) async fn update(
        &self,
        arn: &JobArn,
        current: Option<Versioned<JobRecord>>,
        mut edit: impl FnMut(&mut JobRecord) + Send,
    ) -> Result<JobRecord, RecordError> {
        let edit = |found: Option<Versioned<JobRecord>>| {
            let now = self.clock.now();
            let expires_at = later(now, self.policy.retention);
            let before = found.map(|found| found.value);
            let mut record =
                before.clone().unwrap_or_else(|| JobRecord::unseen(arn, now, expires_at));
            edit(&mut record);
            if before.as_ref() == Some(&record) {
                return Edit::Keep(record);
            }
            record.expires_at = record.expires_at.max(expires_at);
            Edit::Write(record)
        };
        match self.compare_and_set().run(current, edit).await? {
            Written::Stored(Versioned { value: record, .. }) | Written::Kept(record) => Ok(record),
            Written::Contended => Err(RecordError::Contended(arn.to_string())),
        }
    }

    async fn request_signals(&self, record: &JobRecord) -> Result<usize, RecordError> {
        let (mut requested, mut after) = (0, None);
        loop {
            let page = self.store.list_waits(&record.job.arn, after.as_ref(), PAGE).await?;
            let waits = page.items.iter().filter(|wait| wait.news(record) != News::None);
            let requests: Vec<SignalRequest> = waits.map(|wait| wait.key().into()).collect();
            if !requests.is_empty() {
                self.queue.push(&requests).await?;
                requested += requests.len();
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(requested),
            }
        }
    }
}

/// The job of an event.
fn arn_of(read: &Parsed) -> Option<&JobArn> {
    match read {
        Parsed::Job(seen) => Some(&seen.arn),
        Parsed::NoState { arn, .. } => Some(arn),
        Parsed::Ignored(_) => None,
    }
}

/// How old a change is at least that a call found first, if its event counts as missed: others may
/// be under way. EventBridge delivers in about half a second ("Amazon EventBridge features").
const MISSED_AFTER: Duration = Duration::from_secs(60);

/// A change that a call found first, although the kind sends events for it: the event was lost or is
/// late.
fn count(seen: &Observation, change: Change) {
    counter!("sagebell_observations_total", "change" => change.as_str()).increment(1);
    let sends_events = seen.kind().spec().has_telling_events();
    match seen.source {
        Source::Event => counter!("sagebell_events_total").increment(1),
        Source::Describe | Source::List
            if change == Change::Advanced
                && sends_events
                && later(seen.modified_at, MISSED_AFTER) <= seen.seen_at =>
        {
            counter!("sagebell_events_missed_total").increment(1);
            // So that "none" is a number to set beside it, not an absence.
            counter!("sagebell_events_total").increment(0);
        }
        Source::Describe | Source::List => {}
    }
}

/// The end is signalled on every observation of it, progress only when it is new.
fn must_signal(record: &JobRecord, change: Change) -> bool {
    match change {
        Change::Late => false,
        Change::Advanced => record.job.phase.is_settled() || record.progress_wanted,
        Change::Refreshed | Change::Duplicate => record.job.phase.is_settled(),
    }
}

#[async_trait::async_trait]
impl Intake for Recorder {
    async fn submit(&self, observation: Observation) -> Result<(), IntakeError> {
        match self.record(&observation).await {
            Ok(_) => Ok(()),
            Err(error) => Err(IntakeError(error.to_string())),
        }
    }
}
