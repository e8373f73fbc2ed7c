//! When the sweep last ran, and what it means that it did not.
//!
//! A sweep that did not run for a while, or whose clock was set, shows that the monitor
//! was away: leases that ran out meanwhile say nothing of their waiters, who may have
//! found nobody to renew with.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Sweep;
use crate::policy::Policy;
use crate::ports::{Saved, StoreError};
use crate::wait::later;

/// When the sweep last ran, as the store holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// When it last began.
    pub at: Timestamp,
    /// Since when it has run without a break.
    pub since: Timestamp,
}

/// What a sweep knows of those before it.
pub(super) struct Beat {
    /// Since when they ran without a break.
    pub(super) since: Timestamp,
    /// Waits that are due until then are looked at: until now, but if the clock jumped
    /// back, those too that were due by the time that it showed.
    pub(super) look_until: Timestamp,
}

impl Sweep {
    /// Writes down that the sweep runs. Before anything is looked at: without it nobody
    /// would know of this run.
    pub(super) async fn beat(&self) -> Result<Beat, StoreError> {
        let mut found = self.store.load_heartbeat().await?;
        for _ in 0..Policy::CAS_TRIES {
            let now = self.clock.now();
            let last = found.as_ref().map(|found| &found.value);
            let since = last.filter(|last| self.follows(last, now)).map_or(now, |last| last.since);
            let look_until = last.map_or(now, |last| last.at.max(now));
            if since == now {
                tracing::info!(
                    ?last,
                    "the sweep begins, or begins again: every lease gets its time"
                );
            }
            let beat = Heartbeat { at: now, since };
            match self.store.save_heartbeat(&beat, found.map(|found| found.version)).await? {
                Saved::Stored(_) => return Ok(Beat { since, look_until: jumped(look_until, now) }),
                Saved::Conflict(current) => found = current,
            }
        }
        Err(StoreError::Retryable("other sweeps kept writing first".to_owned()))
    }

    /// Whether a sweep now follows that one without a break.
    fn follows(&self, last: &Heartbeat, now: Timestamp) -> bool {
        now <= later(last.at, self.policy.sweep_gap) && last.at <= later(now, Policy::CLOCK_DRIFT)
    }
}

/// How far ahead to look: far enough for what was written last before a jump back.
fn jumped(look_until: Timestamp, now: Timestamp) -> Timestamp {
    if look_until > later(now, Policy::CLOCK_DRIFT) {
        later(look_until, Policy::LONGEST_RETRY)
    } else {
        now
    }
}
