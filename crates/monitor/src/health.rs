//! Use case: how the monitor is, as far as its store and its dead-letter queues tell.
//!
//! Promise: what it reads is bounded, and a queue that cannot be asked hides nothing else.

use std::sync::Arc;

use futures::future::try_join_all;
use futures::{StreamExt as _, TryStreamExt as _, join, try_join};
use jiff::{SignedDuration, Timestamp};

use crate::call_budget::{Call, CallBudget, Used};
use crate::heartbeat::Heartbeat;
use crate::observation::Source;
use crate::policy::Policy;
use crate::ports::{Clock, DeadLetterQueue, DeadLetterQueues, JobFilter, Store, StoreError};
use crate::time::earlier;

/// Jobs whose timelines are read: the latest.
const JOBS: usize = 20;
/// Waits that are counted.
pub const DUE_LIMIT: usize = 200;
/// Connections that are counted.
pub const CONNECTION_LIMIT: usize = 1_000;
/// Budgets that are read: an account's calls of one kind in one region are one.
const BUDGETS: usize = 60;
/// Budgets that are read at the same time.
const CONCURRENCY: usize = 8;

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
    /// Open connections, [`CONNECTION_LIMIT`] at most.
    pub connections: usize,
    /// The budget of SageMaker calls of which the largest part was used. `None`: this monitor
    /// calls SageMaker nowhere.
    pub budget: Option<Used>,
    /// The dead-letter queues. Empty: this monitor has none.
    pub dead_letters: Vec<DeadLetterQueue>,
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

/// The use case.
#[derive(Clone)]
pub struct HealthQuery {
    /// Where jobs, waits and connections are.
    pub store: Arc<dyn Store>,
    /// The dead-letter queues, if there are any.
    pub dead_letters: Option<Arc<dyn DeadLetterQueues>>,
    /// The budgets of SageMaker calls, one for each account.
    pub budgets: Vec<CallBudget>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Times, and the regions.
    pub policy: Arc<Policy>,
}

impl HealthQuery {
    /// Reads how the monitor is: the heartbeat, what is due, open and used, the timelines of the
    /// latest jobs, and the lengths of the dead-letter queues.
    ///
    /// # Errors
    /// The store's.
    pub async fn read(&self) -> Result<Health, StoreError> {
        let stored = async { try_join!(self.stored(), self.budget(), self.seen()) };
        let (stored, dead_letters) = join!(stored, self.dead_letters());
        let (stored, budget, seen) = stored?;
        Ok(Health { budget, seen, dead_letters, ..stored })
    }

    async fn stored(&self) -> Result<Health, StoreError> {
        let now = self.clock.now();
        let (heartbeat, due, overdue, connections) = try_join!(
            self.store.load_heartbeat(),
            self.count_due(now),
            self.count_due(earlier(now, Policy::OVERDUE)),
            self.store.count_connections(CONNECTION_LIMIT),
        )?;
        let heartbeat = heartbeat.map(|found| found.value);
        let is_alive = |beat: &Heartbeat| earlier(now, self.policy.sweep_gap) <= beat.at;
        Ok(Health {
            sweep_is_alive: heartbeat.as_ref().is_some_and(is_alive),
            heartbeat,
            due,
            overdue,
            connections,
            seen: Seen::default(),
            budget: None,
            dead_letters: Vec::new(),
        })
    }

    async fn count_due(&self, by: Timestamp) -> Result<usize, StoreError> {
        Ok(self.store.list_due(by, None, DUE_LIMIT).await?.items.len())
    }

    async fn dead_letters(&self) -> Vec<DeadLetterQueue> {
        match &self.dead_letters {
            Some(queues) => queues.lengths().await,
            None => Vec::new(),
        }
    }

    /// The fullest budget.
    async fn budget(&self) -> Result<Option<Used>, StoreError> {
        let mut readings = Vec::new();
        for budget in &self.budgets {
            for region in &self.policy.regions {
                readings.extend(Call::ALL.map(|call| budget.used(region, call)));
            }
        }
        readings.truncate(BUDGETS);
        let readings = futures::stream::iter(readings).buffered(CONCURRENCY);
        let used: Vec<Used> = readings.try_collect().await?;
        Ok(used.into_iter().rev().max_by_key(Used::percent))
    }

    async fn seen(&self) -> Result<Seen, StoreError> {
        let latest = self.store.list_jobs(&JobFilter::default(), None, JOBS).await?;
        let records =
            try_join_all(latest.items.iter().map(|job| self.store.load_job(&job.arn))).await?;
        let mut seen = Seen { jobs: latest.items.len(), ..Seen::default() };
        for entry in records.iter().flatten().flat_map(|record| &record.value.timeline) {
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
