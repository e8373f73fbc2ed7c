//! Use case: repair what events missed. Every minute the sweep looks at the
//! waits that are due, and only at those.
//!
//! Promise: whatever was lost, doubled or left half done, a wait that is due is
//! looked at again until its life is over; and each look moves its due time on,
//! so that nothing is looked at in a hot loop.
//!
//! A waiter counts as gone, and its job may be stopped, only after its lease and the
//! grace ran out while the monitor was there, and after it was probed in vain.

mod heartbeat;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use futures::StreamExt as _;
use jiff::Timestamp;
use metrics::counter;
use serde::Serialize;

use crate::arn::JobArn;
use crate::job::JobRecord;
use crate::observation::{Observation, Source};
use crate::owners::{self, NotAllowed};
use crate::policy::Policy;
use crate::ports::{
    Announcer, Clock, Entropy, Intake, Queue, SageMaker, SageMakerError, Saved, Store, StoreError,
    Versioned, WaitKey,
};
use crate::signal::{Announcement, Doorbell};
use crate::wait::{News, OnAbandon, Wait, WaitState, earlier, later};

/// Waits read from the due index, or from a job, at a time.
const PAGE: usize = 100;

/// Probes that may be on their way: more than these, and `signals` does not send them.
const UNSENT: u32 = 5;

/// What one sweep did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SweepReport {
    /// Waits looked at.
    pub due: u64,
    /// Probes asked for.
    pub probed: u64,
    /// Doorbells rung again.
    pub rung: u64,
    /// Jobs described.
    pub checked: u64,
    /// Waits whose waiter is gone.
    pub abandoned: u64,
    /// Jobs stopped with their waiter.
    pub stopped: u64,
    /// Waits whose deadline passed before their job settled.
    pub expired: u64,
    /// Waits that could not be told before their deadline.
    pub undeliverable: u64,
    /// Waits that could not be handled; the next sweep looks again.
    pub failed: u64,
    /// Items past their keeping.
    pub purged: u64,
    /// Whether the limit left some for the next sweep.
    pub more: bool,
}

/// What a due wait needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Nothing,
    Ring,
    Check,
    /// The monitor was away itself: its lease gets its time anew, until then.
    Hold(Timestamp),
    /// Its deadline may not have come yet: it lives on until then.
    LiveOn(Timestamp),
    Probe,
    Abandon,
    Stop,
    Expire,
    Undeliverable,
}

