//! A time in which the monitor cannot be reached.

use std::ops::Range;
use std::time::Duration;

use sagebell_monitor::jitter::vary;
use sagebell_monitor::ports::Entropy as _;
use sagebell_system::RandomEntropy;
use tokio::time::Instant;

use crate::backoff::Backoff;

/// How often a long outage is reported.
const REPORT_EVERY: Duration = Duration::from_secs(300);
/// How often the waiter calls SageMaker itself meanwhile, after the first time. SageMaker accepts 5
/// Describe calls per second of an account, and a thousand waiters may be cut off at the same time.
const ASK_EVERY: Duration = Duration::from_secs(300);
/// The jitter before SageMaker is called.
const JITTER: Range<f64> = 1.0..1.5;

/// An outage: since when, and what is next.
pub(crate) struct Outage {
    since: Instant,
    backoff: Backoff,
    report_at: Instant,
    ask_at: Instant,
}

impl Outage {
    /// An outage that begins now. SageMaker is called after one lease length: a waiter that was not
    /// renewed for so long may have missed the signal about the end.
    pub(crate) fn began(lease: Duration) -> Self {
        let now = Instant::now();
        let ask_at = now + vary(lease, JITTER, RandomEntropy.unit());
        Self { since: now, backoff: Backoff::within(lease), report_at: now, ask_at }
    }

    /// The pause before the next attempt.
    pub(crate) fn pause(&mut self, wish: Option<Duration>) -> Duration {
        self.backoff.pause(RandomEntropy.unit(), wish)
    }

    /// Whether it is time to report the outage.
    pub(crate) fn report_is_due(&mut self) -> bool {
        let is_due = Instant::now() >= self.report_at;
        if is_due {
            self.report_at = Instant::now() + REPORT_EVERY;
        }
        is_due
    }

    /// When to call SageMaker itself.
    pub(crate) fn ask_at(&self) -> Instant {
        self.ask_at
    }

    /// Notes that SageMaker is called now.
    pub(crate) fn asked(&mut self) {
        let pause = vary(ASK_EVERY, JITTER, RandomEntropy.unit());
        self.ask_at = Instant::now() + pause;
    }

    /// How long the outage lasted.
    pub(crate) fn lasted(&self) -> Duration {
        self.since.elapsed()
    }
}
