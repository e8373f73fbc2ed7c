//! Use case: repair what events missed. Every minute the sweep handles the waits that are due,
//! and only those. Every few minutes it compares the store with SageMaker's lists.
//!
//! Promise: whatever was lost, duplicated or left half done, a due wait is handled again until it
//! ends. Each time its due time moves later, so there is no hot loop.
//!
//! A wait is abandoned, and its job may be stopped, only after its lease and the grace have ended
//! while the monitor was running, and after its waiter did not answer the probes.

mod beat;
mod check;
mod endings;
mod entrance;
mod judge;
mod lists;
mod notes;
mod plan;
mod reconcile;
mod report;

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use futures::StreamExt as _;
use jiff::Timestamp;
use metrics::counter;

use crate::arn::JobArn;
use crate::job::JobRecord;
use crate::policy::Policy;
use crate::ports::{
    Announcer, Clock, Entropy, Intake, Queue, QueueError, Reachability, SageMaker, Saved, Store,
    StoreError, Versioned,
};
use crate::signal::SignalRequest;
use crate::time::later;
use crate::wait::{News, Wait, WaitKey, WaitState};

use beat::Beat;
use entrance::Entrance;
use notes::Notes;
use plan::{Step, plan};
pub use report::SweepReport;

/// The number of waits read from the due index, or from a job, at a time.
const PAGE: usize = 100;

/// The number of probes that may be requested and unsent. If there are more, `signals` does not
/// send them.
const UNSENT: u32 = 5;

/// Why one wait could not be handled.
#[derive(Debug, thiserror::Error)]
enum StepError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error(transparent)]
    Intake(#[from] crate::ports::IntakeError),
}

/// Why the waits that have news could not all be signalled again.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue failed.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// Handles due waits.
#[derive(Clone)]
pub struct Sweep {
    /// Where jobs and waits are.
    pub store: Arc<dyn Store>,
    /// Where signal requests go.
    pub queue: Arc<dyn Queue>,
    /// SageMaker itself.
    pub sagemaker: Arc<dyn SageMaker>,
    /// Where observations go.
    pub intake: Arc<dyn Intake>,
    /// Receives the announcements.
    pub announcer: Arc<dyn Announcer>,
    /// Whether waiters can come back.
    pub reachability: Arc<dyn Reachability>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Jitter.
    pub entropy: Arc<dyn Entropy>,
    /// Times and limits.
    pub policy: Arc<Policy>,
}

/// The jobs that one sweep has described, so that many waits on one job cost one Describe call.
type Described = Mutex<HashSet<JobArn>>;

/// What one sweep learned so far, for all its waits.
struct Learned {
    beat: Beat,
    described: Described,
    entrance: Entrance,
    notes: Notes,
}

