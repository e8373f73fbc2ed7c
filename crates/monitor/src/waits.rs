//! Use cases: register, re-attach or renew a wait; inspect; cancel.
//!
//! Promise: the wait is written *before* the job is read (strongly), so a job
//! that settles meanwhile is either seen here or sees the wait there.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::arn::JobArn;
use crate::job::{Job, JobRecord};
use crate::limits::{self, TooMany};
use crate::owners::{self, NotAllowed};
use crate::policy::Policy;
use crate::ports::{
    CallbackGuard, Clock, SageMaker, SageMakerError, Saved, Store, StoreError, Versioned, WaitKey,
};
use crate::record::{RecordError, Recorder};
use crate::search::Search;
use crate::wait::{
    CallbackUrl, Delivery, OnAbandon, Principal, Secret, SignalOn, Wait, WaitId, WaitState, later,
};

/// The label that jobs can be listed by.
const RUN_LABEL: &str = "run";

/// What a waiter asks for.
#[derive(Debug, Clone)]
pub struct Registration {
    /// The job.
    pub arn: JobArn,
    /// The waiter's name for the wait.
    pub id: WaitId,
    /// Who asks.
    pub owner: Principal,
    /// Where to call back.
    pub callback_url: CallbackUrl,
    /// What to sign with.
    pub secret: Secret,
    /// What to tell.
    pub signal_on: SignalOn,
    /// The time of the create or update call, by AWS's clock where possible.
    pub not_before: Option<Timestamp>,
    /// How long the wait lives without being renewed.
    pub lease_seconds: u32,
    /// When to give up; the longest allowed where absent.
    pub deadline: Option<Timestamp>,
    /// What to do with the job if the waiter is gone.
    pub on_abandon: OnAbandon,
    /// The waiter's own labels.
    pub labels: BTreeMap<String, String>,
}

impl Registration {
    fn key(&self) -> WaitKey {
        WaitKey::of(self.arn.clone(), self.owner.clone(), self.id.clone())
    }
}

/// Whether a job is to be stopped when its wait is cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// It runs on.
    No,
    /// Unless others still wait for it.
    Unwanted,
    /// Whoever waits for it.
    Forced,
}

/// A wait and its job, as now known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitAndJob {
    /// The wait.
    pub wait: Wait,
    /// The job.
    pub job: Job,
}

impl WaitAndJob {
    /// What the wait's principal is told. What a callback met says much of a network:
    /// the job's owner is told it, others its class alone.
    fn of(mut wait: Wait, record: JobRecord) -> Self {
        if !owners::is_recorded_owner(&record, &wait.owner) {
            let class = wait.delivery.last_error_class;
            wait.delivery.last_error = class.map(|class| class.as_str().to_owned());
        }
        Self { wait, job: record.job }
    }
}

/// Why a wait could not be registered, read or cancelled.
#[derive(Debug, thiserror::Error)]
pub enum WaitError {
    /// A field is not what it must be.
    #[error("{field}: {problem}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// What is wrong and what is right.
        problem: String,
    },
    /// A job of an account or region that this monitor is not for.
    #[error("this monitor does not take jobs of {0}")]
    OutOfScope(String),
    /// No such wait.
    #[error("no such wait on this job")]
    NotFound,
    /// The job is another principal's, or nobody's that is known.
    #[error("only a job's owner may have it stopped: {0}")]
    NotOwner(NotAllowed),
    /// Others still wait for the job that is to be stopped.
    #[error("others still wait for the job: cancel without stop, or force it as its owner")]
    OthersWait,
    /// Its principal registered more than its share.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// SageMaker did not stop the job.
    #[error("the job was not stopped, and the wait stays: {0}")]
    NotStopped(#[source] SageMakerError),
    /// Recording or the store failed.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl From<NotAllowed> for WaitError {
    fn from(why: NotAllowed) -> Self {
        match why {
            NotAllowed::Unknown(error) => Self::NotStopped(error),
            why @ (NotAllowed::OwnedBy(_) | NotAllowed::Unowned) => Self::NotOwner(why),
        }
    }
}

impl From<StoreError> for WaitError {
    fn from(error: StoreError) -> Self {
        Self::Record(error.into())
    }
}

fn invalid(field: &'static str, problem: impl Into<String>) -> WaitError {
    WaitError::Invalid { field, problem: problem.into() }
}