/// Why one wait could not be handled.
#[derive(Debug, thiserror::Error)]
enum StepError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Queue(#[from] crate::ports::QueueError),
    #[error(transparent)]
    Intake(#[from] crate::ports::IntakeError),
}

use heartbeat::Beat;
pub use heartbeat::{Break, Heartbeat};

/// Looks at due waits.
#[derive(Clone)]
pub struct Sweep {
    /// Where jobs and waits are.
    pub store: Arc<dyn Store>,
    /// Where doorbells go.
    pub queue: Arc<dyn Queue>,
    /// SageMaker itself.
    pub sagemaker: Arc<dyn SageMaker>,
    /// Where sightings go.
    pub intake: Arc<dyn Intake>,
    /// Who else is told.
    pub announcer: Arc<dyn Announcer>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Jitter.
    pub entropy: Arc<dyn Entropy>,
    /// The numbers.
    pub policy: Arc<Policy>,
}

/// The jobs that one sweep has described: many waits on one job cost one look.
type Described = Mutex<HashSet<JobArn>>;

impl Sweep {
    /// Looks at every due wait, at most [`Policy::sweep_limit`] of them.
    ///
    /// # Errors
    /// The store's, if the due index can't be read; what fails for one wait is
    /// counted and left for the next sweep.
    pub async fn sweep(&self) -> Result<SweepReport, StoreError> {
        let mut report =
            SweepReport { purged: self.store.purge_expired().await?, ..Default::default() };
        let beat = self.beat().await?;
        let (until, limit) = self.reach(&beat);
        let described = Described::default();
        let mut after = None;
        while report.due < limit {
            let page = self.store.list_due(until, after.as_ref(), PAGE).await?;
            let look = |key| self.look(key, &beat, &described);
            let steps = futures::stream::iter(page.items).map(look);
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
        report.publish();
        Ok(report)
    }

    /// Until when waits are due that are looked at, and how many at most. Once after the
    /// clock went back those too that were due soon by the time that it showed: no look at
    /// a job is further ahead than its longest pause.
    fn reach(&self, beat: &Beat) -> (Timestamp, u64) {
        let Some(back) = beat.back else {
            return (beat.now, self.policy.sweep_limit as u64);
        };
        let longest = self.policy.longest_check_pause() + Policy::CLOCK_DRIFT * 2;
        (later(later(beat.now, back), longest), u64::MAX)
    }

    /// Rings every wait that has something to hear, due or not: what a local
    /// stack does when it starts after a crash. Says how many.
    ///
    /// # Errors
    /// The store's or the queue's, as text.
    pub async fn recover(&self) -> Result<u64, String> {
        // So that a clock that is set before the first sweep is found out.
        self.beat().await.map_err(|error| error.to_string())?;
        let (mut rung, mut after) = (0, None);
        loop {
            let page = self.store.list_due(Timestamp::MAX, after.as_ref(), PAGE).await;
            let page = page.map_err(|error| error.to_string())?;
            for key in page.items {
                let found = self.load(&key).await.map_err(|error| error.to_string())?;
                let news = found.and_then(|(wait, record)| Some(wait.value.news(&record?)));
                if news.is_some_and(|news| news != News::None) {
                    self.queue.push(&[key.into()]).await.map_err(|error| error.to_string())?;
                    rung += 1;
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(rung);
            }
        }
    }

    async fn look(&self, key: WaitKey, beat: &Beat, described: &Described) -> Option<Step> {
        match self.handle(&key, beat, described).await {
            Ok(step) => Some(step),
            Err(error) => {
                tracing::warn!(arn = %key.arn, wait = %key.id, %error, "sweep: left for the next");
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

    async fn handle(
        &self,
        key: &WaitKey,
        beat: &Beat,
        described: &Described,
    ) -> Result<Step, StepError> {
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
            Step::Ring => self.ring(wait, record.as_ref()).await?,
            Step::Check => self.check(wait, record.as_ref(), beat, described).await?,
            Step::Abandon => self.end(wait, record.as_ref(), WaitState::Abandoned, beat).await?,
            Step::Stop => self.stop_again(wait, record.as_ref(), beat).await?,
            Step::Expire => self.end(wait, record.as_ref(), WaitState::Expired, beat).await?,
            Step::Undeliverable => self.undeliverable(wait).await?,
        }
        Ok(step)
    }

    /// An end is rung again soon if this is not heard of. Looks at a job that goes on keep
    /// their pauses, however often its progress has to be told again.
    async fn ring(
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

    /// Has `signals` look for the waiter: only that may be where it can be reached.
    async fn probe(&self, mut wait: Versioned<Wait>) -> Result<(), StepError> {
        self.queue.push(&[Doorbell::probe(wait.value.key())]).await?;
        let search = &mut wait.value.search;
        search.asked = search.asked.saturating_add(1);
        if search.asked > search.unanswered + UNSENT {
            let (arn, id) = (&wait.value.arn, &wait.value.id);
            tracing::error!(%arn, wait = %id, "probes are asked for and not sent: is `signals` there?");
            counter!("sagebell_probes_unsent_total").increment(1);
        }
        search.next_at = Some(later(self.clock.now(), self.policy.probe_pause));
        self.save(wait).await?;
        Ok(())
    }

    async fn check(
        &self,
        mut wait: Versioned<Wait>,
        record: Option<&JobRecord>,
        beat: &Beat,
        seen: &Described,
    ) -> Result<(), StepError> {
        // A name field may have told a better spelling than the wait's.
        let arn = record.map_or(&wait.value.arn, |record| &record.job.arn).clone();
        if record.is_none_or(|record| wait.value.news(record) == News::None) {
            // With nothing to tell, a claim or a retry that somebody left behind
            // would keep the wait due for ever.
            wait.value.delivery.claimed_until = None;
            wait.value.delivery.retry_at = None;
        }
        let first = seen.lock().unwrap_or_else(PoisonError::into_inner).insert(arn.clone());
        let mut throttled = false;
        if first {
            match self.sagemaker.describe(&arn).await {
                Ok(seen) => self.intake.submit(seen).await?,
                Err(SageMakerError::NotFound) => self.not_found(&wait.value, record, beat).await?,
                Err(error) => {
                    throttled = matches!(error, SageMakerError::Throttled(_));
                    tracing::info!(%arn, %error, "sweep: the job could not be looked at");
                }
            }
        }
        let pause = if throttled {
            Policy::REDRIVE
        } else {
            wait.value.checks = wait.value.checks.saturating_add(1);
            self.policy.check_pause(arn.kind(), wait.value.checks, self.entropy.unit())
        };
        wait.value.check_at = later(self.clock.now(), pause);
        self.save(wait).await?;
        Ok(())
    }

    /// A job that SageMaker no longer knows has ended without our seeing how.
    ///
    /// The sighting is of the job that this wait is for, and dated by what is
    /// known of that one, not by the present: its name may be another's already.
    async fn not_found(
        &self,
        wait: &Wait,
        record: Option<&JobRecord>,
        beat: &Beat,
    ) -> Result<(), StepError> {
        let now = self.clock.latest();
        let own = record.filter(|record| record.is_seen() && wait.is_about(record));
        let created_at = own.and_then(|record| record.job.created_at);
        // Whatever SageMaker tells of a job goes before what a clock of ours dates.
        let earliest = self.clock.earliest();
        let told = wait.not_before.max(created_at);
        // A wait that is not young was registered that long ago, whatever its clock showed.
        let not_young = earlier(earliest, Policy::NOT_FOUND_GRACE);
        let registered_at = wait.created_at.min(not_young);
        let since = told.map_or(registered_at, |told| told.max(registered_at));
        // A clock that jumped makes young jobs old: each time is compared with its like.
        let broken_at = beat.breaks.last().map(|one| one.over_at);
        let known_since = broken_at.map_or(wait.created_at, |at| at.max(wait.created_at));
        // A step has no creation: the last change that SageMaker told of says that it was there.
        let there_at = told.max(own.and_then(|record| record.job.modified_at));
        let is_young = |since, now| later(since, Policy::NOT_FOUND_GRACE) > now;
        if there_at.is_some_and(|at| is_young(at, earliest)) || is_young(known_since, now) {
            return Ok(());
        }
        let status = "Deleted";
        let reason = "SageMaker knows this job no more: it was deleted before its end was seen.";
        let gone = Observation {
            name: None,
            phase: wait.arn.kind().phase(status, None),
            status: status.to_owned(),
            secondary_status: None,
            failure_reason: Some(reason.to_owned()),
            created_at: if own.is_some() { created_at } else { Some(since) },
            modified_at: own
                .and_then(|record| record.job.modified_at)
                .max(Some(since))
                .unwrap_or(now),
            ended_at: Some(now),
            seen_at: now,
            source: Source::Describe,
            arn: wait.arn.clone(),
        };
        Ok(self.intake.submit(gone).await?)
    }

    /// Nobody waits any more: the waiter is gone, or has waited long enough. The
    /// job is stopped if the wait says so and no other wait wants it.
    async fn end(
        &self,
        mut wait: Versioned<Wait>,
        record: Option<&JobRecord>,
        state: WaitState,
        beat: &Beat,
    ) -> Result<(), StepError> {
        let settled = record.is_some_and(|record| wait.value.is_settled_by(record));
        let stopping = wait.value.on_abandon == OnAbandon::Stop
            && !settled
            && !self.is_wanted_by_others(&wait.value, beat).await?;
        wait.value.stop_pending = stopping;
        wait.value.check_at = self.clock.now();
        let (arn, wait_id) = (wait.value.arn.clone(), wait.value.id.clone());
        // Written first: a waiter that comes back before the stop takes it back.
        let Some(wait) = self.finish(wait, state).await? else {
            return Ok(());
        };
        if state == WaitState::Abandoned {
            let gone = Announcement::WaitAbandoned { arn, wait_id, stopping };
            self.announcer.announce(&gone).await;
        }
        if stopping { self.stop(wait, record).await } else { Ok(()) }
    }

    /// Waiters whose time is up as well want nothing any more, even if the sweep has yet
    /// to look at them: two that look at each other would both leave the job to the other.
    async fn is_wanted_by_others(&self, wait: &Wait, beat: &Beat) -> Result<bool, StoreError> {
        let counts = |other: &Wait| other.ends_after(&beat.breaks) > beat.now;
        owners::is_wanted_by_others(&*self.store, wait, counts).await
    }

    /// Stops the wait's job, if its principal may have that.
    async fn stop_owned(&self, wait: &Wait, record: Option<&JobRecord>) -> Result<(), NotAllowed> {
        owners::check(&*self.sagemaker, wait, record).await?;
        Ok(self.sagemaker.stop(record.map_or(&wait.arn, |record| &record.job.arn)).await?)
    }

    /// A stop that failed before: by now somebody else may wait for the job.
    async fn stop_again(
        &self,
        mut wait: Versioned<Wait>,
        record: Option<&JobRecord>,
        beat: &Beat,
    ) -> Result<(), StepError> {
        if !self.is_wanted_by_others(&wait.value, beat).await? {
            return self.stop(wait, record).await;
        }
        wait.value.stop_pending = false;
        self.save(wait).await?;
        Ok(())
    }

    async fn stop(
        &self,
        mut wait: Versioned<Wait>,
        record: Option<&JobRecord>,
    ) -> Result<(), StepError> {
        let arn = wait.value.arn.clone();
        let settled = record.is_some_and(|record| wait.value.is_settled_by(record));
        let stopped = if settled { Ok(()) } else { self.stop_owned(&wait.value, record).await };
        match stopped {
            Ok(()) | Err(NotAllowed::Unknown(SageMakerError::NotFound)) => {
                counter!("sagebell_orphans_stopped_total").increment(1);
                wait.value.stop_pending = false;
            }
            Err(why @ (NotAllowed::OwnedBy(_) | NotAllowed::Unowned)) => {
                tracing::warn!(%arn, %why, "an abandoned job is not stopped: it is another's");
                counter!("sagebell_stops_refused_total").increment(1);
                wait.value.stop_pending = false;
            }
            Err(NotAllowed::Unknown(error)) => {
                let given_up = self.clock.now() >= later(wait.value.deadline, Policy::EXPIRY_SLACK)
                    || matches!(error, SageMakerError::Unsupported { .. });
                tracing::error!(%arn, %error, given_up, "an abandoned job could not be stopped");
                wait.value.stop_pending = !given_up;
                wait.value.checks = wait.value.checks.saturating_add(1);
                let pause = Policy::retry_pause(wait.value.checks, self.entropy.unit());
                wait.value.check_at = later(self.clock.now(), pause.max(Policy::REDRIVE));
            }
        }
        self.save(wait).await?;
        Ok(())
    }

    async fn undeliverable(&self, wait: Versioned<Wait>) -> Result<(), StepError> {
        let (arn, wait_id) = (wait.value.arn.clone(), wait.value.id.clone());
        let reason = wait.value.delivery.last_error.clone();
        let reason = reason.unwrap_or_else(|| "the deadline passed before any attempt".to_owned());
        if self.finish(wait, WaitState::Undeliverable).await?.is_some() {
            self.announcer
                .announce(&Announcement::WaitUndeliverable { arn, wait_id, reason })
                .await;
        }
        Ok(())
    }

    async fn finish(
        &self,
        mut wait: Versioned<Wait>,
        state: WaitState,
    ) -> Result<Option<Versioned<Wait>>, StoreError> {
        wait.value.finish(state, self.clock.now(), &self.policy);
        self.save(wait).await
    }

    /// Writes the wait unless others did first: then what they wrote counts,
    /// and the due index has it.
    async fn save(&self, mut wait: Versioned<Wait>) -> Result<Option<Versioned<Wait>>, StoreError> {
        wait.value.reschedule(&self.policy);
        Ok(match self.store.save_wait(&wait.value, Some(wait.version)).await? {
            Saved::Stored(version) => Some(Versioned { value: wait.value, version }),
            Saved::Conflict(_) => None,
        })
    }
}

/// What a wait needs now: the order is the order of importance.
fn plan(wait: &Wait, record: Option<&JobRecord>, beat: &Beat, policy: &Policy) -> Step {
    let now = beat.now;
    if wait.due_at.is_none_or(|due| due > now) {
        return Step::Nothing;
    }
    if wait.stop_pending {
        return Step::Stop;
    }
    let settled = record.is_some_and(|record| wait.is_settled_by(record));
    if wait.ends_at() <= now {
        return match wait.ends_after(&beat.breaks) {
            until if until > now => Step::LiveOn(until),
            _ if settled => Step::Undeliverable,
            _ => Step::Expire,
        };
    }
    if let Some(step) = search(wait, beat.since, now, policy) {
        return step;
    }
    match record.map_or(News::None, |record| wait.news(record)) {
        News::None => Step::Check,
        News::Progress if wait.check_at <= now => Step::Check,
        News::Progress | News::Settled => Step::Ring,
    }
}

/// What is next in looking for a waiter, if its lease and the grace ran out.
fn search(wait: &Wait, since: Timestamp, now: Timestamp, policy: &Policy) -> Option<Step> {
    if wait.lapses_at(policy) > now || wait.search.next_at.is_some_and(|at| at > now) {
        return None;
    }
    let lapses_at = wait.lapses_since(since, policy);
    Some(if lapses_at > now {
        Step::Hold(lapses_at)
    } else if wait.search.is_in_vain() {
        Step::Abandon
    } else {
        Step::Probe
    })
}

impl SweepReport {
    fn publish(&self) {
        counter!("sagebell_sweep_due_total").increment(self.due);
        counter!("sagebell_sweep_rung_total").increment(self.rung);
        counter!("sagebell_sweep_checked_total").increment(self.checked);
        counter!("sagebell_sweep_probed_total").increment(self.probed);
        counter!("sagebell_sweep_abandoned_total").increment(self.abandoned);
        counter!("sagebell_sweep_stopped_total").increment(self.stopped);
        counter!("sagebell_sweep_expired_total").increment(self.expired);
        counter!("sagebell_sweep_undeliverable_total").increment(self.undeliverable);
        counter!("sagebell_sweep_failed_total").increment(self.failed);
    }

    fn count(&mut self, step: Option<Step>) {
        self.due += 1;
        let counted = match step {
            None => &mut self.failed,
            Some(Step::Nothing | Step::Hold(_) | Step::LiveOn(_)) => return,
            Some(Step::Probe) => &mut self.probed,
            Some(Step::Ring) => &mut self.rung,
            Some(Step::Check) => &mut self.checked,
            Some(Step::Abandon) => &mut self.abandoned,
            Some(Step::Stop) => &mut self.stopped,
            Some(Step::Expire) => &mut self.expired,
            Some(Step::Undeliverable) => &mut self.undeliverable,
        };
        *counted += 1;
    }
}
