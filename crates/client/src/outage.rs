//! A time in which the monitor cannot be reached.

use std::ops::Range;
use std::time::Duration;

use sagebell_monitor::jitter::vary;
use sagebell_monitor::ports::Entropy as _;
use sagebell_system::RandomEntropy;
use tokio::time::Instant;

use crate::backoff::Backoff;

/// How often an outage that goes on is told of.
const REPORT_EVERY: Duration = Duration::from_secs(300);
/// How often SageMaker itself is asked meanwhile, after the first time. It takes 5
/// Describe calls a second of an account, and a thousand waiters may be cut off at once.
const ASK_EVERY: Duration = Duration::from_secs(300);
/// How much longer it may be until SageMaker is asked.
const JITTER: Range<f64> = 1.0..1.5;

/// Since when, and what is next.
pub(crate) struct Outage {
    since: Instant,
    backoff: Backoff,
    report_at: Instant,
    ask_at: Instant,
}

impl Outage {
    /// One that begins now. SageMaker is asked after a lease's length: whoever is not
    /// renewed for so long may have been told of the end without hearing it.
    pub(crate) fn began(lease: Duration) -> Self {
        let now = Instant::now();
        let ask_at = now + vary(lease, JITTER, RandomEntropy.unit());
        Self { since: now, backoff: Backoff::within(lease), report_at: now, ask_at }
    }

    /// How long to wait before the next try.
    pub(crate) fn pause(&mut self, wish: Option<Duration>) -> Duration {
        self.backoff.pause(RandomEntropy.unit(), wish)
    }

    /// Whether it is time to say so, and not said since.
    pub(crate) fn report_is_due(&mut self) -> bool {
        let is_due = Instant::now() >= self.report_at;
        if is_due {
            self.report_at = Instant::now() + REPORT_EVERY;
        }
        is_due
    }

    /// When to ask SageMaker itself.
    pub(crate) fn ask_at(&self) -> Instant {
        self.ask_at
    }

    /// It is asked now.
    pub(crate) fn asked(&mut self) {
        let pause = vary(ASK_EVERY, JITTER, RandomEntropy.unit());
        self.ask_at = Instant::now() + pause;
    }

    /// How long it lasted.
    pub(crate) fn lasted(&self) -> Duration {
        self.since.elapsed()
    }
}
