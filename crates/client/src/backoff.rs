//! The pauses between tries of a call that fails.

use std::time::Duration;

/// The first pause.
const FIRST: Duration = Duration::from_secs(1);
/// How many of the longest pauses fit into a lease: several tries, each as late as it
/// may be, and each as slow as it may be, still come before a lease is over.
const PAUSES_PER_LEASE: u32 = 6;
/// The longest pause, however long the lease is: whoever is cut off comes back soon.
const LONGEST: Duration = Duration::from_secs(120);
/// By which part of itself a pause may be longer, so that waiters that failed together
/// do not come again together.
const JITTER: f64 = 0.5;

/// Pauses that double from one second to a sixth of a lease, or two minutes.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    next: Duration,
    longest: Duration,
}

impl Backoff {
    /// The pauses that suit this lease.
    pub(crate) fn within(lease: Duration) -> Self {
        let longest = (lease / PAUSES_PER_LEASE).min(LONGEST);
        Self { next: FIRST.min(longest), longest }
    }

    /// The next pause; `unit` is random, from 0 to 1. A wish of the other side counts as
    /// far as the longest pause goes.
    pub(crate) fn pause(&mut self, unit: f64, wish: Option<Duration>) -> Duration {
        let pause = self.next.max(wish.unwrap_or_default()).min(self.longest);
        self.next = (self.next * 2).min(self.longest);
        pause.mul_f64(1.0 + JITTER * unit)
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
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 100, 100, 100]);
        assert!(backoff.pause(1.0, None) <= LEASE / 4);
    }

    #[test]
    fn a_wish_is_honoured_within_reason() {
        let pause = |wish| Backoff::within(LEASE).pause(0.0, Some(Duration::from_secs(wish)));
        assert_eq!(pause(7), Duration::from_secs(7));
        assert_eq!(pause(3_600), Duration::from_secs(100));
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
