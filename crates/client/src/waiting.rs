//! Waits for one job: registers a wait, renews it, and receives its signals.
//!
//! Promises: every signal was signed with the secret of this wait. A lost callback delays the
//! waiter only until its next renewal, because the answer to a renewal contains the job too. The
//! renewals continue, whatever the answers are, until the monitor itself refuses the wait.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use sagebell_api_types::{WaitAndJobView, WaitRequest, WaitStateView};
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::jitter::vary;
use sagebell_monitor::job::Job;
use sagebell_monitor::ports::Entropy as _;
use sagebell_monitor::wait::{WaitId, WaitState};
use sagebell_system::RandomEntropy;
use sagebell_webhook::{Listener, Stats};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout};

use crate::callback_receiver::{CallbackReceiver, Terms};
use crate::client::{Client, ClientError};
use crate::outage::Outage;

/// The number of renewals in one lease. All but one may be lost.
const RENEWALS_PER_LEASE: u32 = 3;
/// The jitter of a renewal, so that waiters that started together do not always call together.
const JITTER: Range<f64> = 0.8..1.0;
/// The shortest pause between two early renewals.
const HURRY: Duration = Duration::from_secs(10);
/// The time limit for cancelling a wait, because the caller wants to continue.
const CANCEL: Duration = Duration::from_secs(5);

/// Why the wait is over.
#[derive(Debug, thiserror::Error)]
pub enum WaitError {
    /// The monitor refuses the wait for good.
    #[error(transparent)]
    Refused(#[from] ClientError),
    /// The wait ended, but its job has not settled.
    #[error("the wait is {}: another caller ended it", .0.as_str())]
    Ended(WaitState),
}

/// Why a wait was not cancelled.
#[derive(Debug, thiserror::Error)]
pub enum CancelError {
    /// The monitor did not answer in time.
    #[error("the monitor did not answer within {} s", CANCEL.as_secs())]
    Late,
    /// The monitor could not be reached, or refused.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// An event of a wait.
#[derive(Debug)]
pub enum WaitEvent {
    /// The job has changed. Contains the job, as known now.
    Job(Job),
    /// The monitor cannot be reached. Reported at once, and then every few minutes. The wait
    /// continues, and the callback can still come.
    Outage(ClientError),
    /// The monitor can be reached again, after this time.
    Restored(Duration),
    /// The monitor was out of reach for a long time: call SageMaker itself, once.
    Unsure,
}

/// Makes the call that registers and renews the wait.
pub type Call = Box<dyn Fn() -> Answer + Send + Sync>;
/// The pending answer.
pub type Answer = BoxFuture<'static, Result<WaitAndJobView, ClientError>>;

/// A wait for one job.
pub struct Waiting {
    client: Client,
    arn: JobArn,
    id: WaitId,
    lease: Duration,
    listener: Listener,
    doubt: Arc<Notify>,
    call: Call,
    /// The pending call. It is stored here so that a callback, or dropping [`next`](Self::next),
    /// does not cancel it.
    answer: Option<Answer>,
    renew_at: Instant,
    /// No early renewal happens before this time.
    hurry_from: Instant,
    outage: Option<Outage>,
    registered: bool,
    known: Option<Job>,
}

impl Waiting {
    /// A wait that is not registered yet. The first [`next`](Self::next) registers it.
    #[must_use]
    pub fn new(client: Client, receiver: CallbackReceiver, arn: JobArn, terms: Terms) -> Self {
        let request = Arc::new(receiver.request(terms));
        let call = call(client.clone(), arn.clone(), receiver.id.clone(), Arc::clone(&request));
        let lease = Duration::from_secs(request.lease_seconds.into());
        Self {
            client,
            arn,
            id: receiver.id,
            lease,
            doubt: receiver.listener.doubt(),
            listener: receiver.listener,
            call,
            answer: None,
            renew_at: Instant::now(),
            hurry_from: Instant::now(),
            outage: None,
            registered: false,
            known: None,
        }
    }

    /// The same wait, with another way to call the monitor than its client.
    #[must_use]
    pub fn over(self, call: Call) -> Self {
        Self { call, ..self }
    }

    /// Sleeps until there is news: a callback, or the answer to a registration or renewal with
    /// something new. Cancel safe.
    ///
    /// # Errors
    /// [`WaitError`] if the wait is over, or was refused for good.
    pub async fn next(&mut self) -> Result<WaitEvent, WaitError> {
        loop {
            let ask_at = self.outage.as_ref().map(Outage::ask_at);
            let Self { listener, doubt, answer, call, renew_at, .. } = self;
            let event = tokio::select! {
                Some(signal) = listener.next() => self.news(signal.data.job),
                answered = renewed(answer, call, *renew_at) => self.renewed(answered)?,
                () = doubt.notified() => self.hurry(),
                () = at(ask_at) => {
                    self.outage.as_mut().map(Outage::asked);
                    Some(WaitEvent::Unsure)
                }
            };
            if let Some(event) = event {
                return Ok(event);
            }
        }
    }

