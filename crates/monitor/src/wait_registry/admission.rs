//! Decides whether a principal may register one more wait.

use std::time::Duration;

use jiff::Timestamp;
use metrics::counter;

use crate::counter::CountKey;
use crate::limits::{Limit, Limits, TooMany};
use crate::ports::Store;
use crate::principal::Principal;

/// What new waits are counted with.
pub(super) struct Admission<'a> {
    pub(super) store: &'a dyn Store,
    pub(super) limits: &'a Limits,
    pub(super) now: Timestamp,
}

impl Admission<'_> {
    /// Counts a new wait of this principal's for these limits. If one refuses, the later ones are not
    /// counted.
    ///
    /// # Errors
    /// [`TooMany`], if it is one more than a limit allows. A store that fails refuses nobody.
    pub(super) async fn admit(&self, who: &Principal, limits: &[Limit]) -> Result<(), TooMany> {
        let Self { store, now, .. } = *self;
        for &limit in limits {
            let Some(most) = self.limits.most(limit) else { continue };
            let key = limit.counter(who, now);
            match store.count(&key).await {
                Ok(count) if count > most => {
                    counter!("sagebell_waits_refused_total", "limit" => limit.as_str())
                        .increment(1);
                    return Err(TooMany { limit, most, retry_after: rest(&key, now) });
                }
                Ok(_) => {}
                Err(error) => {
                    // The others would fail as this one did, and take their time.
                    counter!("sagebell_waits_uncounted_total").increment(1);
                    tracing::warn!(%error, limit = limit.as_str(), "a new wait is accepted without counting");
                    return Ok(());
                }
            }
        }
        Ok(())
    }
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