/// The use cases about waits.
#[derive(Clone)]
pub struct Waits {
    /// Where jobs and waits are.
    pub store: Arc<dyn Store>,
    /// SageMaker itself.
    pub sagemaker: Arc<dyn SageMaker>,
    /// Records what a first look at a job sees.
    pub recorder: Recorder,
    /// Which callback URLs are allowed.
    pub guard: Arc<dyn CallbackGuard>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The numbers.
    pub policy: Arc<Policy>,
}

impl Waits {
    /// Registers a wait, re-attaches it under a new URL, or renews it: the same
    /// call each time. If the job is already settled the answer says so, and
    /// the wait counts as signalled.
    ///
    /// # Errors
    /// [`WaitError`] names the field, the scope, the owner or the limit at fault.
    pub async fn register(&self, asked: Registration) -> Result<WaitAndJob, WaitError> {
        self.check(&asked)?;
        let key = asked.key();
        let found = self.store.load_wait(&key).await?;
        if let Some(answered) = self.answered_before(&asked, found.as_ref()).await? {
            return Ok(answered);
        }
        self.check_times(&asked, found.as_ref().map(|found| &found.value))?;
        if found.as_ref().is_none_or(|found| found.value.state != WaitState::Waiting) {
            let (store, limits) = (&*self.store, &self.policy.limits);
            limits::admit(store, limits, &asked.owner, &asked.arn, self.clock.now()).await?;
        }
        let (mut wait, before) = self.upsert(&asked, found).await?;
        let record = self.job_for(&wait.value).await?;
        if let Err(refused) = self.check_stop_wish(&mut wait, &record).await {
            self.undo(wait, before).await?;
            return Err(refused);
        }
        if wait.value.is_settled_by(&record) {
            wait = self.signal_by_answer(wait, &record).await?;
        }
        Ok(WaitAndJob::of(wait.value, record))
    }

    /// Reads a wait and its job.
    ///
    /// # Errors
    /// `NotFound`, also for a wait of another principal's, or the store's.
    pub async fn inspect(&self, key: &WaitKey) -> Result<WaitAndJob, WaitError> {
        let wait = self.find(key).await?;
        let record = self.job_for(&wait.value).await?;
        Ok(WaitAndJob::of(wait.value, record))
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

    /// Puts back what a refused registration wrote over, unless others wrote since.
    async fn undo(&self, written: Versioned<Wait>, before: Option<Wait>) -> Result<(), WaitError> {
        let undone = before.unwrap_or_else(|| {
            let mut wait = written.value;
            wait.finish(WaitState::Cancelled, self.clock.now(), &self.policy);
            wait
        });
        self.store.save_wait(&undone, Some(written.version)).await?;
        Ok(())
    }

    /// Takes a wait back, and has the job stopped first if that is asked for.
    /// Cancelling a wait whose life is over changes nothing.
    ///
    /// # Errors
    /// `NotFound`; `NotOwner`, `OthersWait` and `NotStopped`, after which the wait
    /// stays; or the store's.
    pub async fn cancel(&self, key: &WaitKey, stop: Stop) -> Result<WaitAndJob, WaitError> {
        let mut wait = self.find(key).await?;
        let record = self.job_for(&wait.value).await?;
        if stop != Stop::No && !wait.value.is_settled_by(&record) {
            self.stop(&wait.value, &record, stop).await?;
        }
        for tries in 1..=Policy::CAS_TRIES {
            if wait.value.state != WaitState::Waiting {
                return Ok(WaitAndJob::of(wait.value, record));
            }
            wait.value.finish(WaitState::Cancelled, self.clock.now(), &self.policy);
            match self.store.save_wait(&wait.value, Some(wait.version)).await? {
                Saved::Stored(_) => {
                    return Ok(WaitAndJob::of(wait.value, record));
                }
                Saved::Conflict(Some(found)) => wait = found,
                Saved::Conflict(None) => return Err(WaitError::NotFound),
            }
            self.recorder.back_off(tries).await;
        }
        Err(contended(key))
    }

    async fn stop(&self, wait: &Wait, record: &JobRecord, stop: Stop) -> Result<(), WaitError> {
        owners::check(&*self.sagemaker, wait, Some(record)).await?;
        // One whose deadline has passed counts until the sweep has ended it: the clock may
        // have jumped.
        let others = owners::is_wanted_by_others(&*self.store, wait, |_| true);
        if stop == Stop::Unwanted && others.await? {
            return Err(WaitError::OthersWait);
        }
        self.sagemaker.stop(&record.job.arn).await.map_err(WaitError::NotStopped)
    }

    /// The wait of this key, or the same principal's that 0.1.0 stored.
    async fn find(&self, key: &WaitKey) -> Result<Versioned<Wait>, WaitError> {
        if let Some(wait) = self.store.load_wait(key).await? {
            return Ok(wait);
        }
        let old = self.store.load_wait(&key.before_owners()).await?;
        old.filter(|old| Some(&old.value.owner) == key.owner.as_ref()).ok_or(WaitError::NotFound)
    }

    fn check(&self, asked: &Registration) -> Result<(), WaitError> {
        if !self.policy.in_scope(&asked.arn) {
            let scope = format!("account {} in {}", asked.arn.account(), asked.arn.region());
            return Err(WaitError::OutOfScope(scope));
        }
        self.guard.check(&asked.callback_url).map_err(|why| invalid("callback_url", why))?;
        let lease = Policy::LEASE_SECONDS;
        if !lease.contains(&asked.lease_seconds) {
            return Err(invalid(
                "lease_seconds",
                format!("must be {} to {} seconds", lease.start(), lease.end()),
            ));
        }
        let kind = asked.arn.kind();
        if asked.on_abandon == OnAbandon::Stop && kind.stop().is_none() {
            let problem = format!("SageMaker can't stop a {kind}: say `keep`");
            return Err(invalid("on_abandon", problem));
        }
        check_labels(&asked.labels)
    }

    /// A renewal's times are not judged again: the clock may have been set since they were.
    fn check_times(&self, asked: &Registration, found: Option<&Wait>) -> Result<(), WaitError> {
        let renewed = found.filter(|wait| wait.state == WaitState::Waiting);
        let deadline = asked.deadline.filter(|at| renewed.is_none_or(|w| w.deadline != *at));
        let now = self.clock.now();
        let latest = later(self.clock.latest(), Policy::DEADLINE_LONGEST);
        if deadline.is_some_and(|deadline| deadline <= now || deadline > latest) {
            return Err(invalid(
                "deadline",
                format!("must be after now ({now}) and not after {latest}"),
            ));
        }
        let not_before =
            asked.not_before.filter(|at| renewed.is_none_or(|w| w.not_before != Some(*at)));
        let newest = later(self.clock.latest(), Policy::CLOCK_SKEW);
        if not_before.is_some_and(|not_before| not_before > newest) {
            let problem = format!("lies in the future; the time now is {now}");
            return Err(invalid("not_before", problem));
        }
        Ok(())
    }

    /// A wait that was told already, and of the same thing, is not written again.
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
        let told = record.filter(|record| wait.is_settled_by(record));
        Ok(told.map(|record| WaitAndJob::of(wait.clone(), record)))
    }

