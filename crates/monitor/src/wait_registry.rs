//! Use cases: register, re-attach, renew, read and cancel a wait.
//!
//! Promise: the wait is written *before* the job is read (strongly consistent). So if a job
//! settles at the same moment, either the registration sees it, or the observation sees the wait.

mod admission;
mod attach;
mod cancel;
mod checks;
mod error;
mod registration;

use std::sync::Arc;

use crate::compare_and_set::{CompareAndSet, Edit, Written};
use crate::job::{Job, JobRecord};
use crate::limits::Limit;
use crate::owners;
use crate::policy::Policy;
use crate::ports::{CallbackGuard, Clock, SageMaker, Saved, Store, StoreError, Versioned};
use crate::record::{RecordError, Recorder};
use crate::wait::{Channel, OnAbandon, Wait, WaitKey, WaitState};

use admission::Admission;
pub use error::{Field, WaitError};
use registration::note_wants;
pub use registration::{ChannelAsked, Registration, Stop};

/// A wait and its job, as known now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitAndJob {
    /// The wait.
    pub wait: Wait,
    /// The job.
    pub job: Job,
}

impl WaitAndJob {
    /// The view for the wait's principal. The reason of a failed callback reveals much about a
    /// network, so only the job's owner sees it. Others see its class alone.
    fn of(mut wait: Wait, record: JobRecord) -> Self {
        if !owners::is_recorded_owner(&record, &wait.owner) {
            wait.withhold_reason();
        }
        Self { wait, job: record.job }
    }
}

/// The use cases about waits.
#[derive(Clone)]
pub struct WaitRegistry {
    /// Where jobs and waits are.
    pub store: Arc<dyn Store>,
    /// SageMaker itself.
    pub sagemaker: Arc<dyn SageMaker>,
    /// Writes down what waits need of their jobs.
    pub recorder: Recorder,
    /// Which callback URLs are allowed.
    pub guard: Arc<dyn CallbackGuard>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Times and limits.
    pub policy: Arc<Policy>,
}

impl WaitRegistry {
    /// Registers a wait, gives it another channel, or renews it: always the same call. If the
    /// job is already settled, the answer says so, and the wait counts as signalled.
    ///
    /// # Errors
    /// [`WaitError`] names the wrong field, the scope, the owner or the limit.
    pub async fn register(&self, asked: Registration) -> Result<WaitAndJob, WaitError> {
        self.check(&asked)?;
        let key = asked.key();
        let found = self.store.load_wait(&key).await?;
        if let Some(answered) = self.answered_before(&asked, found.as_ref()).await? {
            return Ok(answered);
        }
        self.check_times(&asked, found.as_ref().map(|found| &found.value))?;
        let is_new = found.as_ref().is_none_or(|found| found.value.state != WaitState::Waiting);
        if is_new {
            self.admission().admit(&asked.owner, &[Limit::Registrations, Limit::Waits]).await?;
        }
        let channel = self.channel_of(&asked, found.as_ref()).await?;
        let (mut wait, before) = self.upsert(&asked, &channel, found).await?;
        self.check_connection(&wait).await?;
        let record = self.job_for(&wait.value).await?;
        if let Err(refused) = self.check_job(&mut wait, &record, is_new).await {
            self.undo(wait, before).await?;
            return Err(refused);
        }
        // The answer to a late message goes to a connection that its waiter has left.
        let is_late = wait.value.channel != channel;
        if wait.value.is_settled_by(&record) && !is_late {
            wait = self.signal_by_answer(wait, &record).await?;
        }
        Ok(WaitAndJob::of(wait.value, record))
    }

    /// Reads a wait and its job.
    ///
    /// # Errors
    /// `NotFound`, also for a wait of another principal, or the store's.
    pub async fn inspect(&self, key: &WaitKey) -> Result<WaitAndJob, WaitError> {
        let wait = self.find(key).await?;
        let record = self.job_for(&wait.value).await?;
        Ok(WaitAndJob::of(wait.value, record))
    }

    /// Checks that the store answers. Without it no wait can be registered.
    ///
    /// # Errors
    /// The store's.
    pub async fn check_store(&self) -> Result<(), StoreError> {
        self.store.load_heartbeat().await.map(drop)
    }

