//! The store, with what a real one does to its callers: it is slow, it refuses,
//! and it writes without saying so.

mod broken;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::connection::Connection;
use sagebell_monitor::counter::CountKey;
use sagebell_monitor::heartbeat::Heartbeat;
use sagebell_monitor::job::{Job, JobRecord};
use sagebell_monitor::policy::Policy;
use sagebell_monitor::ports::{
    Cursor, JobFilter, Page, Saved, Store, StoreError, Version, Versioned,
};
use sagebell_monitor::testing::memory::MemoryStore;
use sagebell_monitor::wait::{ConnectionId, Wait, WaitKey, WaitState};

use crate::ends;
use crate::executor::Millis;
use crate::faults::Fault;
use crate::functions::Function;
use crate::liveness;
use crate::lock;
use crate::mutation::Mutation;
use crate::owners;
use crate::teams::Who;
use crate::world::{Dice, World};
use broken::{ignore_answer, taken_out};

/// Slower than that no call is: an adapter gives up before.
const SLOWEST: Millis = 2_000;
/// How far the trailing copy trails, where a broken rule reads from it.
const COPY_TRAILS: Millis = 60_000;

/// One function's connection to the store.
pub struct SimStore {
    /// The world.
    pub world: Arc<World>,
    /// Whose connection.
    pub caller: Function,
    /// What is stored.
    pub inner: Arc<MemoryStore>,
    /// What was stored a while ago; kept only for rules that are broken so.
    pub trailing: Arc<MemoryStore>,
    /// It belongs to who closes connections: which one that is.
    pub closes: Option<Mutex<Option<ConnectionId>>>,
}

fn retryable<T>(what: &str) -> Result<T, StoreError> {
    Err(StoreError::Retryable(what.to_owned()))
}

impl SimStore {
    async fn reach(&self) -> Result<(), StoreError> {
        let world = &self.world;
        world.hop(Dice::Store).await;
        if world.strikes(Fault::StoreSlow) {
            let millis = world.roll(Dice::Store, |rng| rng.u64(..SLOWEST));
            world.time.sleep(millis).await;
        }
        if world.faults.store_down.holds(world.time.now()) {
            return retryable("down");
        }
        if world.undoes(Fault::StoreRefuses) {
            return retryable("throttled");
        }
        Ok(())
    }

    fn answer<T>(&self, answer: T) -> Result<T, StoreError> {
        if self.world.undoes(Fault::StoreAnswerLost) {
            return retryable("timed out");
        }
        Ok(answer)
    }

    fn reads_trailing(&self, mutation: Mutation, caller: Function) -> bool {
        self.world.breaks(mutation) && self.caller == caller
    }

    fn keeps_trailing(&self) -> bool {
        self.world.breaks(Mutation::NoReadAfterRecord)
            || self.world.breaks(Mutation::NoReadAfterRegister)
            || self.world.breaks(Mutation::PushUnread)
    }

    async fn current_job(&self, arn: &JobArn) -> Result<Option<Version>, StoreError> {
        Ok(self.inner.load_job(arn).await?.map(|found| found.version))
    }

    /// What is stored where this wait is kept.
    async fn current_wait(&self, wait: &Wait) -> Result<Option<Versioned<Wait>>, StoreError> {
        self.inner.load_wait(&self.place(&wait.key())).await
    }

    async fn inform_judge(&self, before: Option<&Wait>, wait: &Wait) {
        owners::wait_saved(&self.world, before, wait);
        let Who::Task(task) = Who::of(&self.world, wait) else { return };
        let by_waiter = self.caller == Function::Api;
        let record = self.inner.load_job(&wait.arn).await;
        let record = record.ok().flatten().map(|found| found.value);
        ends::wait_saved(&self.world, task, wait, record.as_ref());
        if self.caller == Function::Sweep {
            liveness::wait_saved(&self.world, task, wait);
        }
        lock(&self.world.judge).wait_saved(&self.world, task, by_waiter, wait);
    }

    /// No more items at a time than the store gives.
    fn limit(&self, limit: usize) -> usize {
        limit.min(self.world.plan.page)
    }

    fn page<T>(&self, page: Page<T>) -> Page<T> {
        let next = page.next.filter(|_| !self.world.breaks(Mutation::FirstPageOnly));
        Page { next, ..page }
    }