    /// Writes the wait; says also what it wrote over.
    async fn upsert(
        &self,
        asked: &Registration,
        mut found: Option<Versioned<Wait>>,
    ) -> Result<(Versioned<Wait>, Option<Wait>), WaitError> {
        for tries in 1..=Policy::CAS_TRIES {
            let now = self.clock.now();
            let expect = found.as_ref().map(|found| found.version);
            let before = found.map(|found| found.value);
            let mut wait = Wait::registered(asked, before.clone(), now, &self.policy);
            wait.reschedule(&self.policy);
            match self.store.save_wait(&wait, expect).await? {
                Saved::Stored(version) => {
                    return Ok((Versioned { value: wait, version }, before));
                }
                Saved::Conflict(current) => found = current,
            }
            self.recorder.back_off(tries).await;
        }
        Err(contended(&asked.key()))
    }

    /// The job's record, with what the wait wants of it noted. A job that was never
    /// heard of, or whose state is in doubt, is looked at once.
    async fn job_for(&self, wait: &Wait) -> Result<JobRecord, WaitError> {
        let mut current = self.store.load_job(&wait.arn).await?;
        if current.as_ref().is_none_or(|found| found.value.is_in_doubt()) {
            self.look_first(&wait.arn).await?;
            current = self.store.load_job(&wait.arn).await?;
        }
        let record = self.recorder.update(&wait.arn, current, |record| note_wants(record, wait));
        Ok(record.await?)
    }

    async fn look_first(&self, arn: &JobArn) -> Result<(), WaitError> {
        match self.sagemaker.describe(arn).await {
            Ok(seen) => {
                self.recorder.record(&seen).await?;
            }
            // The sweep looks again; the wait is registered either way.
            Err(error) => tracing::info!(%arn, %error, "first look at the job told nothing"),
        }
        Ok(())
    }