    fn admission(&self) -> Admission<'_> {
        let Self { store, clock, policy, .. } = self;
        Admission { store: &**store, limits: &policy.limits, now: clock.now() }
    }

    /// What only the job's record can tell. It is judged after the wait and the job are written, so
    /// that each is read once.
    async fn check_job(
        &self,
        wait: &mut Versioned<Wait>,
        record: &JobRecord,
        is_new: bool,
    ) -> Result<(), WaitError> {
        // A registration alone makes a record, without a state.
        if is_new && !record.is_seen() {
            self.admission().admit(&wait.value.owner, &[Limit::Unseen]).await?;
        }
        self.check_stop_wish(wait, record).await
    }

    /// A stop by abandonment is its owner's wish. It is judged after the wait and the
    /// job are written, which costs nothing where all is well. That the tag allowed it is
    /// written down, so that renewals do not ask again: a wish that is only stored proves
    /// nothing, for its refusal may not have been written any more. The sweep asks again
    /// before it stops.
    async fn check_stop_wish(
        &self,
        wait: &mut Versioned<Wait>,
        record: &JobRecord,
    ) -> Result<(), WaitError> {
        let Wait { on_abandon, stop_allowed, owner, .. } = &wait.value;
        let is_known = *stop_allowed || owners::is_recorded_owner(record, owner);
        if *on_abandon == OnAbandon::Keep || is_known {
            return Ok(());
        }
        // Whoever came first may have guessed the name: the tag goes before.
        owners::check(&*self.sagemaker, &wait.value, Some(record)).await?;
        wait.value.stop_allowed = true;
        match self.store.save_wait(&wait.value, Some(wait.version)).await? {
            Saved::Stored(version) => wait.version = version,
            // The next renewal asks once more.
            Saved::Conflict(_) => {}
        }
        Ok(())
    }

    /// Restores what a refused registration overwrote, unless others wrote since then.
    async fn undo(&self, written: Versioned<Wait>, before: Option<Wait>) -> Result<(), WaitError> {
        let undone = before.unwrap_or_else(|| {
            let mut wait = written.value;
            wait.finish(WaitState::Cancelled, self.clock.now(), &self.policy);
            wait
        });
        self.store.save_wait(&undone, Some(written.version)).await?;
        Ok(())
    }

    /// The wait with this key, or the one that 0.1.0 stored for the same principal.
    async fn find(&self, key: &WaitKey) -> Result<Versioned<Wait>, WaitError> {
        if let Some(wait) = self.store.load_wait(key).await? {
            return Ok(wait);
        }
        let old = self.store.load_wait(&key.before_owners()).await?;
        old.filter(|old| Some(&old.value.owner) == key.owner.as_ref()).ok_or(WaitError::NotFound)
    }

    /// A wait that was already signalled about the same thing is not written again.
    async fn answered_before(
        &self,
        asked: &Registration,
        found: Option<&Versioned<Wait>>,
    ) -> Result<Option<WaitAndJob>, WaitError> {
        let Some(Versioned { value: wait, .. }) = found else {
            return Ok(None);
        };
        if wait.state != WaitState::Signalled || wait.not_before != asked.not_before {
            return Ok(None);
        }
        let record = self.store.load_job(&asked.arn).await?.map(|found| found.value);
        let settled = record.filter(|record| wait.is_settled_by(record));
        Ok(settled.map(|record| WaitAndJob::of(wait.clone(), record)))
    }

    /// Writes the wait. Also returns what it overwrote.
    async fn upsert(
        &self,
        asked: &Registration,
        channel: &Channel,
        found: Option<Versioned<Wait>>,
    ) -> Result<(Versioned<Wait>, Option<Wait>), WaitError> {
        let mut before = None;
        let edit = |found: Option<Versioned<Wait>>| {
            let now = self.clock.now();
            let is_late = |found: &&Versioned<Wait>| found.value.has_newer_channel(channel, now);
            if let Some(found) = found.as_ref().filter(is_late) {
                return Edit::Keep(found.clone());
            }
            before = found.map(|found| found.value);
            let channel = channel.clone();
            let mut wait = Wait::registered(asked, channel, before.clone(), now, &self.policy);
            wait.reschedule(&self.policy);
            Edit::Write(wait)
        };
        match self.compare_and_set().run(found, edit).await? {
            Written::Stored(wait) => Ok((wait, before)),
            Written::Kept(newer) => Ok((newer.clone(), Some(newer.value))),
            Written::Contended => Err(RecordError::wait_contended(&asked.key()).into()),
        }
    }

    fn compare_and_set(&self) -> CompareAndSet<'_> {
        CompareAndSet { store: &*self.store, pauses: Some(self.recorder.pauses()) }
    }

    /// The job's record, with the needs of the wait noted. SageMaker is not asked: an event that came
    /// earlier is in the store, and the sweep finds what was lost.
    async fn job_for(&self, wait: &Wait) -> Result<JobRecord, WaitError> {
        let current = self.store.load_job(&wait.arn).await?;
        let record = self.recorder.update(&wait.arn, current, |record| note_wants(record, wait));
        Ok(record.await?)
    }

    async fn signal_by_answer(
        &self,
        wait: Versioned<Wait>,
        record: &JobRecord,
    ) -> Result<Versioned<Wait>, WaitError> {
        let key = wait.value.key();
        let edit = |found: Option<Versioned<Wait>>| match found {
            Some(Versioned { value: mut wait, .. }) if wait.state == WaitState::Waiting => {
                wait.delivery.received = Some(record.revision);
                wait.finish(WaitState::Signalled, self.clock.now(), &self.policy);
                Edit::Write(wait)
            }
            ended_or_gone => Edit::Keep(ended_or_gone),
        };
        match self.compare_and_set().run(Some(wait), edit).await? {
            Written::Stored(wait) => Ok(wait),
            Written::Kept(ended_or_gone) => ended_or_gone.ok_or(WaitError::NotFound),
            Written::Contended => Err(RecordError::wait_contended(&key).into()),
        }
    }
}
