//! Use case: take a sighting in, and ring the waits that must hear of it.
//!
//! Promise: the job is written *before* its waits are read (strongly), and a
//! repeated sighting of the settled state reads them again; so a crash anywhere
//! in here, followed by the queue's redelivery, loses no wake-up.

use std::sync::Arc;

use metrics::counter;
use serde_json::Value;

use crate::arn::JobArn;
use crate::event::{self, Ignored, Parsed, Refused};
use crate::job::{Change, Job, JobRecord};
use crate::observation::{Observation, Source};
use crate::phase::Phase;
use crate::policy::Policy;
use crate::ports::{
    Announcer, Clock, Intake, IntakeError, Queue, QueueError, Saved, Store, StoreError, Versioned,
};
use crate::signal::{Announcement, Doorbell};
use crate::wait::{News, later};

/// Waits read and rung at a time.
const PAGE: usize = 200;

/// What came of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// It was about a job; what it did, and the job as now known.
    Recorded {
        /// What the sighting did.
        change: Change,
        /// The job.
        job: Box<Job>,
        /// How many waits are to be rung.
        rung: usize,
    },
    /// It was about no job of this monitor's.
    Ignored(Ignored),
}

/// Why a sighting could not be recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The event can't be attributed to a job; the same event will fail again.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue failed; the job is recorded, and taking the event again rings.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// Others kept writing the same item first.
    #[error("others kept writing {0} first, try again")]
    Contended(String),
}

/// Records sightings.
#[derive(Clone)]
pub struct Recorder {
    /// Where jobs and waits are.
    pub store: Arc<dyn Store>,
    /// Where doorbells go.
    pub queue: Arc<dyn Queue>,
    /// Who else is told.
    pub announcer: Arc<dyn Announcer>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The numbers.
    pub policy: Arc<Policy>,
}

impl Recorder {
    /// Takes one EventBridge event in.
    ///
    /// # Errors
    /// [`RecordError`]; all but `Refused` go away by trying again.
    pub async fn take(&self, event: &Value) -> Result<Taken, RecordError> {
        let parsed = event::parse(event, self.clock.now()).inspect_err(|refused| {
            counter!("sagebell_events_refused_total", "field" => refused.field).increment(1);
        })?;
        match parsed {
            Parsed::Ignored(why) => Ok(Self::ignore(why)),
            Parsed::Job(seen) if !self.policy.in_scope(&seen.arn) => {
                Ok(Self::ignore(Ignored::OutOfScope))
            }
            Parsed::Job(seen) => self.record(&seen).await,
        }
    }

    fn ignore(why: Ignored) -> Taken {
        counter!("sagebell_events_ignored_total", "reason" => why.as_str()).increment(1);
        Taken::Ignored(why)
    }

    /// Takes one sighting in.
    ///
    /// # Errors
    /// [`RecordError`]; all go away by trying again.
    pub async fn record(&self, seen: &Observation) -> Result<Taken, RecordError> {
        if seen.phase == Phase::Unknown {
            tracing::warn!(arn = %seen.arn, status = seen.status, "status not in the table of kinds");
            counter!("sagebell_unknown_status_total", "kind" => seen.kind().as_str()).increment(1);
        }
        let (record, change) = self.write(seen).await?;
        count(seen, change);
        let rung = if must_ring(&record, change) { self.ring(&record).await? } else { 0 };
        if change == Change::Advanced && record.job.phase.is_settled() {
            let job = record.job.clone();
            self.announcer.announce(&Announcement::JobSettled { job }).await;
        }
        Ok(Taken::Recorded { change, job: Box::new(record.job), rung })
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

    /// Reads, edits and writes a job until nobody else wrote in between. No
    /// write if `edit` changes nothing.
    pub(crate) async fn update(
        &self,
        arn: &JobArn,
        mut current: Option<Versioned<JobRecord>>,
        mut edit: impl FnMut(&mut JobRecord) + Send,
    ) -> Result<JobRecord, RecordError> {
        for _ in 0..Policy::CAS_TRIES {
            let now = self.clock.now();
            let expires_at = later(now, self.policy.retention);
            let (before, expect) = match current {
                Some(found) => (Some(found.value), Some(found.version)),
                None => (None, None),
            };
            let mut record =
                before.clone().unwrap_or_else(|| JobRecord::unseen(arn, now, expires_at));
            edit(&mut record);
            if before.as_ref() == Some(&record) {
                return Ok(record);
            }
            record.expires_at = record.expires_at.max(expires_at);
            match self.store.save_job(&record, expect).await? {
                Saved::Stored(_) => return Ok(record),
                Saved::Conflict(found) => current = found,
            }
        }
        Err(RecordError::Contended(arn.to_string()))
    }

    async fn ring(&self, record: &JobRecord) -> Result<usize, RecordError> {
        let (mut rung, mut after) = (0, None);
        loop {
            let page = self.store.list_waits(&record.job.arn, after.as_ref(), PAGE).await?;
            let waits = page.items.iter().filter(|wait| wait.news(record) != News::None);
            let bells: Vec<Doorbell> = waits.map(|wait| wait.key().into()).collect();
            if !bells.is_empty() {
                self.queue.push(&bells).await?;
                rung += bells.len();
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(rung),
            }
        }
    }
}

/// A change that a Describe tells first, of a kind that sends events, is one whose
/// event was lost or is late.
fn count(seen: &Observation, change: Change) {
    counter!("sagebell_observations_total", "change" => change.as_str()).increment(1);
    let sends_events = !seen.kind().spec().detail_types.is_empty();
    match seen.source {
        Source::Event => counter!("sagebell_events_total").increment(1),
        Source::Describe if change == Change::Advanced && sends_events => {
            counter!("sagebell_events_missed_total").increment(1);
            // So that "none" is a number to set beside it, not an absence.
            counter!("sagebell_events_total").increment(0);
        }
        Source::Describe => {}
    }
}

/// The end is rung for on every sighting of it; progress only as it is made.
fn must_ring(record: &JobRecord, change: Change) -> bool {
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
