//! Which of SageMaker's lists the sweep reads, and from when on.
//!
//! Promise: a wait is left to a list only after it is written down that the list is read from the
//! job's last known change on.

use std::time::Duration;

use jiff::Timestamp;

use super::notes::Notes;
use crate::job_list::{JobList, ListProgress};
use crate::policy::Policy;
use crate::ports::{Store, StoreError};
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

impl Notes {
    /// Has the list read for a wait. Returns whether it will tell what changes: what changed long ago is
    /// not read, and a list that could not be read for long may not be readable at all.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn join_list(
        &self,
        store: &dyn Store,
        want: &Want,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (mut is_in_reach, mut is_stale) = (true, false);
        self.edit(store, |notes| {
            let known = notes.lists.iter_mut().find(|known| known.list == want.list);
            let read_since = known.as_ref().map_or(now, |known| known.since);
            is_in_reach = later(want.since, Policy::LIST_REACH) >= read_since;
            is_stale = known.as_ref().is_some_and(|known| known.is_stale(now));
            match known {
                _ if !is_in_reach => {}
                Some(known) => known.join(want, now),
                None => notes.lists.push(ListProgress::begun(want, now)),
            }
        })
        .await?;
        Ok(is_in_reach && !is_stale)
    }

    /// The lists that are due, after those are dropped that nobody waits for.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn due_lists(
        &self,
        store: &dyn Store,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Vec<ListProgress>, StoreError> {
        self.edit(store, |notes| notes.lists.retain(|one| one.wanted_until >= now)).await?;
        let lists = self.read().await.lists.into_iter();
        Ok(lists.filter(|one| one.is_due(policy, now)).collect())
    }

    /// Writes down how far a list was read. If another sweep had it begin earlier meanwhile, this
    /// counts for nothing.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn note_read(
        &self,
        store: &dyn Store,
        read: &ListProgress,
    ) -> Result<(), StoreError> {
        self.edit(store, |notes| {
            let same = |one: &&mut ListProgress| one.list == read.list && one.since == read.since;
            if let Some(one) = notes.lists.iter_mut().find(same) {
                let wanted_until = one.wanted_until;
                *one = ListProgress { wanted_until, ..read.clone() };
            }
        })
        .await
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
