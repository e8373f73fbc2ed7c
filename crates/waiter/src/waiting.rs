//! Waiting for one job: registered, renewed, and rung.
//!
//! Promises: what is heard is signed with this wait's secret; a lost callback
//! costs one renewal's time, since the answer to a renewal tells the job too; an
//! outage of the monitor is told and outlived, not taken for the job's end.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use monitor::arn::JobArn;
use monitor::job::Job;
use monitor::ports::Clock;
use monitor::wait::{Hear, OnAbandon, Secret, WaitId};
use serde::Serialize;
use tokio::time::Instant;
use webhook::{CALLBACK_PATH, Listener, Stats};

use crate::client::{Client, ClientError, WaitAnswer, retried};
use crate::secret::new_secret;

/// A lease is renewed this many times in its life: all but one may be lost.
const RENEWALS_PER_LEASE: u32 = 3;
/// The part of the pause by which a renewal may come sooner, so that waiters that
/// began together do not call together for ever.
const JITTER: f64 = 0.2;

/// What a waiter asks of the monitor.
#[derive(Debug, Clone)]
pub struct Terms {
    /// What to be told.
    pub hear: Hear,
    /// What becomes of the job if the waiter vanishes for good.
    pub on_abandon: OnAbandon,
    /// How long the wait lives without being renewed, in seconds.
    pub lease_seconds: u32,
    /// When to give up; `None`: as late as the monitor allows.
    pub deadline: Option<Timestamp>,
    /// Older states of the resource are not heard of.
    pub not_before: Option<Timestamp>,
    /// The waiter's own labels.
    pub labels: BTreeMap<String, String>,
}

/// Why there was no waiting, or no more.
#[derive(Debug, thiserror::Error)]
pub enum WaitError {
    /// The monitor did not answer, or refused.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The wait ended without its job having settled.
    #[error("the wait is {0}: somebody else ended it")]
    Ended(String),
}

impl WaitError {
    /// Whether the wait is as it was, and only the monitor is out of reach.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::Client(error) if error.is_outage())
    }

    /// Whether the same call may succeed in a moment: not if there is no monitor.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Client(error) if error.may_pass())
    }
}

/// What came of listening for a while.
#[derive(Debug)]
pub enum Heard {
    /// The job as now known, and not as it was known before.
    Job(Job),
    /// A renewal failed. The wait goes on: the callback may come all the same.
    Outage(WaitError),
}

/// A listener with the secret and the id of the wait that it will hear of. It is
/// opened before there is a job, so that nothing can ring unheard.
pub struct Ear {
    listener: Listener,
    secret: Secret,
    id: WaitId,
    url: String,
}

impl Ear {
    /// Listens on `address` (port 0: any free one).
    ///
    /// # Errors
    /// What the system says when the address cannot be had.
    pub async fn open(address: SocketAddr, id: WaitId, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let secret = new_secret().map_err(io::Error::other)?;
        let listener = Listener::bind(address, secret.clone(), id.clone(), clock).await?;
        let url = format!("http://{}{CALLBACK_PATH}", listener.local_addr());
        Ok(Self { listener, secret, id, url })
    }
}

/// The body of a registration.
#[derive(Serialize)]
struct Request {
    callback_url: String,
    secret: String,
    hear: Hear,
    on_abandon: OnAbandon,
    lease_seconds: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<Timestamp>,
    labels: BTreeMap<String, String>,
}

/// A registered wait.
pub struct Waiting {
    client: Client,
    arn: JobArn,
    id: WaitId,
    request: Request,
    listener: Listener,
    renew_at: Instant,
    known: Option<Job>,
}

impl Waiting {
    /// A wait that is not registered yet.
    #[must_use]
    pub fn new(client: Client, ear: Ear, arn: JobArn, terms: Terms) -> Self {
        let request = Request {
            callback_url: ear.url,
            secret: ear.secret.expose().to_owned(),
            hear: terms.hear,
            on_abandon: terms.on_abandon,
            lease_seconds: terms.lease_seconds,
            deadline: terms.deadline,
            not_before: terms.not_before,
            labels: terms.labels,
        };
        let (listener, id) = (ear.listener, ear.id);
        Self {
            client,
            arn,
            id,
            request,
            listener,
            renew_at: soon(terms.lease_seconds),
            known: None,
        }
    }

    /// The first call, which is made again, for most of a minute, where `again` says
    /// so: nothing waits yet that a later renewal could save. `outage` is told of
    /// each failure.
    ///
    /// # Errors
    /// [`WaitError`] says why there is no waiting.
    pub async fn register(
        &mut self,
        again: fn(&WaitError) -> bool,
        outage: impl FnMut(&WaitError),
    ) -> Result<Job, WaitError> {
        let job = retried(|| self.put(), again, outage).await?;
        self.renew_at = soon(self.request.lease_seconds);
        self.known = Some(job.clone());
        Ok(job)
    }

    /// Sleeps until there is news: a callback, or the answer to a renewal that says
    /// what no callback did. Cancel safe.
    ///
    /// # Errors
    /// [`WaitError`] if the wait is over.
    pub async fn next(&mut self) -> Result<Heard, WaitError> {
        loop {
            let heard = tokio::select! {
                Some(signal) = self.listener.next() => signal.data.job,
                () = tokio::time::sleep_until(self.renew_at) => {
                    self.renew_at = soon(self.request.lease_seconds);
                    match self.put().await {
                        Ok(job) => job,
                        Err(error) if error.is_outage() => return Ok(Heard::Outage(error)),
                        Err(error) => return Err(error),
                    }
                }
            };
            if self.known.as_ref() != Some(&heard) {
                self.known = Some(heard.clone());
                return Ok(Heard::Job(heard));
            }
        }
    }

    async fn put(&self) -> Result<Job, WaitError> {
        let answer = self.client.put_wait(&self.arn, self.id.as_str(), &self.request).await?;
        match answer.state() {
            "waiting" | "signalled" => Ok(answer.job),
            other => Err(WaitError::Ended(other.to_owned())),
        }
    }

    /// What the listener has met so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.listener.stats()
    }

    /// Takes the wait back: the job goes on without it.
    ///
    /// # Errors
    /// The API's; then the lease ends the wait.
    pub async fn cancel(&self) -> Result<WaitAnswer, ClientError> {
        self.client.cancel_wait(&self.arn, self.id.as_str()).await
    }

    /// Stops listening.
    pub async fn shutdown(self) {
        self.listener.shutdown().await;
    }
}

/// When to renew next.
fn soon(lease_seconds: u32) -> Instant {
    Instant::now() + renewal_pause(lease_seconds, rand::random())
}

/// The pause until the next renewal; `unit` is random, from 0 to 1.
fn renewal_pause(lease_seconds: u32, unit: f64) -> Duration {
    let pause = f64::from(lease_seconds) / f64::from(RENEWALS_PER_LEASE);
    Duration::from_secs_f64(pause * (1.0 - JITTER * unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_outlives_two_lost_renewals_whatever_the_jitter() {
        for unit in [0.0, 0.5, 1.0] {
            let pause = renewal_pause(600, unit);
            assert!(pause * RENEWALS_PER_LEASE <= Duration::from_secs(600), "{pause:?}");
            assert!(pause >= Duration::from_secs(160), "{pause:?}");
        }
    }
}