    fn news(&mut self, job: Job) -> Option<WaitEvent> {
        let is_news = self.known.as_ref() != Some(&job);
        self.known = Some(job.clone());
        is_news.then_some(WaitEvent::Job(job))
    }

    /// A callback came that cannot be trusted. The answer to a renewal can. It also contains what a
    /// wrong clock hides from this waiter.
    fn hurry(&mut self) -> Option<WaitEvent> {
        let now = Instant::now();
        if self.outage.is_none() && self.hurry_from <= now {
            self.renew_at = now;
            self.hurry_from = now + HURRY;
        }
        None
    }

    fn renewed(
        &mut self,
        answered: Result<WaitAndJobView, ClientError>,
    ) -> Result<Option<WaitEvent>, WaitError> {
        match answered {
            Ok(answer) => self.answered(answer),
            Err(error) if error.is_final() => Err(error.into()),
            Err(error) => Ok(self.failed(error)),
        }
    }

    fn answered(&mut self, answer: WaitAndJobView) -> Result<Option<WaitEvent>, WaitError> {
        if let Some(ended) = ended(&answer) {
            return Err(WaitError::Ended(ended));
        }
        self.registered = true;
        self.renew_at = Instant::now() + renewal_pause(self.lease, RandomEntropy.unit());
        let Some(outage) = self.outage.take() else { return Ok(self.news(answer.job)) };
        // The job is told next: whoever looks for it finds it is not known yet.
        self.answer = Some(Box::pin(std::future::ready(Ok(answer))));
        Ok(Some(WaitEvent::Restored(outage.lasted())))
    }

    fn failed(&mut self, error: ClientError) -> Option<WaitEvent> {
        let lease = self.lease;
        let outage = self.outage.get_or_insert_with(|| Outage::began(lease));
        self.renew_at = Instant::now() + outage.pause(error.retry_after());
        outage.report_is_due().then_some(WaitEvent::Outage(error))
    }

    /// Whether the monitor has the wait.
    #[must_use]
    pub fn is_registered(&self) -> bool {
        self.registered
    }

    /// The same, after the pending call was answered or `within` has passed: the monitor may have
    /// accepted a wait whose answer is not here yet.
    pub async fn is_registered_within(&mut self, within: Duration) -> bool {
        if !self.registered
            && let Some(answer) = &mut self.answer
            && let Ok(answered) = timeout(within, answer).await
        {
            self.answer = None;
            self.registered = answered.is_ok_and(|answer| ended(&answer).is_none());
        }
        self.registered
    }

    /// The statistics of the listener.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.listener.stats()
    }

    /// Cancels the wait. The job still runs. Lasts 5 s at most.
    ///
    /// # Errors
    /// [`CancelError`]. Then the wait ends with its lease.
    pub async fn cancel(&self) -> Result<(), CancelError> {
        let answer = timeout(CANCEL, self.client.cancel_wait(&self.arn, self.id.as_str()));
        answer.await.map_err(|_| CancelError::Late)??;
        Ok(())
    }

    /// Stops listening.
    pub async fn shutdown(self) {
        self.listener.shutdown().await;
    }
}

/// How the wait ended, if its waiter did not receive what it was for. A state that only a
/// newer monitor knows ends nothing.
fn ended(answer: &WaitAndJobView) -> Option<WaitState> {
    match answer.wait.state {
        WaitStateView::Known(WaitState::Waiting | WaitState::Signalled)
        | WaitStateView::Unknown(_) => None,
        WaitStateView::Known(ended) => Some(ended),
    }
}

fn call(client: Client, arn: JobArn, id: WaitId, request: Arc<WaitRequest>) -> Call {
    Box::new(move || {
        let (client, arn, id) = (client.clone(), arn.clone(), id.clone());
        let request = Arc::clone(&request);
        Box::pin(async move { client.put_wait(&arn, id.as_str(), &request).await })
    })
}

/// The answer to the pending call, or to the one that is due at `renew_at`.
async fn renewed(
    answer: &mut Option<Answer>,
    call: &Call,
    renew_at: Instant,
) -> Result<WaitAndJobView, ClientError> {
    if answer.is_none() {
        sleep_until(renew_at).await;
    }
    let answered = answer.get_or_insert_with(call).await;
    *answer = None;
    answered
}

async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}

/// The pause until the next renewal. `unit` is random, from 0 to 1.
fn renewal_pause(lease: Duration, unit: f64) -> Duration {
    vary(lease / RENEWALS_PER_LEASE, JITTER, unit)
}

#[cfg(test)]
mod tests;
