//! Fair shares: how many new waits one principal may register.
//!
//! Promise: only a wait that is new is counted. A renewal, a re-attachment and an answer
//! to a wait that was told already cost no call more. What can't be counted is let in:
//! limits keep shares fair, and guard nothing.

use std::time::Duration;

use jiff::Timestamp;
use metrics::counter;

use crate::arn::JobArn;
use crate::counter::CountKey;
use crate::ports::{Store, StoreError};
use crate::wait::Principal;

/// What of a principal's is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Limit {
    /// New waits in a minute.
    Registrations,
    /// New waits in an hour, on jobs that were never seen: each costs a Describe.
    Unseen,
    /// New waits in a day.
    WaitRegistry,
}

impl Limit {
    /// Every limit, the shortest window first: what one refuses is not counted by those
    /// after it.
    pub const ALL: [Self; 3] = [Self::Registrations, Self::Unseen, Self::WaitRegistry];

    /// The word that stores and logs use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registrations => "registrations",
            Self::Unseen => "unseen",
            Self::WaitRegistry => "waits",
        }
    }

    const fn window(self) -> Duration {
        let seconds = match self {
            Self::Registrations => 60,
            Self::Unseen => 3_600,
            Self::WaitRegistry => 86_400,
        };
        Duration::from_secs(seconds)
    }

    /// The counter of a principal's share now.
    #[must_use]
    pub fn counter(self, principal: &Principal, now: Timestamp) -> CountKey {
        CountKey::at(principal.0.clone(), self.as_str(), self.window(), now)
    }

    /// What is limited, in the words of a refusal.
    const fn words(self) -> &'static str {
        match self {
            Self::Registrations => "new waits in a minute",
            Self::Unseen => "new waits in an hour on jobs that were never seen",
            Self::WaitRegistry => "new waits in a day",
        }
    }
}

/// The most of each that one principal may register; 0 means as many as it likes,
/// uncounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// New waits in a minute.
    pub registrations_per_minute: u32,
    /// New waits in an hour on jobs that were never seen.
    pub unseen_per_hour: u32,
    /// New waits in a day.
    pub waits_per_day: u32,
}

impl Limits {
    /// No limits: for a monitor that does not know its callers apart.
    pub const NONE: Self =
        Self { registrations_per_minute: 0, unseen_per_hour: 0, waits_per_day: 0 };

    fn most(&self, limit: Limit) -> Option<u64> {
        let most = match limit {
            Limit::Registrations => self.registrations_per_minute,
            Limit::Unseen => self.unseen_per_hour,
            Limit::WaitRegistry => self.waits_per_day,
        };
        (most > 0).then_some(most.into())
    }
}

impl Default for Limits {
    /// Far more than thousands of steps that begin at once under one role.
    fn default() -> Self {
        Self { registrations_per_minute: 3_000, unseen_per_hour: 5_000, waits_per_day: 50_000 }
    }
}

/// A principal registered more than its share.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this role or user has registered {most} {}: the next are taken in {} s", .limit.words(), .retry_after.as_secs())]
pub struct TooMany {
    /// Of what.
    pub limit: Limit,
    /// How many are taken in one window.
    pub most: u64,
    /// How long until the next window, in whole seconds, rounded up.
    pub retry_after: Duration,
}

/// Counts a new wait of this principal's on this job.
///
/// # Errors
/// [`TooMany`], if it is one more than a limit allows. A store that fails refuses nobody.
pub(crate) async fn admit(
    store: &dyn Store,
    limits: &Limits,
    principal: &Principal,
    arn: &JobArn,
    now: Timestamp,
) -> Result<(), TooMany> {
    for limit in Limit::ALL {
        let Some(most) = limits.most(limit) else { continue };
        let key = limit.counter(principal, now);
        match count(store, limit, &key, arn).await {
            Ok(count) if count > most => {
                counter!("sagebell_waits_refused_total", "limit" => limit.as_str()).increment(1);
                return Err(TooMany { limit, most, retry_after: rest(&key, now) });
            }
            Ok(_) => {}
            Err(error) => {
                // The others would fail as this one did, and take their time.
                counter!("sagebell_waits_uncounted_total").increment(1);
                tracing::warn!(%error, limit = limit.as_str(), "a new wait is taken uncounted");
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The counter's new value; 0 where the limit is not about such a job.
async fn count(
    store: &dyn Store,
    limit: Limit,
    key: &CountKey,
    arn: &JobArn,
) -> Result<u64, StoreError> {
    if limit == Limit::Unseen {
        let found = store.load_job(arn).await?;
        // A registration alone makes a record, without a state.
        if found.is_some_and(|found| found.value.is_seen()) {
            return Ok(0);
        }
    }
    store.count(key).await
}

/// In whole seconds, rounded up.
fn rest(key: &CountKey, now: Timestamp) -> Duration {
    Duration::from_secs(key.rest(now).as_secs() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::later;

    #[test]
    fn a_refusal_lasts_until_the_next_window_has_begun() {
        for (second, nanosecond) in [(0, 0), (0, 1), (59, 0), (59, 999_999_999)] {
            let now = Timestamp::new(second, nanosecond).unwrap();
            let key = Limit::Registrations.counter(&Principal("x".to_owned()), now);
            let again = later(now, rest(&key, now));
            assert!(again >= key.until() && again <= later(key.until(), Duration::from_secs(1)));
        }
    }
}
