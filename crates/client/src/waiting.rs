//! Waits for one job: registers a wait, renews it, and receives its signals, whatever its channel.
//!
//! Promises: a lost signal delays the waiter only until the next registration, because the answer to
//! that contains the job too. The registrations continue, whatever the answers are, until the monitor
//! itself refuses the wait.

mod event;
mod terms;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::Duration;

use sagebell_api_types::{WaitAndJobView, WaitRequest, WaitStateView};
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::job::Job;
use sagebell_monitor::wait::WaitState;
use sagebell_webhook::Stats;
use tokio::time::{Instant, timeout};

use crate::channel::{Answer, Call, ChannelEnd, News, Registration};
use crate::client::{Client, ClientError};
use crate::outage::Outage;
use crate::pace::at;

use event::CANCEL;
pub use event::{CancelError, WaitError, WaitEvent};
pub use terms::Terms;

/// The shortest pause between two early renewals.
const HURRY: Duration = Duration::from_secs(10);

/// A wait for one job.
pub struct Waiting {
    client: Client,
    arn: JobArn,
    request: WaitRequest,
    channel: Box<dyn ChannelEnd>,
    put: Call,
    begun: Instant,
    /// The pending call. It is stored here so that a signal, or dropping [`next`](Self::next),
    /// does not cancel it.
    answer: Option<Answer>,
    /// When to register or renew. `None`: when the channel says so.
    renew_at: Option<Instant>,
    /// No early renewal happens before this time.
    hurry_from: Instant,
    outage: Option<Outage>,
    registered: bool,
    known: Option<Job>,
    /// What is not told yet.
    untold: VecDeque<WaitEvent>,
}

impl Waiting {
    /// A wait that is not registered yet. The first [`next`](Self::next) registers it.
    #[must_use]
    pub fn new(client: Client, channel: Box<dyn ChannelEnd>, arn: JobArn, terms: Terms) -> Self {
        let now = Instant::now();
        Self {
            put: put(client.clone(), arn.clone(), channel.id().as_str().to_owned()),
            client,
            arn,
            request: terms.into(),
            channel,
            begun: now,
            answer: None,
            renew_at: Some(now),
            hurry_from: now,
            outage: None,
            registered: false,
            known: None,
            untold: VecDeque::new(),
        }
    }

    /// The same wait, with another way to call the monitor than its client.
    #[must_use]
    pub fn over(self, put: Call) -> Self {
        Self { put, ..self }
    }

    /// Sleeps until there is news: a signal, or the answer to a registration or renewal with
    /// something new. Cancel safe.
    ///
    /// # Errors
    /// [`WaitError`] if the wait is over, or was refused for good.
    pub async fn next(&mut self) -> Result<WaitEvent, WaitError> {
        loop {
            if let Some(event) = self.untold.pop_front() {
                return Ok(event);
            }
            let ask_at = self.outage.as_ref().map(Outage::ask_at);
            let can_call = self.answer.is_none() && self.channel.is_ready();
            let renew_at = self.renew_at.filter(|_| can_call);
            let Self { channel, answer, .. } = self;
            tokio::select! {
                news = channel.news() => self.take(news),
                answered = pending(answer) => self.take_answer(answered)?,
                () = at(renew_at) => self.call(),
                () = at(ask_at) => {
                    self.outage.as_mut().map(Outage::asked);
                    self.untold.push_back(WaitEvent::Unsure);
                }
            }
        }
    }

    fn call(&mut self) {
        let wait = Registration {
            arn: self.arn.clone(),
            id: self.channel.id().clone(),
            request: self.request.clone(),
            age: self.begun.elapsed(),
        };
        self.renew_at = None;
        self.answer = Some(self.channel.register(&self.put, wait));
    }

    fn take(&mut self, news: News) {
        match news {
            News::Signal(signal) => self.tell(signal.data.job),
            News::Register => self.renew_at = Some(Instant::now()),
            News::Doubt => self.hurry(),
            News::FellBack(why) => {
                self.renew_at = Some(Instant::now());
                self.untold.push_back(WaitEvent::FellBack(why));
            }
        }
    }

    fn tell(&mut self, job: Job) {
        if self.known.as_ref() != Some(&job) {
            self.known = Some(job.clone());
            self.untold.push_back(WaitEvent::Job(job));
        }
    }

    /// A callback came that cannot be trusted. The answer to a renewal can. It also contains what a
    /// wrong clock hides from this waiter.
    fn hurry(&mut self) {
        let now = Instant::now();
        if self.outage.is_none() && self.hurry_from <= now {
            self.renew_at = Some(now);
            self.hurry_from = now + HURRY;
        }
    }

    fn take_answer(
        &mut self,
        answered: Result<WaitAndJobView, ClientError>,
    ) -> Result<(), WaitError> {
        match answered {
            Ok(answer) => return self.accepted(answer),
            Err(error) if error.is_final() => return Err(error.into()),
            Err(error) if self.channel.failed(&error) => self.renew_at = Some(Instant::now()),
            Err(error) => self.failed(error),
        }
        Ok(())
    }

    fn accepted(&mut self, answer: WaitAndJobView) -> Result<(), WaitError> {
        if let Some(ended) = ended(&answer) {
            return Err(WaitError::Ended(ended));
        }
        self.registered = true;
        let accepted = self.channel.accepted();
        self.renew_at = accepted.renew_after.map(|pause| Instant::now() + pause);
        let restored = self.outage.take().map(|outage| WaitEvent::Restored(outage.lasted()));
        let connected = accepted.is_back.then_some(WaitEvent::Connected);
        self.untold.extend(restored.into_iter().chain(connected));
        self.tell(answer.job);
        Ok(())
    }

    fn failed(&mut self, error: ClientError) {
        // Not the lease of an old wait: who may have missed the end asks soon.
        let lease = Duration::from_secs(self.request.lease_seconds.into());
        let outage = self.outage.get_or_insert_with(|| Outage::began(lease));
        self.renew_at = Some(Instant::now() + outage.pause(error.retry_after()));
        if outage.report_is_due() {
            self.untold.push_back(WaitEvent::Outage(error));
        }
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

    /// The statistics of callbacks.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.channel.stats()
    }

    /// Cancels the wait. The job still runs. Lasts 5 s at most.
    ///
    /// # Errors
    /// [`CancelError`]. Then the wait ends with its lease.
    pub async fn cancel(&self) -> Result<(), CancelError> {
        let id = self.channel.id().as_str();
        let answer = timeout(CANCEL, self.client.cancel_wait(&self.arn, id));
        answer.await.map_err(|_| CancelError::Late)??;
        Ok(())
    }

    /// Closes the channel.
    pub async fn shutdown(self) {
        self.channel.close().await;
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

fn put(client: Client, arn: JobArn, id: String) -> Call {
    Box::new(move |request| {
        let (client, arn, id) = (client.clone(), arn.clone(), id.clone());
        Box::pin(async move { client.put_wait(&arn, &id, &request).await })
    })
}

/// The answer to the pending call.
async fn pending(answer: &mut Option<Answer>) -> Result<WaitAndJobView, ClientError> {
    let Some(call) = answer else { return std::future::pending().await };
    let answered = call.await;
    *answer = None;
    answered
}
