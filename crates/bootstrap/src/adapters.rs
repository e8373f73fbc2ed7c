//! The small adapters: the system's clock and randomness, announcements to the
//! log, and the absence of SageMaker.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::Timestamp;
use monitor::arn::JobArn;
use monitor::observation::Observation;
use monitor::ports::{Announcer, Clock, Entropy, SageMaker, SageMakerError};
use monitor::reckoning::{Bounds, Reckoning};
use monitor::signal::Announcement;
use monitor::wait::Principal;

/// The readings of the system's clock: a process has one.
static RECKONING: Mutex<Option<(Instant, Reckoning)>> = Mutex::new(None);

/// The system's clock and tokio's timer.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

/// What the clock shows, what time it can be, and how long the process has run.
#[allow(clippy::disallowed_methods, reason = "this is the adapter")]
fn read() -> (Timestamp, Bounds, Duration) {
    let mut reckoning = RECKONING.lock().unwrap_or_else(PoisonError::into_inner);
    let (begun, reckoning) =
        reckoning.get_or_insert_with(|| (Instant::now(), Reckoning::default()));
    let (now, uptime) = (Timestamp::now(), begun.elapsed());
    (now, reckoning.read(now, uptime), uptime)
}

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        read().0
    }

    fn latest(&self) -> Timestamp {
        read().1.latest
    }

    fn earliest(&self) -> Timestamp {
        read().1.earliest
    }

    fn uptime(&self) -> Duration {
        read().2
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomEntropy;

impl Entropy for RandomEntropy {
    fn unit(&self) -> f64 {
        rand::random()
    }
}

/// Announces to the log.
#[derive(Debug, Clone, Copy, Default)]
pub struct LoggingAnnouncer;

#[async_trait]
impl Announcer for LoggingAnnouncer {
    async fn announce(&self, announcement: &Announcement) {
        match announcement {
            Announcement::JobSettled { job } => {
                tracing::info!(arn = %job.arn, phase = %job.phase, "job settled");
            }
            Announcement::WaitUndeliverable { arn, wait_id, reason } => {
                tracing::warn!(%arn, wait = %wait_id, reason, "wait undeliverable");
            }
            Announcement::WaitAbandoned { arn, wait_id, stopping } => {
                tracing::warn!(%arn, wait = %wait_id, stopping, "wait abandoned");
            }
        }
    }
}

/// A monitor that knows only what events tell.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSageMaker;

#[async_trait]
impl SageMaker for NoSageMaker {
    async fn describe(&self, _arn: &JobArn) -> Result<Observation, SageMakerError> {
        Err(SageMakerError::Unavailable)
    }

    async fn owner(&self, _arn: &JobArn) -> Result<Option<Principal>, SageMakerError> {
        Err(SageMakerError::Unavailable)
    }

    async fn stop(&self, _arn: &JobArn) -> Result<(), SageMakerError> {
        Err(SageMakerError::Unavailable)
    }
}
