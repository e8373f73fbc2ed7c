//! How often a wait is renewed, by its age.
//!
//! What a long wait loses by a later renewal is little beside its length. So the pauses grow with
//! the age, and the number of renewals grows with the logarithm of the duration.

use std::ops::Range;
use std::time::Duration;

use sagebell_monitor::jitter::vary;
use sagebell_monitor::policy::Policy;
use tokio::time::{Instant, sleep_until};

/// What is left of a lease when it is renewed: a quarter, at least five minutes, but at most half. A
/// renewal that fails is tried again at least every minute (`Policy::COME_BACK_PAUSE`), so many
/// attempts fit in it. DHCP renews a lease at half of its time too (RFC 2131, section 4.4.5).
const LEFT: (u32, Duration, u32) = (4, Duration::from_secs(300), 2);
/// The jitter of a renewal, so that waiters that started together do not always call together.
const JITTER: Range<f64> = 0.8..1.0;

/// The first and the longest pause between two reads of a wait without a channel.
const READ_PAUSES: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(300));
/// The reads in one lease of a wait without a channel, at least. All but one may be lost.
pub(crate) const READS_PER_LEASE: u32 = 3;
/// The part of a wait's age that a read may be late, up to [`READ_MINUTE`].
const READ_PART: u32 = 5;
/// The longest pause of a wait whose age is below [`READ_PART_LATER`] minutes.
const READ_MINUTE: Duration = Duration::from_secs(60);
/// The part of the age after that.
const READ_PART_LATER: u32 = 300;

/// The lease of a wait of this age: as long as the age, at least what was asked for, and at most
/// what the monitor accepts.
///
/// A wait without a channel gets it too: nobody can look for its waiter, so the lease is what
/// outlives an outage of its network.
pub(crate) fn lease(age: Duration, asked: Duration) -> Duration {
    let longest = Duration::from_secs((*Policy::LEASE_SECONDS.end()).into());
    age.min(longest).max(asked)
}

/// The pause before a lease of this length is renewed. `unit` is random, from 0 to 1.
pub(crate) fn renewal_pause(lease: Duration, unit: f64) -> Duration {
    let (part, least, most) = LEFT;
    let left = (lease / part).max(least).min(lease / most);
    vary(lease - left, JITTER, unit)
}

/// The pause before the next read of a wait without a channel, whose end nobody tells. Short jobs
/// are heard of after a fifth of their length, those of some hours within a minute, and long ones
/// after a three-hundredth of their length or five minutes. A day takes some 800 calls, and a whole
/// month 9,000. `unit` is random, from 0 to 1.
pub(crate) fn read_pause(age: Duration, unit: f64) -> Duration {
    let (first, longest) = READ_PAUSES;
    let pause = (age / READ_PART).min(READ_MINUTE).max(age / READ_PART_LATER);
    vary(pause.clamp(first, longest), JITTER, unit)
}

/// Sleeps until then. `None`: for ever.
pub(crate) async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: Duration = Duration::from_secs(600);
    const DAY: Duration = Duration::from_secs(86_400);

    /// The number of pauses that fit in a wait of this length.
    fn count(length: Duration, pause: impl Fn(Duration) -> Duration) -> u32 {
        let (mut age, mut count) = (Duration::ZERO, 0);
        while age < length {
            age += pause(age);
            count += 1;
        }
        count
    }

    #[test]
    fn a_renewal_has_time_to_fail_many_times_whatever_the_jitter() {
        let tries = Policy::COME_BACK_PAUSE * 3 / 2;
        for (lease, unit) in [(ASKED, 0.0), (ASKED, 1.0), (DAY / 4, 1.0), (DAY, 0.5), (DAY, 1.0)] {
            let pause = renewal_pause(lease, unit);
            assert!(pause + 6 * tries <= lease, "{lease:?}: {pause:?}");
            assert!(pause >= lease * 2 / 5, "{lease:?}: {pause:?}");
        }
        let short = Duration::from_secs(5);
        assert_eq!(renewal_pause(short, 1.0), short / 2);
    }

    #[test]
    fn renewals_grow_with_the_logarithm_of_the_duration_until_the_longest_lease() {
        let renewals = |days| count(days * DAY, |age| renewal_pause(lease(age, ASKED), 0.5));
        let (one, two, four) = (renewals(1), renewals(2), renewals(4));
        assert!(one < 16, "{one}");
        // From the first day on a lease is a day.
        assert!(two - one <= 2 && four - two <= 4, "{one} {two} {four}");
        let month = renewals(28);
        assert!(month < 60, "{month}");
    }

    #[test]
    fn a_lease_is_never_shorter_than_asked_nor_longer_than_accepted() {
        assert_eq!(lease(Duration::ZERO, ASKED), ASKED);
        assert_eq!(lease(DAY / 2, ASKED), DAY / 2);
        assert_eq!(lease(28 * DAY, ASKED), DAY);
        assert_eq!(lease(Duration::ZERO, DAY), DAY);
    }

    #[test]
    fn reads_are_late_by_a_small_part_of_the_age_and_bounded_in_number() {
        let reads = |days| count(days * DAY, |age| read_pause(age, 0.5));
        assert!((700..950).contains(&reads(1)), "{}", reads(1));
        assert!(reads(28) < 10_000, "{}", reads(28));
        for minutes in [0, 1, 10, 60, 300, 600, 1_440, 40_320] {
            let age = Duration::from_secs(minutes * 60);
            let pause = read_pause(age, 1.0);
            assert!(pause >= READ_PAUSES.0 && pause <= READ_PAUSES.1, "{age:?}: {pause:?}");
            assert!(minutes > 300 || pause <= READ_MINUTE, "{age:?}: {pause:?}");
            assert!(
                pause * READS_PER_LEASE <= lease(age, ASKED).max(READS_PER_LEASE * READ_PAUSES.1)
            );
        }
    }
}
