//! Use case: handle a signal request. It sends the signal to the waiter, or probes the waiter.
//!
//! Promise: a wait gets one signal at a time, always with the latest state, and the settled state
//! last. A signal is sent at least once, and never again after the waiter answered 2xx and this
//! was recorded.
//!
//! This use case never gives up a wait; only the sweep does. It needs only the store and the
//! sender, so it can run where nothing else is reachable.
//!
//! It writes a claim before it sends, releases the claim after it has sent, and then reads the
//! job again. So a signal request that finds a claim can be dropped: the holder of the claim will
//! see the state that the request is about.
//!
//! A target receives only probes until it has proved that it has the wait's secret. So a
//! registration cannot direct signals at somebody else's server.

mod probe;
mod send;
mod senders;

use std::sync::Arc;

use jiff::Timestamp;
use metrics::counter;

use crate::compare_and_set::{CompareAndSet, Edit, Written};
use crate::job::JobRecord;
use crate::policy::Policy;
use crate::ports::{Clock, Entropy, Failure, Saved, SendOutcome, Store, StoreError, Versioned};
use crate::signal::{Purpose, SignalRequest};
use crate::time::later;
use crate::wait::{News, Wait, WaitKey, WaitState};

pub use senders::Senders;

/// The number of waits read at a time.
const PAGE: usize = 100;

/// The result of a signal request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignalOutcome {
    /// The waiter received the signal about the end.
    Signalled,
    /// The waiter received a signal about progress.
    Progress,
    /// No signal was needed: it was sent before, the wait was cancelled, or it was not the job of
    /// this wait.
    Nothing,
    /// Somebody else is sending to this wait, or its next attempt is not due.
    Busy,
    /// The waiter answered 410: it is gone.
    Gone,
    /// The connection is closed. The waiter is told when it registers again.
    Disconnected,
    /// Another function sends on this channel: the request was handed over.
    HandedOver,
    /// Not received yet. The due index contains the next attempt, or the deadline, at which the
    /// sweep gives up.
    Later,
    /// Probed: the waiter is there.
    Found,
    /// Probed: the waiter did not answer.
    Missed,
}

impl SignalOutcome {
    /// A label for counters and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Signalled => "signalled",
            Self::Progress => "progress",
            Self::Nothing => "nothing",
            Self::Busy => "busy",
            Self::Gone => "gone",
            Self::Disconnected => "disconnected",
            Self::HandedOver => "handed_over",
            Self::Later => "later",
            Self::Found => "found",
            Self::Missed => "missed",
        }
    }
}

/// Sends signals to waiters.
#[derive(Clone)]
pub struct Deliver {
    /// Where jobs and waits are.
    pub store: Arc<dyn Store>,
    /// Who sends, by the channel of the wait.
    pub senders: Senders,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Jitter.
    pub entropy: Arc<dyn Entropy>,
    /// Times and limits.
    pub policy: Arc<Policy>,
}

/// The result of one attempt.
enum After {
    Done(SignalOutcome),
    /// Sent. Read the job again: it may have changed.
    Again,
    /// Failed. Try again here after this pause.
    Pause(std::time::Duration),
}