impl Sweep {
    /// Handles every due wait, at most [`Policy::sweep_limit`] of them.
    ///
    /// # Errors
    /// The store's, if the due index cannot be read. A failure for one wait is counted, and the
    /// wait is left for the next sweep.
    pub async fn sweep(&self) -> Result<SweepReport, StoreError> {
        let mut report =
            SweepReport { purged: self.store.purge_expired().await?, ..Default::default() };
        let beat = Beat::begin(&*self.store, &*self.clock, &self.policy).await?;
        let (until, limit) = self.reach(&beat);
        let notes = Notes::new(beat.heartbeat.clone());
        let (described, entrance) = Default::default();
        let learned = Learned { beat, described, entrance, notes };
        let mut after = None;
        while report.due < limit {
            let page = self.store.list_due(until, after.as_ref(), PAGE).await?;
            let attempt = |key| self.attempt(key, &learned);
            let steps = futures::stream::iter(page.items).map(attempt);
            let steps: Vec<_> = steps.buffer_unordered(self.policy.concurrency).collect().await;
            for step in steps {
                report.count(step);
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        report.more = after.is_some();
        report.reconciled(self.reconcile(&learned).await);
        if let Err(error) = learned.notes.write_given_up(&*self.store).await {
            tracing::warn!(%error, "sweep: the waits that were given up are not written down");
            report.failed += 1;
        }
        report.publish();
        Ok(report)
    }

    /// The due time up to which waits are handled, and how many at most. After the clock went back,
    /// this once includes waits that were due soon by the old time: no check is further ahead than
    /// the longest pause.
    fn reach(&self, beat: &Beat) -> (Timestamp, u64) {
        let Some(back) = beat.back else {
            return (beat.now, self.policy.sweep_limit as u64);
        };
        let longest = self.policy.longest_check_pause() + Policy::CLOCK_DRIFT * 2;
        (later(later(beat.now, back), longest), u64::MAX)
    }

    /// Queues a signal request for every wait that needs a signal, due or not. A local stack calls
    /// this when it starts after a crash. Returns how many it queued.
    ///
    /// # Errors
    /// [`RecoverError`].
    pub async fn recover(&self) -> Result<u64, RecoverError> {
        // So that a clock that is set before the first sweep is found out.
        Beat::begin(&*self.store, &*self.clock, &self.policy).await?;
        let (mut requested, mut after) = (0, None);
        loop {
            let page = self.store.list_due(Timestamp::MAX, after.as_ref(), PAGE).await;
            let page = page?;
            for key in page.items {
                let found = self.load(&key).await?;
                let news = found.and_then(|(wait, record)| Some(wait.value.news(&record?)));
                if news.is_some_and(|news| news != News::None) {
                    self.queue.push(&[key.into()]).await?;
                    requested += 1;
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(requested);
            }
        }
    }

    #[tracing::instrument(
        level = "error", name = "sweep", skip_all, fields(arn = %key.arn, wait = %key.id),
    )]
    async fn attempt(&self, key: WaitKey, learned: &Learned) -> Option<Step> {
        match self.handle(&key, learned).await {
            Ok(step) => Some(step),
            Err(error) => {
                tracing::warn!(%error, "sweep: left for the next sweep");
                None
            }
        }
    }

    async fn load(
        &self,
        key: &WaitKey,
    ) -> Result<Option<(Versioned<Wait>, Option<JobRecord>)>, StoreError> {
        let Some(wait) = self.store.load_wait(key).await? else {
            return Ok(None);
        };
        let record = self.store.load_job(&key.arn).await?;
        Ok(Some((wait, record.map(|record| record.value))))
    }

    async fn handle(&self, key: &WaitKey, learned: &Learned) -> Result<Step, StepError> {
        let beat = &learned.beat;
        let Some((mut wait, record)) = self.load(key).await? else {
            return Ok(Step::Nothing);
        };
        let (now, due_at) = (beat.now, wait.value.due_at);
        beat.back.into_iter().for_each(|back| wait.value.bring_forward(back));
        wait.value.mend(now, &self.policy);
        wait.value.reschedule(&self.policy);
        if wait.value.due_at.is_some_and(|due| later(due, Policy::OVERDUE) <= now) {
            counter!("sagebell_sweep_overdue_total").increment(1);
        }
        let step = plan(&wait.value, record.as_ref(), beat, &self.policy);
        match step {
            Step::Nothing if wait.value.due_at != due_at => drop(self.save(wait).await?),
            Step::Nothing => {}
            Step::Hold(until) => {
                wait.value.search.next_at = Some(until);
                self.save(wait).await?;
            }
            Step::LiveOn(until) => {
                wait.value.overtime = Some(until);
                self.save(wait).await?;
            }
            Step::Probe => self.probe(wait).await?,
            Step::Judge => return self.judge(wait, record.as_ref(), learned).await,
            Step::Rest => self.rest(wait, beat).await?,
            Step::Signal => self.request_signal(wait, record.as_ref()).await?,
            Step::Check => self.check(wait, record.as_ref(), learned).await?,
            Step::Abandon => self.end(wait, record.as_ref(), WaitState::Abandoned, learned).await?,
            Step::Stop => self.stop_again(wait, record.as_ref(), beat).await?,
            Step::Expire => self.end(wait, record.as_ref(), WaitState::Expired, learned).await?,
            Step::Undeliverable => self.undeliverable(wait, learned).await?,
        }
        Ok(step)
    }

    /// If this request is lost, the end of a job is signalled again soon. Checks of a running job
    /// keep their pauses, however often its progress has to be signalled again.
    async fn request_signal(
        &self,
        mut wait: Versioned<Wait>,
        record: Option<&JobRecord>,
    ) -> Result<(), StepError> {
        self.queue.push(&[wait.value.key().into()]).await?;
        wait.value.delivery.claimed_until = None;
        wait.value.delivery.retry_at = None;
        if record.is_some_and(|record| wait.value.is_settled_by(record)) {
            wait.value.check_at = later(self.clock.now(), Policy::REDRIVE);
        }
        self.save(wait).await?;
        Ok(())
    }

    /// Leaves a settled job to the waiter's next registration.
    async fn rest(&self, mut wait: Versioned<Wait>, beat: &Beat) -> Result<(), StepError> {
        let wait_now = &mut wait.value;
        wait_now.checks = wait_now.checks.saturating_add(1);
        let kind = wait_now.arn.kind();
        let pause = self.policy.check_pause(kind, wait_now.checks, self.entropy.unit());
        wait_now.check_at = later(beat.now, pause);
        self.save(wait).await?;
        Ok(())
    }

    /// Asks `signals` to probe the waiter. Perhaps no other function can reach it.
    async fn probe(&self, mut wait: Versioned<Wait>) -> Result<(), StepError> {
        self.queue.push(&[SignalRequest::probe(wait.value.key())]).await?;
        let search = &mut wait.value.search;
        search.asked = search.asked.saturating_add(1);
        if search.asked > search.unanswered + UNSENT {
            tracing::error!("probes are requested but not sent: does `signals` run?");
            counter!("sagebell_probes_unsent_total").increment(1);
        }
        search.next_at = Some(later(self.clock.now(), self.policy.probe_pause));
        self.save(wait).await?;
        Ok(())
    }

    /// Writes the wait, unless others wrote it first. Then their version counts, and it is in the
    /// due index.
    async fn save(&self, mut wait: Versioned<Wait>) -> Result<Option<Versioned<Wait>>, StoreError> {
        wait.value.reschedule(&self.policy);
        Ok(match self.store.save_wait(&wait.value, Some(wait.version)).await? {
            Saved::Stored(version) => Some(Versioned { value: wait.value, version }),
            Saved::Conflict(_) => None,
        })
    }
}
