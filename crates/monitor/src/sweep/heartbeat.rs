//! When the sweep last ran, and what it means that it did not.
//!
//! A sweep that did not run for a while, or whose clock was set, shows that the monitor
//! was away: leases that ran out meanwhile say nothing of their waiters, who may have
//! found nobody to renew with.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Sweep;
use crate::policy::Policy;
use crate::ports::{Saved, StoreError};
use crate::wait::later;

/// The usual pause between two sweeps.
const SWEPT_EVERY: Duration = Duration::from_secs(60);

/// When the sweep last ran, as the store holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// When it last began.
    pub at: Timestamp,
    /// Since when it has run without a break.
    pub since: Timestamp,
    /// When it last began again after a break, or its clock was set. `None`: never since
    /// its first run, or version 0.1.0 wrote this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken_at: Option<Timestamp>,
}

/// What a sweep knows of those before it.
pub(super) struct Beat {
    /// When this one began. What a wait needs is judged by this time: a clock that is set
    /// while the sweep runs is found out by the next one.
    pub(super) now: Timestamp,
    /// Since when they ran without a break.
    pub(super) since: Timestamp,
    /// When the last break was over.
    pub(super) broken_at: Option<Timestamp>,
    /// By how much the clock went back since the last one, if it was set back.
    pub(super) back: Option<Duration>,
}

impl Sweep {
    /// Writes down that the sweep runs. Before anything is looked at: without it nobody
    /// would know of this run.
    pub(super) async fn beat(&self) -> Result<Beat, StoreError> {
        let mut found = self.store.load_heartbeat().await?;
        for _ in 0..Policy::CAS_TRIES {
            let now = self.clock.now();
            let last = found.as_ref().map(|found| &found.value);
            let before = last.filter(|last| self.follows(last, now));
            let since = before.map_or(now, |last| last.since);
            let broken_at = last.and_then(|last| before.map_or(Some(now), |_| last.broken_at));
            let back = last.and_then(|last| went_back(last.at, now));
            if since == now {
                tracing::info!(
                    ?last,
                    "the sweep begins, or begins again: every lease gets its time"
                );
            }
            let beat = Heartbeat { at: now, since, broken_at };
            match self.store.save_heartbeat(&beat, found.map(|found| found.version)).await? {
                Saved::Stored(_) => return Ok(Beat { now, since, broken_at, back }),
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

/// By how much a clock went back that showed `last` and shows `now`, if by more than clocks
/// of machines differ. At most: it had gone on since, until it was set.
fn went_back(last: Timestamp, now: Timestamp) -> Option<Duration> {
    let back = Duration::try_from(last.duration_since(now)).ok();
    let went_back = back.filter(|back| *back > Policy::CLOCK_DRIFT)?;
    Some(went_back + SWEPT_EVERY)
}
