//! The store in memory: the reference model of the `Store` port.
//!
//! Promise: it does what the port says in the plainest way, the same way every
//! time (no hash order anywhere), and keeps every time to the nanosecond.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;

use crate::arn::JobArn;
use crate::connection::Connection;
use crate::counter::CountKey;
use crate::heartbeat::Heartbeat;
use crate::job::{Job, JobRecord};
use crate::ports::{Clock, Cursor, JobFilter, Page, Saved, Store, StoreError, Version, Versioned};
use crate::principal::Principal;
use crate::wait::{ConnectionId, Wait, WaitId, WaitKey};

/// The reference model: maps under a lock.
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The last version given out, over all items: one that is forgotten and
    /// made anew never comes back to a version it had.
    last_version: u64,
    jobs: BTreeMap<JobArn, Versioned<JobRecord>>,
    waits: BTreeMap<JobArn, BTreeMap<Name, Versioned<Wait>>>,
    connections: BTreeMap<ConnectionId, Versioned<Connection>>,
    heartbeat: Option<Versioned<Heartbeat>>,
    counts: BTreeMap<CountKey, u64>,
    counts_fail: bool,
}

/// A wait's name among those of its job.
type Name = (WaitId, Option<Principal>);

fn name(key: &WaitKey) -> Name {
    (key.id.clone(), key.owner.clone())
}

/// A wait's name in a cursor: the owner comes last, for it may hold anything.
fn written(key: &WaitKey) -> String {
    let owner = key.owner.as_ref().map_or("", |owner| &owner.0);
    format!("{}|{}|{owner}", key.id, key.arn)
}

fn read(text: &str) -> Option<WaitKey> {
    let mut parts = text.splitn(3, '|');
    let id = WaitId::parse(parts.next()?).ok()?;
    let arn = JobArn::parse(parts.next()?).ok()?;
    let owner = parts.next().filter(|owner| !owner.is_empty());
    Some(WaitKey { arn, id, owner: owner.map(|owner| Principal(owner.to_owned())) })
}

trait Expires {
    fn expires_at(&self) -> Timestamp;
}

impl Expires for JobRecord {
    fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}

impl Expires for Wait {
    fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}

impl Expires for Connection {
    fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}

fn live<T: Expires>(found: Option<&Versioned<T>>, now: Timestamp) -> Option<&Versioned<T>> {
    found.filter(|found| found.value.expires_at() > now)
}

impl State {
    fn next_version(&mut self) -> Version {
        self.last_version += 1;
        Version(self.last_version)
    }
}

fn conflict<T: Expires + Clone>(
    found: Option<&Versioned<T>>,
    expect: Option<Version>,
    now: Timestamp,
) -> Option<Saved<T>> {
    let found = live(found, now);
    (found.map(|found| found.version) != expect).then(|| Saved::Conflict(found.cloned()))
}

