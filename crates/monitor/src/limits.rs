//! Fair shares: how many new waits one principal may register.
//!
//! Promise: only a new wait is counted. A renewal, a re-attachment, or a registration on a
//! settled wait costs nothing more. If counting fails, the wait is accepted: limits keep shares
//! fair, they are no security boundary.

use std::time::Duration;

use jiff::Timestamp;

use crate::counter::CountKey;
use crate::principal::Principal;

/// The limits on one principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Limit {
    /// New waits in a minute.
    Registrations,
    /// New waits in an hour on jobs that were never observed. Each of them may cost a Describe
    /// call.
    Unseen,
    /// New waits in a day.
    Waits,
}

impl Limit {
    /// Every limit, the shortest window first. If one refuses, the later ones are not counted.
    pub const ALL: [Self; 3] = [Self::Registrations, Self::Unseen, Self::Waits];

    /// The word that stores and logs use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registrations => "registrations",
            Self::Unseen => "unseen",
            Self::Waits => "waits",
        }
    }

    const fn window(self) -> Duration {
        let seconds = match self {
            Self::Registrations => 60,
            Self::Unseen => 3_600,
            Self::Waits => 86_400,
        };
        Duration::from_secs(seconds)
    }

    /// The current counter of a principal.
    #[must_use]
    pub fn counter(self, principal: &Principal, now: Timestamp) -> CountKey {
        CountKey::at(principal.0.clone(), self.as_str(), self.window(), now)
    }

    /// What is limited, for error messages.
    const fn words(self) -> &'static str {
        match self {
            Self::Registrations => "new waits in a minute",
            Self::Unseen => "new waits in an hour on jobs that were never seen",
            Self::Waits => "new waits in a day",
        }
    }
}

/// The maximum of each that one principal may register. 0 means no limit and no counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// New waits in a minute.
    pub registrations_per_minute: u32,
    /// New waits in an hour on jobs that were never observed.
    pub unseen_per_hour: u32,
    /// New waits in a day.
    pub waits_per_day: u32,
}

impl Limits {
    /// No limits, for a monitor that cannot distinguish its callers.
    pub const NONE: Self =
        Self { registrations_per_minute: 0, unseen_per_hour: 0, waits_per_day: 0 };

    pub(crate) fn most(&self, limit: Limit) -> Option<u64> {
        let most = match limit {
            Limit::Registrations => self.registrations_per_minute,
            Limit::Unseen => self.unseen_per_hour,
            Limit::Waits => self.waits_per_day,
        };
        (most > 0).then_some(most.into())
    }
}

impl Default for Limits {
    /// Far more than thousands of steps that start at the same time with one role.
    fn default() -> Self {
        Self { registrations_per_minute: 3_000, unseen_per_hour: 5_000, waits_per_day: 50_000 }
    }
}

/// A principal registered too many waits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this role or user has registered {most} {}. Try again in {} s", .limit.words(), .retry_after.as_secs())]
pub struct TooMany {
    /// The limit.
    pub limit: Limit,
    /// How many are accepted in one window.
    pub most: u64,
    /// How long until the next window, in whole seconds, rounded up.
    pub retry_after: Duration,
}
