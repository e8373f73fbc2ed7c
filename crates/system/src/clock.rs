//! The system's clock.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::Timestamp;
use sagebell_monitor::ports::Clock;
use sagebell_monitor::reckoning::{Bounds, Reckoning};

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
