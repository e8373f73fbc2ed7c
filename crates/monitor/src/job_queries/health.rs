//! Use case: how the monitor is, as far as its store tells.

use futures::future::try_join_all;
use jiff::{SignedDuration, Timestamp};

use super::JobQueries;
use crate::heartbeat::Heartbeat;
use crate::observation::Source;
use crate::policy::Policy;
use crate::ports::{JobFilter, StoreError};
use crate::time::earlier;

/// Jobs whose timelines are read: the latest.
const JOBS: usize = 20;
/// Waits that are counted.
pub const DUE_LIMIT: usize = 200;

/// How the monitor is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// What the last sweep left. `None`: no sweep ran yet.
    pub heartbeat: Option<Heartbeat>,
    /// Whether the sweep ran within the time in which it should.
    pub sweep_is_alive: bool,
    /// Waits that the next sweep handles, [`DUE_LIMIT`] at most.
    pub due: usize,
    /// Those of them that a sweep should have handled long ago.
    pub overdue: usize,
    /// How the observations of the latest jobs came.
    pub seen: Seen,
}

/// How observations came, of the latest jobs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// How many jobs these are.
    pub jobs: usize,
    /// Observations by events.
    pub events: usize,
    /// Observations by lists, which told what no event did.
    pub lists: usize,
    /// Observations by Describe calls.
    pub describes: usize,
    /// How long after the change events were seen, the shortest first.
    pub event_lags: Vec<SignedDuration>,
}

impl Seen {
    /// The lag that so many percent of the events do not exceed.
    #[must_use]
    pub fn event_lag(&self, percent: usize) -> Option<SignedDuration> {
        let rank = (self.event_lags.len() * percent).div_ceil(100).saturating_sub(1);
        self.event_lags.get(rank).copied()
    }
}

impl JobQueries {
    /// Reads how the monitor is: the heartbeat, the waits that are due, and the timelines of the
    /// latest jobs.
    ///
    /// # Errors
    /// The store's.
    pub async fn health(&self) -> Result<Health, StoreError> {
        let now = self.recorder.clock.now();
        let heartbeat = self.store.load_heartbeat().await?.map(|found| found.value);
        let gap = self.recorder.policy.sweep_gap;
        let is_alive = |beat: &Heartbeat| earlier(now, gap) <= beat.at;
        Ok(Health {
            sweep_is_alive: heartbeat.as_ref().is_some_and(is_alive),
            heartbeat,
            due: self.count_due(now).await?,
            overdue: self.count_due(earlier(now, Policy::OVERDUE)).await?,
            seen: self.seen().await?,
        })
    }

    async fn count_due(&self, by: Timestamp) -> Result<usize, StoreError> {
        Ok(self.store.list_due(by, None, DUE_LIMIT).await?.items.len())
    }

    async fn seen(&self) -> Result<Seen, StoreError> {
        let latest = self.store.list_jobs(&JobFilter::default(), None, JOBS).await?;
        let records = try_join_all(latest.items.iter().map(|job| self.get(&job.arn))).await?;
        let mut seen = Seen { jobs: latest.items.len(), ..Seen::default() };
        for entry in records.iter().flatten().flat_map(|record| &record.timeline) {
            match entry.source {
                Source::Event => {
                    seen.events += 1;
                    seen.event_lags.push(entry.seen_at.duration_since(entry.at));
                }
                Source::List => seen.lists += 1,
                Source::Describe => seen.describes += 1,
            }
        }
        seen.event_lags.sort();
        Ok(seen)
    }
}