    fn copy_job(&self, record: &JobRecord) {
        let (record, copy) = (record.clone(), Arc::clone(&self.trailing));
        let sleep = self.world.time.sleep(COPY_TRAILS);
        self.world.time.spawn(async move {
            sleep.await;
            let found = copy.load_job(&record.job.arn).await.unwrap();
            copy.save_job(&record, found.map(|found| found.version)).await.unwrap();
        });
    }

    fn copy_wait(&self, wait: &Wait) {
        let (wait, copy) = (wait.clone(), Arc::clone(&self.trailing));
        let sleep = self.world.time.sleep(COPY_TRAILS);
        self.world.time.spawn(async move {
            sleep.await;
            let found = copy.load_wait(&wait.key()).await.unwrap();
            copy.save_wait(&wait, found.map(|found| found.version)).await.unwrap();
        });
    }
}

#[async_trait]
impl Store for SimStore {
    async fn load_job(&self, arn: &JobArn) -> Result<Option<Versioned<JobRecord>>, StoreError> {
        self.reach().await?;
        if self.reads_trailing(Mutation::NoReadAfterRegister, Function::Api) {
            return self.trailing.load_job(arn).await;
        }
        self.inner.load_job(arn).await
    }

    async fn save_job(
        &self,
        record: &JobRecord,
        mut expect: Option<Version>,
    ) -> Result<Saved<JobRecord>, StoreError> {
        self.reach().await?;
        if self.reads_trailing(Mutation::NoReadAfterRegister, Function::Api) {
            // A conflict would show the present after all.
            let copy = self.trailing.load_job(&record.job.arn).await?;
            if let Some(copy) = copy.filter(|copy| copy.value.revision == record.revision) {
                return Ok(Saved::Stored(copy.version));
            }
        }
        if self.world.breaks(Mutation::NoCompareAndSet) {
            expect = self.current_job(&record.job.arn).await?;
        }
        let before = self.inner.load_job(&record.job.arn).await?;
        let saved = self.inner.save_job(record, expect).await?;
        if matches!(saved, Saved::Stored(_)) {
            self.world.note(|| {
                let (by, job) = (self.caller, &record.job);
                let status = job.status.as_deref().unwrap_or("unseen");
                format!("{by:?} wrote job {} {status} r{}", job.arn.id(), record.revision)
            });
            crate::checks::job_saved(&self.world, before.map(|found| found.value), record);
            if self.keeps_trailing() {
                self.copy_job(record);
            }
        }
        self.answer(saved)
    }

    async fn load_connection(
        &self,
        id: &ConnectionId,
    ) -> Result<Option<Versioned<Connection>>, StoreError> {
        self.reach().await?;
        self.note_closing(id);
        Ok(self.inner.load_connection(id).await?.map(|found| self.known(found)))
    }

    async fn save_connection(
        &self,
        connection: &Connection,
        expect: Option<Version>,
    ) -> Result<Saved<Connection>, StoreError> {
        self.reach().await?;
        if self.world.breaks(Mutation::AttachUnchecked) && connection.is_open() {
            self.name_later(connection, expect);
            return Ok(Saved::Stored(Version(0)));
        }
        let saved = self.inner.save_connection(connection, expect).await?;
        self.answer(saved)
    }

