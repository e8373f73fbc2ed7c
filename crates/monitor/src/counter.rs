//! Counters that all functions of a deployment share.

use std::time::Duration;

use jiff::Timestamp;

use crate::time::{CLOCK_SKEW, later};

/// The name of a counter: whose, of what, and in which window of time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CountKey {
    /// Whose it is, as a principal or a region.
    pub whose: String,
    /// What is counted: one of a few words.
    pub what: &'static str,
    /// When the window begins.
    pub since: Timestamp,
    /// How long it is, in whole seconds.
    seconds: i64,
}

impl CountKey {
    /// The counter of now. Windows of a whole number of seconds lie side by side from
    /// 1970 on, so that those of a minute, an hour and a day begin at whole ones of UTC.
    #[must_use]
    pub fn at(
        whose: impl Into<String>,
        what: &'static str,
        window: Duration,
        now: Timestamp,
    ) -> Self {
        let seconds = i64::try_from(window.as_secs()).unwrap_or(i64::MAX).max(1);
        let second = now.as_second();
        let since = second.saturating_sub(second.rem_euclid(seconds));
        let since = Timestamp::from_second(since).unwrap_or(now);
        Self { whose: whose.into(), what, since, seconds }
    }

    /// When the window ends.
    #[must_use]
    pub fn until(&self) -> Timestamp {
        later(self.since, Duration::from_secs(self.seconds.unsigned_abs()))
    }

    /// When the store may forget the counter: not before any machine's clock is past
    /// its window.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        later(self.until(), CLOCK_SKEW)
    }

    /// From `now` to the window's end.
    #[must_use]
    pub fn rest(&self, now: Timestamp) -> Duration {
        Duration::try_from(self.until().duration_since(now)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_lie_side_by_side_and_hold_the_present() {
        for window in [1, 60, 3_600, 86_400] {
            let window = Duration::from_secs(window);
            for second in [0, 1, 59, 60, 3_599, 3_600, 86_399, 86_400, 1_767_225_601, -1] {
                let now = Timestamp::new(second, 0).unwrap();
                let key = CountKey::at("x", "waits", window, now);
                assert!(key.since <= now && now < key.until(), "{key:?} {now}");
                assert!(key.until() < key.expires_at());
                assert!(key.rest(now) > Duration::ZERO && key.rest(now) <= window);
                let next = CountKey::at("x", "waits", window, key.until());
                assert_eq!(next.since, key.until());
            }
        }
    }
}
