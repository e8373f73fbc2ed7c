//! The pauses between the attempts of a call that fails.

use std::ops::Range;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use sagebell_monitor::jitter::vary;
use sagebell_monitor::policy::Policy;

/// The first pause.
const FIRST: Duration = Duration::from_secs(1);
/// The number of longest pauses in one lease. So several attempts happen before a lease ends, even
/// if each is as late and as slow as possible.
const PAUSES_PER_LEASE: u32 = 6;
/// The longest pause, however long the lease is. The monitor counts on it before it takes a waiter
/// for gone.
const LONGEST: Duration = Policy::COME_BACK_PAUSE;
/// The jitter of a pause, so that waiters that failed together do not come back together.
const JITTER: Range<f64> = 1.0..1.5;

/// Pauses that double from one second to the longest.
#[derive(Debug)]
pub(crate) struct Backoff {
    pauses: ExponentialBackoff,
    longest: Duration,
}

impl Backoff {
    /// The pauses that suit this lease.
    pub(crate) fn within(lease: Duration) -> Self {
        Self::up_to((lease / PAUSES_PER_LEASE).min(LONGEST))
    }

    /// Pauses up to this one, before jitter.
    pub(crate) fn up_to(longest: Duration) -> Self {
        let pauses = ExponentialBuilder::new().with_min_delay(FIRST.min(longest));
        let pauses = pauses.with_max_delay(longest).without_max_times().build();
        Self { pauses, longest }
    }

    /// The same pause every time, before jitter.
    pub(crate) fn constant(pause: Duration) -> Self {
        let pauses = ExponentialBuilder::new().with_min_delay(pause).with_max_delay(pause);
        Self { pauses: pauses.without_max_times().build(), longest: pause }
    }

    /// The next pause. `unit` is random, from 0 to 1. A `Retry-After` counts up to the longest
    /// pause.
    pub(crate) fn pause(&mut self, unit: f64, wish: Option<Duration>) -> Duration {
        let pause = self.pauses.next().unwrap_or(self.longest);
        vary(pause.max(wish.unwrap_or_default()).min(self.longest), JITTER, unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEASE: Duration = Duration::from_secs(600);

    #[test]
    fn pauses_grow_from_a_second_and_stay_well_inside_the_lease() {
        let mut backoff = Backoff::within(LEASE);
        let pauses: Vec<_> = (0..10).map(|_| backoff.pause(0.0, None).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30, 30, 30, 30]);
        assert_eq!(backoff.pause(1.0, None), Duration::from_secs(45));
    }

    #[test]
    fn a_wish_is_honoured_within_reason() {
        let pause = |wish| Backoff::within(LEASE).pause(0.0, Some(Duration::from_secs(wish)));
        assert_eq!(pause(7), Duration::from_secs(7));
        assert_eq!(pause(3_600), LONGEST);
        assert_eq!(pause(0), FIRST);
    }

    #[test]
    fn a_long_lease_is_no_reason_to_come_back_late() {
        let mut backoff = Backoff::within(Duration::from_secs(86_400));
        let longest = (0..20).map(|_| backoff.pause(0.0, None)).max();
        assert_eq!(longest, Some(LONGEST));
    }

    #[test]
    fn a_short_lease_has_short_pauses() {
        let mut backoff = Backoff::within(Duration::from_secs(6));
        assert!(backoff.pause(1.0, None) <= Duration::from_millis(1_500));
    }
}
