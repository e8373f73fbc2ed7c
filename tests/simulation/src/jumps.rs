//! The clocks of all functions are set while they run, as the one clock of a local stack
//! may be: an hour forward or back. SageMaker's, the store's and the waiters' own go on.

use std::fmt::{self, Display, Formatter};

use fastrand::Rng;

use crate::checks::RACE;
use crate::executor::Millis;

const MINUTE: Millis = 60_000;
const HOUR: i64 = 3_600_000;
/// Stirs the seed, so that these dice are not those of what else is drawn.
const OWN_DICE: u64 = 0x6a75_6d70_7321;

/// When the clocks are set, and by how much.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Jump {
    /// When.
    pub at: Millis,
    /// By so many milliseconds; 0: never.
    pub by: i64,
}

impl Jump {
    /// In one of three histories, at any time: a clock that is set is no fault after which
    /// anything may be late.
    #[must_use]
    pub fn draw(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed ^ OWN_DICE);
        let by = [0, 0, 0, 0, HOUR, -HOUR][rng.usize(..6)];
        let at = rng.u64(..70 * MINUTE);
        if by == 0 { Self::default() } else { Self { at, by } }
    }

    /// How far ahead the clocks are at this time, because they were set.
    #[must_use]
    pub fn ahead(self, now: Millis) -> i64 {
        if now < self.at { 0 } else { self.by }
    }

    /// Whether the clocks were set forward in this time.
    #[must_use]
    pub fn is_forward_between(self, since: Millis, until: Millis) -> bool {
        self.by > 0 && (since..=until).contains(&self.at)
    }

    /// How far ahead of the clocks the latest is that it can be: what they showed before.
    #[must_use]
    pub fn latest_ahead(self, now: Millis) -> i64 {
        self.ahead(now).max(0)
    }

    /// For how long a clock that was set back shows a time that was.
    #[must_use]
    pub fn repeated(self) -> Millis {
        u64::try_from(-self.by).unwrap_or_default()
    }

    /// Whether the clock that showed this had not been set yet; it is written down now.
    #[must_use]
    pub fn is_before(self, shown: i64, now: Millis) -> bool {
        now < self.at + RACE && shown.abs_diff(now as i64) < RACE
    }

    /// When it was, by true time, that a clock showed this; it is written down now. What
    /// was read just before the clock was set may be written just after.
    #[must_use]
    pub fn true_time(self, shown: i64, now: Millis) -> Millis {
        let at = if self.is_before(shown, now) { shown } else { shown - self.ahead(now) };
        u64::try_from(at).unwrap_or_default()
    }
}

impl Display for Jump {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.by {
            0 => f.write_str("no clock is set"),
            by => write!(f, "clocks are set by {} s at {} s", by / 1_000, self.at / 1_000),
        }
    }
}