impl MemoryStore {
    /// An empty store that forgets by this clock.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, state: Mutex::default() }
    }

    /// Lets every counter fail from now on.
    pub fn fail_counts(&self) {
        self.lock().counts_fail = true;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bad_cursor(cursor: &Cursor) -> StoreError {
    StoreError::BadCursor(cursor.0.clone())
}

/// Reads a cursor's parts with `parse`; refuses what is none.
fn resume<T>(
    after: Option<&Cursor>,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, StoreError> {
    after.map(|cursor| parse(&cursor.0).ok_or_else(|| bad_cursor(cursor))).transpose()
}

/// The first `limit` of the items, which are all that are left.
fn page<T>(mut items: Vec<T>, limit: usize, cursor: impl FnOnce(&T) -> String) -> Page<T> {
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(cursor);
    let next = next.map(Cursor);
    Page { items, next }
}

#[async_trait]
impl Store for MemoryStore {
    async fn load_job(&self, arn: &JobArn) -> Result<Option<Versioned<JobRecord>>, StoreError> {
        let now = self.clock.now();
        Ok(live(self.lock().jobs.get(arn), now).cloned())
    }

    async fn save_job(
        &self,
        record: &JobRecord,
        expect: Option<Version>,
    ) -> Result<Saved<JobRecord>, StoreError> {
        let now = self.clock.now();
        let mut state = self.lock();
        let arn = &record.job.arn;
        if let Some(conflict) = conflict(state.jobs.get(arn), expect, now) {
            return Ok(conflict);
        }
        let version = state.next_version();
        let value = record.clone();
        state.jobs.insert(arn.clone(), Versioned { value, version });
        Ok(Saved::Stored(version))
    }

    async fn list_jobs(
        &self,
        filter: &JobFilter,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page<Job>, StoreError> {
        let after = resume(after, |text| {
            let (recorded_at, arn) = text.split_once('|')?;
            let recorded_at: Timestamp = recorded_at.parse().ok()?;
            Some((recorded_at, JobArn::parse(arn).ok()?))
        })?;
        let now = self.clock.now();
        let state = self.lock();
        let place = |record: &JobRecord| (record.recorded_at, record.job.arn.clone());
        let mut found: Vec<&JobRecord> = state
            .jobs
            .values()
            .filter_map(|found| live(Some(found), now))
            .map(|found| &found.value)
            .filter(|record| matches(filter, record))
            .filter(|record| after.as_ref().is_none_or(|after| place(record) < *after))
            .collect();
        found.sort_by_key(|record| std::cmp::Reverse(place(record)));
        let found = page(found, limit, |last| format!("{}|{}", last.recorded_at, last.job.arn));
        Ok(Page {
            items: found.items.into_iter().map(|r| r.job.clone()).collect(),
            next: found.next,
        })
    }

    async fn load_wait(&self, key: &WaitKey) -> Result<Option<Versioned<Wait>>, StoreError> {
        let now = self.clock.now();
        let state = self.lock();
        let found = state.waits.get(&key.arn).and_then(|job| job.get(&name(key)));
        Ok(live(found, now).cloned())
    }

    async fn save_wait(
        &self,
        wait: &Wait,
        expect: Option<Version>,
    ) -> Result<Saved<Wait>, StoreError> {
        let now = self.clock.now();
        let mut state = self.lock();
        let key = wait.key();
        let found = state.waits.get(&key.arn).and_then(|job| job.get(&name(&key)));
        if let Some(conflict) = conflict(found, expect, now) {
            return Ok(conflict);
        }
        let version = state.next_version();
        let value = wait.clone();
        let job = state.waits.entry(key.arn.clone()).or_default();
        job.insert(name(&key), Versioned { value, version });
        Ok(Saved::Stored(version))
    }

    async fn list_waits(
        &self,
        arn: &JobArn,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page<Wait>, StoreError> {
        let after = resume(after, |text| read(text.strip_prefix("wait|")?))?;
        let now = self.clock.now();
        let state = self.lock();
        let found = state
            .waits
            .get(arn)
            .into_iter()
            .flat_map(BTreeMap::values)
            .filter_map(|found| live(Some(found), now))
            .map(|found| &found.value)
            .filter(|wait| after.as_ref().is_none_or(|after| wait.key() > *after))
            .cloned()
            .collect();
        Ok(page(found, limit, |last: &Wait| format!("wait|{}", written(&last.key()))))
    }

    async fn list_due(
        &self,
        now: Timestamp,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page<WaitKey>, StoreError> {
        let after = resume(after, |text| {
            let (due_at, key) = text.split_once('|')?;
            Some((due_at.parse::<Timestamp>().ok()?, read(key)?))
        })?;
        let today = self.clock.now();
        let state = self.lock();
        let mut found: Vec<(Timestamp, WaitKey)> = state
            .waits
            .values()
            .flat_map(BTreeMap::values)
            .filter_map(|found| live(Some(found), today))
            .filter_map(|found| Some((found.value.due_at?, found.value.key())))
            .filter(|place| place.0 <= now && after.as_ref().is_none_or(|after| place > after))
            .collect();
        found.sort();
        let found = page(found, limit, |(due_at, key)| format!("{due_at}|{}", written(key)));
        Ok(Page { items: found.items.into_iter().map(|(_, key)| key).collect(), next: found.next })
    }

    async fn load_connection(
        &self,
        id: &ConnectionId,
    ) -> Result<Option<Versioned<Connection>>, StoreError> {
        let now = self.clock.now();
        Ok(live(self.lock().connections.get(id), now).cloned())
    }

    async fn save_connection(
        &self,
        connection: &Connection,
        expect: Option<Version>,
    ) -> Result<Saved<Connection>, StoreError> {
        let now = self.clock.now();
        let mut state = self.lock();
        let id = &connection.id;
        if let Some(conflict) = conflict(state.connections.get(id), expect, now) {
            return Ok(conflict);
        }
        let version = state.next_version();
        let value = connection.clone();
        state.connections.insert(id.clone(), Versioned { value, version });
        Ok(Saved::Stored(version))
    }

    async fn count_connections(&self, limit: usize) -> Result<usize, StoreError> {
        let now = self.clock.now();
        let state = self.lock();
        let live = state.connections.values().filter_map(|found| live(Some(found), now));
        Ok(live.filter(|found| found.value.is_open()).take(limit).count())
    }

    async fn load_heartbeat(&self) -> Result<Option<Versioned<Heartbeat>>, StoreError> {
        Ok(self.lock().heartbeat.clone())
    }

    async fn save_heartbeat(
        &self,
        heartbeat: &Heartbeat,
        expect: Option<Version>,
    ) -> Result<Saved<Heartbeat>, StoreError> {
        let mut state = self.lock();
        if state.heartbeat.as_ref().map(|found| found.version) != expect {
            return Ok(Saved::Conflict(state.heartbeat.clone()));
        }
        let version = state.next_version();
        state.heartbeat = Some(Versioned { value: heartbeat.clone(), version });
        Ok(Saved::Stored(version))
    }

    async fn count(&self, key: &CountKey) -> Result<u64, StoreError> {
        let mut state = self.lock();
        if state.counts_fail {
            return Err(StoreError::Retryable("counters fail, as the test wishes".to_owned()));
        }
        let count = state.counts.entry(key.clone()).or_default();
        *count += 1;
        Ok(*count)
    }

    async fn sum_counts(&self, from: &CountKey) -> Result<u64, StoreError> {
        let is_same = |key: &CountKey| (&key.whose, key.what) == (&from.whose, from.what);
        let state = self.lock();
        let later = state.counts.iter().filter(|(key, _)| is_same(key) && key.since >= from.since);
        Ok(later.map(|(_, count)| count).sum())
    }

    async fn purge_expired(&self) -> Result<u64, StoreError> {
        let now = self.clock.now();
        let mut state = self.lock();
        let mut gone = 0;
        let mut keep = |expires_at| {
            let keep = expires_at > now;
            gone += u64::from(!keep);
            keep
        };
        state.jobs.retain(|_, job| keep(job.value.expires_at));
        state.waits.retain(|_, waits| {
            waits.retain(|_, wait| keep(wait.value.expires_at));
            !waits.is_empty()
        });
        state.connections.retain(|_, held| keep(held.value.expires_at));
        state.counts.retain(|key, _| keep(key.expires_at()));
        Ok(gone)
    }
}

fn matches(filter: &JobFilter, record: &JobRecord) -> bool {
    let holds = |spellings: Vec<String>| {
        spellings.iter().any(|text| record.job.arn.key().contains(text.as_str()))
    };
    (filter.phases.is_empty() || filter.phases.contains(&record.job.phase))
        && filter.kind.is_none_or(|kind| record.job.kind == kind)
        && filter.run.as_ref().is_none_or(|run| record.runs.contains(run))
        && filter.key_parts().into_iter().all(holds)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn fresh(clock: Arc<dyn Clock>) -> (Arc<dyn Store>, ()) {
        (Arc::new(MemoryStore::new(clock)), ())
    }

    crate::store_contract!(fresh);
}
