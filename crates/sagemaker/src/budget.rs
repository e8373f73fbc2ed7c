//! A token bucket that limits the Describe and List calls of the process. It uses the [`Clock`]
//! port, and all callers share it. In a monitor of several functions a [`CallBudget`] behind it
//! limits them all together.
//!
//! The rate follows SageMaker's answers as TCP follows losses (additive increase, multiplicative
//! decrease). A throttled call halves the rate and empties the bucket. Then the rate returns to
//! its full value within a minute.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sagebell_monitor::call_budget::{Call, CallBudget, Spent};
use sagebell_monitor::jitter::vary;
use sagebell_monitor::ports::{Clock, Entropy};

/// The lowest rate, as a part of the full rate.
const FLOOR: f64 = 1.0 / 16.0;
/// How long the climb from nothing back to the full rate takes, in seconds.
const RECOVERY_SECONDS: f64 = 60.0;
/// Calls in flight together are throttled together: one halving for all.
const ONE_EVENT: Duration = Duration::from_secs(1);
/// How much longer a wait may be, so that callers that were held up together do not call
/// together.
const JITTER: Range<f64> = 1.0..1.2;

/// The limits of a [`Budget`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Calls per second on average.
    pub per_second: f64,
    /// Calls at once after a quiet time: the size of the bucket.
    pub burst: f64,
    /// The longest that one call waits for its turn.
    pub longest_wait: Duration,
}

impl Default for Rate {
    /// Enough to check 300 overdue jobs per minute, and low enough to leave the limits of the
    /// account to pipelines and people.
    fn default() -> Self {
        Self { per_second: 5.0, burst: 10.0, longest_wait: Duration::from_secs(2) }
    }
}

/// The calls that the process may still make. Share one by [`Arc`].
pub struct Budget {
    full: Rate,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    bucket: Mutex<Bucket>,
    shared: Option<CallBudget>,
}

struct Bucket {
    /// Below zero: turns that are given out and waited for.
    tokens: f64,
    per_second: f64,
    filled_at: Duration,
    slowed_at: Option<Duration>,
}

impl Budget {
    /// A full bucket.
    #[must_use]
    pub fn new(full: Rate, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        let (tokens, per_second) = (full.burst, full.per_second);
        let filled_at = clock.uptime();
        let bucket = Mutex::new(Bucket { tokens, per_second, filled_at, slowed_at: None });
        Self { full, clock, entropy, bucket, shared: None }
    }

    /// The same, as a part of what all functions of a deployment may call together.
    #[must_use]
    pub fn part_of(self, shared: CallBudget) -> Self {
        Self { shared: Some(shared), ..self }
    }

    /// Waits for a call's turn in this process, and then in the whole deployment.
    pub(crate) async fn admit(&self, operation: &str, region: &str) -> Result<(), Spent> {
        let Some(call) = Call::of(operation) else { return Ok(()) };
        if call != Call::Stop {
            self.take().await?;
        }
        match &self.shared {
            Some(shared) => shared.take(region, call).await,
            None => Ok(()),
        }
    }

    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// Takes one call's token, after a wait of at most [`Rate::longest_wait`].
    ///
    /// # Errors
    /// [`Spent`], at once, if the wait would be longer.
    pub async fn take(&self) -> Result<(), Spent> {
        let wait = self.turn()?;
        if !wait.is_zero() {
            let drawn_out = vary(wait, JITTER, self.entropy.unit());
            self.clock.sleep(drawn_out.min(self.full.longest_wait)).await;
        }
        Ok(())
    }

    /// SageMaker throttled a call: reduce the rate.
    pub fn throttled(&self) {
        let now = self.clock.uptime();
        let mut bucket = self.filled(now);
        if bucket.slowed_at.is_some_and(|at| now.saturating_sub(at) < ONE_EVENT) {
            return;
        }
        bucket.slowed_at = Some(now);
        bucket.per_second = (bucket.per_second / 2.0).max(self.full.per_second * FLOOR);
        bucket.tokens = bucket.tokens.min(0.0);
        tracing::info!(per_second = bucket.per_second, "SageMaker throttles; calling less often");
    }

    /// Calls per second now: [`Rate::per_second`], or less while SageMaker
    /// throttles.
    #[must_use]
    pub fn per_second(&self) -> f64 {
        self.filled(self.clock.uptime()).per_second
    }

    /// Reserves the next turn and says how far off it is.
    fn turn(&self) -> Result<Duration, Spent> {
        let mut bucket = self.filled(self.clock.uptime());
        let missing = (1.0 - bucket.tokens).max(0.0);
        let wait = Duration::try_from_secs_f64(missing / bucket.per_second);
        let wait = wait.unwrap_or(Duration::MAX);
        if wait > self.full.longest_wait {
            return Err(Spent { wait });
        }
        bucket.tokens -= 1.0;
        Ok(wait)
    }

    /// The bucket, with what has dripped into it by now.
    fn filled(&self, now: Duration) -> std::sync::MutexGuard<'_, Bucket> {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let seconds = now.saturating_sub(bucket.filled_at).as_secs_f64();
        bucket.tokens = (bucket.tokens + seconds * bucket.per_second).min(self.full.burst);
        let climb = seconds * self.full.per_second / RECOVERY_SECONDS;
        bucket.per_second = (bucket.per_second + climb).min(self.full.per_second);
        bucket.filled_at = bucket.filled_at.max(now);
        bucket
    }
}

impl std::fmt::Debug for Budget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Budget").field("full", &self.full).finish_non_exhaustive()
    }
}
