//! Which of SageMaker's lists the sweep reads, and from when on.
//!
//! Promise: a wait is left to a list only after it is written down that the list is read from the
//! job's last known change on.

use std::time::Duration;

use futures::lock::Mutex;
use jiff::Timestamp;

use crate::compare_and_set::{CompareAndSet, Edit, Written};
use crate::heartbeat::Heartbeat;
use crate::job_list::{JobList, ListProgress};
use crate::policy::Policy;
use crate::ports::{Store, StoreError, Versioned};
use crate::time::later;

/// What a wait needs of a list.
#[derive(Debug)]
pub(super) struct Want {
    pub(super) list: JobList,
    /// From when on the changes of the job are not known, by SageMaker's clock.
    pub(super) since: Timestamp,
    /// The pause before the next check of the wait.
    pub(super) pause: Duration,
    /// Whether this sweep must read the list.
    pub(super) at_once: bool,
}

/// The lists, as the store holds them.
pub(super) struct Lists(Mutex<Versioned<Heartbeat>>);

impl Lists {
    pub(super) fn new(heartbeat: Versioned<Heartbeat>) -> Self {
        Self(Mutex::new(heartbeat))
    }

    /// Has the list read for a wait. Returns whether it will tell what changes: what changed long ago is
    /// not read, and a list that could not be read for long may not be readable at all.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn join(
        &self,
        store: &dyn Store,
        want: &Want,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (mut is_in_reach, mut is_stale) = (true, false);
        self.edit(store, |lists| {
            let known = lists.iter_mut().find(|known| known.list == want.list);
            let read_since = known.as_ref().map_or(now, |known| known.since);
            is_in_reach = later(want.since, Policy::LIST_REACH) >= read_since;
            is_stale = known.as_ref().is_some_and(|known| known.is_stale(now));
            match known {
                _ if !is_in_reach => {}
                Some(known) => known.join(want, now),
                None => lists.push(ListProgress::begun(want, now)),
            }
        })
        .await?;
        Ok(is_in_reach && !is_stale)
    }

    /// The lists that are due, after those are dropped that nobody waits for.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn due(
        &self,
        store: &dyn Store,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Vec<ListProgress>, StoreError> {
        self.edit(store, |lists| lists.retain(|one| one.wanted_until >= now)).await?;
        let heartbeat = self.0.lock().await;
        let lists = heartbeat.value.lists.iter();
        Ok(lists.filter(|one| one.is_due(policy, now)).cloned().collect())
    }

    /// Writes down how far a list was read. If another sweep had it begin earlier meanwhile, this
    /// counts for nothing.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn note(
        &self,
        store: &dyn Store,
        read: &ListProgress,
    ) -> Result<(), StoreError> {
        self.edit(store, |lists| {
            let same = |one: &&mut ListProgress| one.list == read.list && one.since == read.since;
            if let Some(one) = lists.iter_mut().find(same) {
                let wanted_until = one.wanted_until;
                *one = ListProgress { wanted_until, ..read.clone() };
            }
        })
        .await
    }

    /// Changes the lists, and writes them if that makes a difference.
    async fn edit(
        &self,
        store: &dyn Store,
        mut change: impl FnMut(&mut Vec<ListProgress>) + Send,
    ) -> Result<(), StoreError> {
        let mut heartbeat = self.0.lock().await;
        let edit = |found: Option<Versioned<Heartbeat>>| {
            let Some(found) = found else { return Edit::Keep(None) };
            let mut changed = found.value.clone();
            change(&mut changed.lists);
            if changed == found.value { Edit::Keep(Some(found)) } else { Edit::Write(changed) }
        };
        let cas = CompareAndSet { store, pauses: None };
        match cas.run::<_, Option<Versioned<Heartbeat>>>(Some(heartbeat.clone()), edit).await? {
            Written::Stored(stored) => *heartbeat = stored,
            Written::Kept(kept) => *heartbeat = kept.unwrap_or_else(|| heartbeat.clone()),
            Written::Contended => {
                return Err(StoreError::Retryable(
                    "other sweeps kept changing the lists".to_owned(),
                ));
            }
        }
        Ok(())
    }
}

impl ListProgress {
    fn begun(want: &Want, now: Timestamp) -> Self {
        Self {
            list: want.list.clone(),
            since: want.since,
            until: want.since,
            read_at: now,
            at_once: want.at_once,
            wanted_until: want.until(now),
            rest: None,
        }
    }

    fn join(&mut self, want: &Want, now: Timestamp) {
        if want.since < self.since {
            (self.since, self.until) = (want.since, self.until.min(want.since));
            self.rest = None;
        }
        self.at_once |= want.at_once;
        if self.wanted_until < later(now, want.pause) {
            self.wanted_until = want.until(now);
        }
    }

    /// A time that is ahead was written by a clock that was set back since.
    fn is_due(&self, policy: &Policy, now: Timestamp) -> bool {
        // Sweeps do not begin to the second: with the whole pause, one would be left out.
        let pause = policy.list_pause(self.list.kind).saturating_sub(Policy::LOOK / 2);
        let is_overdue = self.read_at > now || later(self.read_at, pause) <= now;
        is_overdue || self.at_once || self.rest.is_some()
    }

    fn is_stale(&self, now: Timestamp) -> bool {
        later(self.read_at, Policy::LIST_STALE) < now
    }
}

impl Want {
    /// With some to spare, so that a thousand waits do not each write the lists.
    fn until(&self, now: Timestamp) -> Timestamp {
        later(later(now, self.pause), Policy::LIST_SLACK)
    }
}
