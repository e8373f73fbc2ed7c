//! Decides whether a principal may register one more wait.

use std::time::Duration;

use jiff::Timestamp;
use metrics::counter;

use crate::arn::JobArn;
use crate::counter::CountKey;
use crate::limits::{Limit, Limits, TooMany};
use crate::ports::{Store, StoreError};
use crate::principal::Principal;

/// Counts a new wait of this principal's on this job.
///
/// # Errors
/// [`TooMany`], if it is one more than a limit allows. A store that fails refuses nobody.
pub(super) async fn admit(
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
                tracing::warn!(%error, limit = limit.as_str(), "a new wait is accepted without counting");
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