    async fn list_jobs(
        &self,
        filter: &JobFilter,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page<Job>, StoreError> {
        self.reach().await?;
        self.inner.list_jobs(filter, after, limit).await
    }

    async fn load_wait(&self, key: &WaitKey) -> Result<Option<Versioned<Wait>>, StoreError> {
        self.reach().await?;
        let mut found = self.inner.load_wait(&self.place(key)).await?.map(taken_out);
        found.iter_mut().for_each(|found| self.misread(&mut found.value));
        if self.reads_trailing(Mutation::PushUnread, Function::Signals) {
            let trailing = self.trailing.load_wait(&self.place(key)).await?;
            let known = found.iter_mut().zip(trailing);
            known.for_each(|(found, trailing)| found.value.channel = trailing.value.channel);
        }
        if self.world.breaks(Mutation::WishAllowed) {
            found.iter_mut().for_each(|found| found.value.stop_allowed = true);
        }
        if self.world.breaks(Mutation::NoProbe) && self.caller == Function::Sweep {
            let search = found.as_mut().map(|found| &mut found.value.search);
            search.into_iter().for_each(|search| search.unanswered = Policy::PROBES);
        }
        Ok(found)
    }

    async fn save_wait(
        &self,
        wait: &Wait,
        mut expect: Option<Version>,
    ) -> Result<Saved<Wait>, StoreError> {
        self.reach().await?;
        let signalled = wait.state == WaitState::Signalled && self.caller == Function::Signals;
        let before = self.current_wait(wait).await?;
        if signalled && self.world.breaks(Mutation::NotWrittenDown) {
            self.inform_judge(before.as_ref().map(|before| &before.value), wait).await;
            return Ok(Saved::Stored(Version(0)));
        }
        if self.world.breaks(Mutation::NoCompareAndSet) {
            expect = before.as_ref().map(|before| before.version);
        }
        let before = before.map(|before| before.value);
        let mut wait = wait.clone();
        if self.world.breaks(Mutation::NoClaim) {
            wait.delivery.claimed_until = None;
        }
        if self.world.breaks(Mutation::GivesUpEarly) && wait.delivery.attempts > 0 {
            (wait.state, wait.due_at) = (WaitState::Undeliverable, None);
        }
        if self.world.breaks(Mutation::AnswerIgnored) && self.caller == Function::Signals {
            before.iter().for_each(|found| ignore_answer(&mut wait, found.clone()));
        }
        let saved = match self.inner.save_wait(&self.put_away(&wait), expect).await? {
            Saved::Conflict(found) => Saved::Conflict(found.map(|found| {
                let mut found = taken_out(found);
                self.misread(&mut found.value);
                found
            })),
            stored @ Saved::Stored(_) => stored,
        };
        if matches!(saved, Saved::Stored(_)) {
            self.world.note(|| {
                let (by, state) = (self.caller, wait.state.as_str());
                let Wait { id, delivery, .. } = &wait;
                let claimed = if delivery.claimed_until.is_some() { " claimed" } else { "" };
                format!("{by:?} wrote wait {id} {state} #{}{claimed}", delivery.seq)
            });
            self.inform_judge(before.as_ref(), &wait).await;
            if self.keeps_trailing() {
                self.copy_wait(&wait);
            }
        }
        self.answer(saved)
    }

    async fn list_waits(
        &self,
        arn: &JobArn,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page<Wait>, StoreError> {
        self.reach().await?;
        if self.reads_trailing(Mutation::NoReadAfterRecord, Function::JobEvents) {
            return self.trailing.list_waits(arn, after, limit).await;
        }
        let page = self.inner.list_waits(arn, after, self.limit(limit)).await?;
        Ok(self.page(self.listed(page)))
    }

    async fn list_due(
        &self,
        now: Timestamp,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page<WaitKey>, StoreError> {
        self.reach().await?;
        let trails = self.world.strikes(Fault::IndexTrails);
        let lag = Duration::from_secs(if trails { 5 } else { 0 });
        let now = now.saturating_sub(lag).unwrap();
        Ok(self.page(self.inner.list_due(now, after, self.limit(limit)).await?))
    }

    async fn count_connections(&self, limit: usize) -> Result<usize, StoreError> {
        self.reach().await?;
        self.inner.count_connections(limit).await
    }

    async fn load_heartbeat(&self) -> Result<Option<Versioned<Heartbeat>>, StoreError> {
        self.reach().await?;
        let found = self.inner.load_heartbeat().await?;
        Ok(found.map(|found| Versioned { value: self.remembered(found.value), ..found }))
    }

    async fn save_heartbeat(
        &self,
        heartbeat: &Heartbeat,
        expect: Option<Version>,
    ) -> Result<Saved<Heartbeat>, StoreError> {
        self.reach().await?;
        let saved = self.inner.save_heartbeat(heartbeat, expect).await?;
        if matches!(saved, Saved::Stored(_)) {
            liveness::swept(&self.world, heartbeat);
        }
        self.answer(saved)
    }

    async fn count(&self, key: &CountKey) -> Result<u64, StoreError> {
        self.reach().await?;
        self.inner.count(key).await
    }

    async fn sum_counts(&self, from: &CountKey) -> Result<u64, StoreError> {
        self.reach().await?;
        self.inner.sum_counts(from).await
    }

    async fn purge_expired(&self) -> Result<u64, StoreError> {
        self.inner.purge_expired().await
    }
}