    async fn signal_by_answer(
        &self,
        mut wait: Versioned<Wait>,
        record: &JobRecord,
    ) -> Result<Versioned<Wait>, WaitError> {
        for tries in 1..=Policy::CAS_TRIES {
            wait.value.delivery.received = Some(record.revision);
            wait.value.finish(WaitState::Signalled, self.clock.now(), &self.policy);
            match self.store.save_wait(&wait.value, Some(wait.version)).await? {
                Saved::Stored(version) => {
                    return Ok(Versioned { value: wait.value, version });
                }
                Saved::Conflict(Some(found)) if found.value.state == WaitState::Waiting => {
                    wait = found;
                }
                Saved::Conflict(Some(found)) => return Ok(found),
                Saved::Conflict(None) => return Err(WaitError::NotFound),
            }
            self.recorder.back_off(tries).await;
        }
        Err(contended(&wait.value.key()))
    }
}

fn contended(key: &WaitKey) -> WaitError {
    RecordError::Contended(format!("wait {} on {}", key.id, key.arn)).into()
}

fn note_wants(record: &mut JobRecord, wait: &Wait) {
    record.owner.get_or_insert_with(|| wait.owner.clone());
    if wait.state == WaitState::Waiting && wait.signal_on == SignalOn::Progress {
        record.progress_wanted = true;
    }
    let run = wait.labels.get(RUN_LABEL).filter(|run| !record.runs.contains(run));
    if let Some(run) = run.filter(|_| record.runs.len() < Policy::RUNS_LIMIT) {
        record.runs.push(run.clone());
    }
    // A wait's place in the revisions must not be forgotten before the wait. With
    // some to spare, so that thousands of waits do not each write the job again.
    if record.expires_at < wait.expires_at {
        record.expires_at = later(wait.expires_at, Policy::EXPIRY_SLACK);
    }
}

fn check_labels(labels: &BTreeMap<String, String>) -> Result<(), WaitError> {
    let fits = |text: &String| text.len() <= Policy::LABEL_LEN;
    let all_fit = labels.iter().all(|(key, value)| !key.is_empty() && fits(key) && fits(value));
    if labels.len() > Policy::LABELS_LIMIT || !all_fit {
        let (count, len) = (Policy::LABELS_LIMIT, Policy::LABEL_LEN);
        return Err(invalid("labels", format!("at most {count}, each text at most {len} bytes")));
    }
    Ok(())
}

impl Wait {
    /// The wait as asked for, with what is to be kept of an earlier one.
    fn registered(
        asked: &Registration,
        before: Option<Self>,
        now: Timestamp,
        policy: &Policy,
    ) -> Self {
        let longest = later(now, Policy::DEADLINE_LONGEST);
        let renewed = before.as_ref().filter(|wait| wait.state == WaitState::Waiting);
        let moved = renewed.is_none_or(|wait| {
            wait.callback_url != asked.callback_url || wait.secret != asked.secret
        });
        let mut delivery = before.as_ref().map_or_else(Delivery::default, |b| b.delivery.clone());
        if moved {
            delivery.restart();
            delivery.proven = false;
        }
        if renewed.is_none_or(|wait| wait.not_before != asked.not_before) {
            // What it is to hear is another thing, even if the words are the same:
            // under the old signal's id its waiter would take it for a repetition.
            delivery.sending = None;
        }
        // The first look needs no jitter: registrations come when they come.
        let first_check = later(now, policy.check_pause(asked.arn.kind(), 0, 0.5));
        let deadline = asked.deadline.or(renewed.map(|wait| wait.deadline)).unwrap_or(longest);
        Self {
            arn: asked.arn.clone(),
            id: asked.id.clone(),
            owner: asked.owner.clone(),
            keyed_by_owner: true,
            callback_url: asked.callback_url.clone(),
            secret: asked.secret.clone(),
            signal_on: asked.signal_on,
            not_before: asked.not_before,
            lease_seconds: asked.lease_seconds,
            lease_until: later(now, std::time::Duration::from_secs(asked.lease_seconds.into())),
            deadline,
            overtime: renewed.filter(|w| w.deadline == deadline).and_then(|w| w.overtime),
            on_abandon: asked.on_abandon,
            stop_allowed: asked.on_abandon == OnAbandon::Stop
                && before.as_ref().is_some_and(|wait| wait.stop_allowed),
            labels: asked.labels.clone(),
            state: WaitState::Waiting,
            delivery,
            search: Search::default(),
            check_at: renewed.map_or(first_check, |wait| wait.check_at),
            checks: renewed.map_or(0, |wait| wait.checks),
            stop_pending: false,
            due_at: None,
            created_at: before.as_ref().map_or(now, |wait| wait.created_at),
            expires_at: later(deadline, policy.retention),
        }
    }
}
