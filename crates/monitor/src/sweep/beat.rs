//! Records when the sweep ran last, and decides what a gap means.
//!
//! If the sweep did not run for a while, or its clock was set, then the monitor was down. Leases
//! that ended in that time say nothing about their waiters, which perhaps could not renew them.

use std::convert::Infallible;
use std::time::Duration;

use jiff::Timestamp;

use crate::compare_and_set::{CompareAndSet, Edit, Written};
use crate::heartbeat::{Break, Heartbeat};
use crate::policy::Policy;
use crate::ports::{Clock, Store, StoreError, Versioned};
use crate::time::{earlier, later};

/// The number of breaks that are kept separately. Older ones are added up.
const BREAKS: usize = 8;

/// How long a wait that was given up is named.
const NAMED: Duration = Duration::from_secs(86_400);

/// The usual pause between two sweeps.
const SWEPT_EVERY: Duration = Duration::from_secs(60);

/// What a sweep knows of earlier sweeps.
pub(super) struct Beat {
    /// When this sweep began. All decisions of the sweep use this time. If the clock is set while
    /// the sweep runs, the next sweep notices it.
    pub(super) now: Timestamp,
    /// Since when the sweeps ran without a break.
    pub(super) since: Timestamp,
    /// The latest breaks, the oldest first.
    pub(super) breaks: Vec<Break>,
    /// How far the clock went back since the last sweep, if it was set back.
    pub(super) back: Option<Duration>,
    /// The heartbeat of this sweep.
    pub(super) heartbeat: Versioned<Heartbeat>,
}

impl Beat {
    /// Records that the sweep runs. It comes before all other work, because without it nobody would
    /// know of this run.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn begin(
        store: &dyn Store,
        clock: &dyn Clock,
        policy: &Policy,
    ) -> Result<Self, StoreError> {
        let found = store.load_heartbeat().await?;
        let mut back = None;
        let edit = |found: Option<Versioned<Heartbeat>>| {
            let now = clock.now();
            let last = found.as_ref().map(|found| &found.value);
            let before = last.filter(|last| follows(last, now, policy));
            let since = before.map_or(now, |last| last.since);
            back = last.and_then(|last| went_back(last.at, now));
            let breaks = last.map(|last| last.breaks.clone()).unwrap_or_default();
            let lists = last.map(|last| last.lists.clone()).unwrap_or_default();
            let given_up = last.map(|last| last.given_up.clone()).unwrap_or_default();
            let given_up = given_up.into_iter().filter(|one| later(one.at, NAMED) > now).collect();
            let mut breaks = brought_forward(breaks, back.unwrap_or_default());
            if before.is_none() {
                breaks.extend(last.map(|last| between(last.at, now)));
            }
            if since == now {
                tracing::info!(
                    ?last,
                    "the sweep begins, or begins again: every lease gets its time"
                );
            }
            let breaks = latest(breaks);
            Edit::<_, Infallible>::Write(Heartbeat { at: now, since, breaks, lists, given_up })
        };
        match (CompareAndSet { store, pauses: None }).run(found, edit).await? {
            Written::Stored(heartbeat) => {
                let Heartbeat { at: now, since, breaks, .. } = heartbeat.value.clone();
                Ok(Self { now, since, breaks, back, heartbeat })
            }
            Written::Kept(never) => match never {},
            Written::Contended => {
                Err(StoreError::Retryable("other sweeps kept changing it".to_owned()))
            }
        }
    }
}

/// Whether a sweep at this time follows that one without a break.
fn follows(last: &Heartbeat, now: Timestamp, policy: &Policy) -> bool {
    now <= later(last.at, policy.sweep_gap) && last.at <= later(now, Policy::CLOCK_DRIFT)
}

/// The break between two sweeps.
fn between(last: Timestamp, now: Timestamp) -> Break {
    let seconds = now.duration_since(last).as_secs();
    Break { over_at: now, seconds: seconds.try_into().unwrap_or_default() }
}

/// The same breaks by a clock that went back by this much.
fn brought_forward(mut breaks: Vec<Break>, by: Duration) -> Vec<Break> {
    for one in &mut breaks {
        one.over_at = earlier(one.over_at, by);
    }
    breaks
}

/// Merges the oldest two breaks if there are too many. The result ends with the later one.
fn latest(mut breaks: Vec<Break>) -> Vec<Break> {
    while breaks.len() > BREAKS {
        let oldest = breaks.remove(0);
        if let Some(next) = breaks.first_mut() {
            next.seconds = next.seconds.saturating_add(oldest.seconds);
        }
    }
    breaks
}

/// By how much a clock went back that showed `last` and shows `now`, if by more than clocks
/// of machines differ. At most: it had gone on since, until it was set.
fn went_back(last: Timestamp, now: Timestamp) -> Option<Duration> {
    let back = Duration::try_from(last.duration_since(now)).ok();
    let went_back = back.filter(|back| *back > Policy::CLOCK_DRIFT)?;
    Some(went_back + SWEPT_EVERY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaks_are_bounded_and_none_is_forgotten() {
        let at = |second| Timestamp::new(second, 0).unwrap();
        let breaks = latest((1..=20).map(|n| Break { over_at: at(n), seconds: 10 }).collect());
        assert_eq!(breaks.len(), BREAKS);
        assert_eq!(breaks.iter().map(|one| one.seconds).sum::<u64>(), 200);
        assert_eq!(breaks.first().unwrap().over_at, at(13));
    }

    #[test]
    fn a_clock_that_went_back_left_nothing_out() {
        let at = |second| Timestamp::new(second, 0).unwrap();
        assert_eq!(between(at(3_600), at(0)).seconds, 0);
        assert_eq!(between(at(0), at(3_600)).seconds, 3_600);
    }
}