impl Deliver {
    /// Sends the wait the signal that it needs, if any, or probes its waiter. It retries a signal
    /// for a few seconds. Later attempts come from the due index.
    ///
    /// # Errors
    /// The store's: the signal request must be handled again.
    #[tracing::instrument(
        level = "error", name = "signal_request", skip_all,
        fields(arn = %request.arn, wait = %request.wait_id),
    )]
    pub async fn handle(&self, request: &SignalRequest) -> Result<SignalOutcome, StoreError> {
        let key = self.key_of(request).await?;
        let outcome = match request.purpose {
            Purpose::Signal => self.answer(&key).await?,
            Purpose::Probe => self.find(&key).await?,
        };
        counter!("sagebell_signal_requests_total", "outcome" => outcome.as_str()).increment(1);
        Ok(outcome)
    }

    /// The wait that a signal request names. A request of 0.1.0 names no owner. It means the wait
    /// that 0.1.0 stored, or else one with that id.
    async fn key_of(&self, request: &SignalRequest) -> Result<WaitKey, StoreError> {
        let key = WaitKey::from(request.clone());
        if key.owner.is_some() || self.store.load_wait(&key).await?.is_some() {
            return Ok(key);
        }
        let page = self.store.list_waits(&key.arn, None, PAGE).await?;
        let named = page.items.iter().find(|wait| wait.id == key.id);
        Ok(named.map_or(key, Wait::key))
    }

    async fn answer(&self, key: &WaitKey) -> Result<SignalOutcome, StoreError> {
        let mut progress = None;
        let until = self.clock.uptime() + Policy::ATTEMPTS_FOR;
        for _ in 0..Policy::ROUNDS_AT_ONCE {
            if self.clock.uptime() > until {
                break;
            }
            let Some((wait, record)) = self.load(key).await? else {
                return Ok(progress.unwrap_or(SignalOutcome::Nothing));
            };
            if wait.value.news(&record) == News::None {
                return Ok(progress.unwrap_or(SignalOutcome::Nothing));
            }
            if wait.value.delivery.is_held(self.clock.now()) {
                return Ok(progress.unwrap_or(SignalOutcome::Busy));
            }
            if self.senders.hand_over(&wait.value, Purpose::Signal).await? {
                return Ok(SignalOutcome::HandedOver);
            }
            let Some(wait) = self.claim(wait, &record).await? else {
                continue;
            };
            match self.attempt(wait, &record).await? {
                After::Done(outcome) => return Ok(outcome),
                After::Again => progress = Some(SignalOutcome::Progress),
                After::Pause(pause) if self.clock.uptime() + pause > until => {
                    return Ok(SignalOutcome::Later);
                }
                After::Pause(pause) => self.clock.sleep(pause).await,
            }
        }
        Err(StoreError::Retryable(format!("wait {} keeps changing", key.id)))
    }

    async fn load(
        &self,
        key: &WaitKey,
    ) -> Result<Option<(Versioned<Wait>, JobRecord)>, StoreError> {
        let Some(mut wait) = self.store.load_wait(key).await? else {
            return Ok(None);
        };
        if wait.value.state != WaitState::Waiting {
            return Ok(None);
        }
        wait.value.mend(self.clock.now(), &self.policy);
        let record = self.store.load_job(&key.arn).await?;
        Ok(record.map(|record| (wait, record.value)))
    }

    /// Claims the wait. `None` if somebody else wrote first.
    async fn claim(
        &self,
        mut wait: Versioned<Wait>,
        record: &JobRecord,
    ) -> Result<Option<Versioned<Wait>>, StoreError> {
        let claimed_until = later(self.clock.now(), Policy::CLAIM);
        wait.value.delivery.begin(record.revision, claimed_until);
        wait.value.reschedule(&self.policy);
        match self.store.save_wait(&wait.value, Some(wait.version)).await? {
            Saved::Stored(version) => Ok(Some(Versioned { value: wait.value, version })),
            Saved::Conflict(_) => Ok(None),
        }
    }

    async fn attempt(
        &self,
        mut wait: Versioned<Wait>,
        record: &JobRecord,
    ) -> Result<After, StoreError> {
        let outcome = self.send(&mut wait.value, record).await;
        let settled = record.job.phase.is_settled();
        match outcome {
            SendOutcome::Delivered => {
                self.mark(wait, |wait, now, policy| {
                    wait.delivery.received = Some(record.revision);
                    wait.delivery.restart();
                    if settled {
                        wait.finish(WaitState::Signalled, now, policy);
                    }
                })
                .await?;
                Ok(if settled { After::Done(SignalOutcome::Signalled) } else { After::Again })
            }
            SendOutcome::Gone if wait.value.is_connected() => {
                self.disconnect(wait).await?;
                Ok(After::Done(SignalOutcome::Disconnected))
            }
            SendOutcome::Gone => {
                let gone = |wait: &mut Wait, now, policy: &_| {
                    wait.finish(WaitState::Cancelled, now, policy);
                };
                self.mark(wait, gone).await?;
                Ok(After::Done(SignalOutcome::Gone))
            }
            SendOutcome::Failed { failure, retry_after } => {
                self.failed(wait, failure, retry_after).await
            }
        }
    }

    async fn failed(
        &self,
        wait: Versioned<Wait>,
        failure: Failure,
        retry_after: Option<std::time::Duration>,
    ) -> Result<After, StoreError> {
        let attempts = wait.value.delivery.attempts.saturating_add(1);
        let pause =
            Policy::retry_pause(attempts, self.entropy.unit()).max(retry_after.unwrap_or_default());
        let retry_at = later(self.clock.now(), pause);
        let in_time = retry_at < wait.value.ends_at();
        let Failure { class, reason } = failure;
        tracing::info!(attempts, reason, "a signal could not be sent");
        self.mark(wait, move |wait, _, _| {
            wait.delivery.restart();
            wait.delivery.attempts = attempts;
            wait.delivery.retry_at = Some(retry_at);
            wait.delivery.last_error = Some(reason.clone());
            wait.delivery.last_error_class = Some(class);
        })
        .await?;
        // Of all attempts, not only of this request's: the later pauses are minutes long.
        let here = attempts < Policy::ATTEMPTS_AT_ONCE && retry_after.is_none() && in_time;
        Ok(if here { After::Pause(pause) } else { After::Done(SignalOutcome::Later) })
    }

    /// Records the result of a send. If others wrote meanwhile, the result is applied to their
    /// version, unless the waiter has a new address, which starts fresh.
    async fn mark(
        &self,
        wait: Versioned<Wait>,
        edit: impl Fn(&mut Wait, Timestamp, &Policy) + Send + Sync,
    ) -> Result<(), StoreError> {
        let sent = wait.value.clone();
        let edit = |found: Option<Versioned<Wait>>| {
            let still = found.map(|found| found.value).filter(|wait| wait.is_still(&sent));
            let Some(mut wait) = still else { return Edit::Keep(()) };
            wait.delivery.proven |= sent.delivery.proven;
            edit(&mut wait, self.clock.now(), &self.policy);
            wait.reschedule(&self.policy);
            Edit::Write(wait)
        };
        // At once: whoever was told may be told again if this is late.
        let at_once = CompareAndSet { store: &*self.store, pauses: None };
        match at_once.run(Some(wait), edit).await? {
            Written::Stored(_) | Written::Kept(()) => Ok(()),
            Written::Contended => {
                Err(StoreError::Retryable(format!("others kept changing wait {}", sent.id)))
            }
        }
    }
}

impl Wait {
    /// Whether this is still the registration that `sent` went to.
    fn is_still(&self, sent: &Self) -> bool {
        self.state == WaitState::Waiting && self.channel == sent.channel
    }
}

impl crate::wait::Delivery {
    /// Whether somebody else is sending, or the next attempt is not due.
    fn is_held(&self, now: Timestamp) -> bool {
        self.claimed_until.max(self.retry_at).is_some_and(|until| until > now)
    }

    fn begin(&mut self, revision: u64, claimed_until: Timestamp) {
        if self.sending != Some(revision) {
            self.seq += 1;
            self.attempts = 0;
            self.sending = Some(revision);
        }
        self.claimed_until = Some(claimed_until);
        self.retry_at = None;
    }
}
