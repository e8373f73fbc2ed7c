//! [`SqliteStore`]: the `Store` port on one file.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::connection::Connection;
use sagebell_monitor::counter::CountKey;
use sagebell_monitor::heartbeat::Heartbeat;
use sagebell_monitor::job::{Job, JobRecord};
use sagebell_monitor::ports::{
    Clock, Cursor, JobFilter, Page, Saved, Store, StoreError, Version, Versioned,
};
use sagebell_monitor::wait::{ConnectionId, Wait, WaitKey};
use tokio_rusqlite::rusqlite::Transaction;

use crate::database::Database;
use crate::queue::SqliteQueue;
use crate::{connections, counts, heartbeat, jobs, waits};

/// Items thrown away in one transaction: others get to write in between.
const PURGE_BATCH: u32 = 500;

/// Jobs and waits in a SQLite file. Clones share the file's connections.
#[derive(Clone)]
pub struct SqliteStore(Arc<Database>);

impl SqliteStore {
    /// Opens the database, or creates it. It can wait some seconds if other processes write to it,
    /// so call it at start-up.
    ///
    /// # Errors
    /// The file cannot be created or opened, is not a database of Sagebell, or belongs to a newer
    /// Sagebell. The text names the path and what to do.
    pub fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        Ok(Self(Arc::new(Database::open(path, clock)?)))
    }

    /// The signal queue in the same file. All queues of one store and its clones
    /// wake each other's consumers.
    #[must_use]
    pub fn queue(&self) -> SqliteQueue {
        SqliteQueue::new(self.0.clone())
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn load_job(&self, arn: &JobArn) -> Result<Option<Versioned<JobRecord>>, StoreError> {
        let arn = arn.clone();
        let read = self.0.read(move |conn, now| jobs::load(conn, &arn, now));
        Ok(read.await?)
    }

    async fn save_job(
        &self,
        record: &JobRecord,
        expect: Option<Version>,
    ) -> Result<Saved<JobRecord>, StoreError> {
        let record = record.clone();
        let write = move |tx: &Transaction<'_>, now| jobs::save(tx, &record, expect, now);
        Ok(self.0.write(write).await?)
    }

    async fn list_jobs(
        &self,
        filter: &JobFilter,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page<Job>, StoreError> {
        let (filter, after) = (filter.clone(), after.cloned());
        let read = move |conn: &_, now| jobs::list(conn, &filter, after.as_ref(), limit, now);
        Ok(self.0.read(read).await?)
    }

    async fn load_wait(&self, key: &WaitKey) -> Result<Option<Versioned<Wait>>, StoreError> {
        let key = key.clone();
        let read = self.0.read(move |conn, now| waits::load(conn, &key, now));
        Ok(read.await?)
    }

    async fn save_wait(
        &self,
        wait: &Wait,
        expect: Option<Version>,
    ) -> Result<Saved<Wait>, StoreError> {
        let wait = wait.clone();
        let write = move |tx: &Transaction<'_>, now| waits::save(tx, &wait, expect, now);
        Ok(self.0.write(write).await?)
    }

    async fn list_waits(
        &self,
        arn: &JobArn,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page<Wait>, StoreError> {
        let (arn, after) = (arn.clone(), after.cloned());
        let read = move |conn: &_, now| waits::list(conn, &arn, after.as_ref(), limit, now);
        Ok(self.0.read(read).await?)
    }

    async fn list_due(
        &self,
        now: Timestamp,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page<WaitKey>, StoreError> {
        let (until, after) = (now, after.cloned());
        let read = move |conn: &_, now| waits::list_due(conn, until, after.as_ref(), limit, now);
        Ok(self.0.read(read).await?)
    }

    async fn load_connection(
        &self,
        id: &ConnectionId,
    ) -> Result<Option<Versioned<Connection>>, StoreError> {
        let id = id.clone();
        let read = self.0.read(move |conn, now| connections::load(conn, &id, now));
        Ok(read.await?)
    }

    async fn save_connection(
        &self,
        connection: &Connection,
        expect: Option<Version>,
    ) -> Result<Saved<Connection>, StoreError> {
        let held = connection.clone();
        let write = move |tx: &Transaction<'_>, now| connections::save(tx, &held, expect, now);
        Ok(self.0.write(write).await?)
    }

    async fn count_connections(&self, limit: usize) -> Result<usize, StoreError> {
        let count = move |conn: &_, now| connections::count_open(conn, limit, now);
        Ok(self.0.read(count).await?)
    }

    async fn load_heartbeat(&self) -> Result<Option<Versioned<Heartbeat>>, StoreError> {
        Ok(self.0.read(|conn, _now| heartbeat::load(conn)).await?)
    }

    async fn save_heartbeat(
        &self,
        heartbeat: &Heartbeat,
        expect: Option<Version>,
    ) -> Result<Saved<Heartbeat>, StoreError> {
        let heartbeat = heartbeat.clone();
        let write = move |tx: &Transaction<'_>, _now| heartbeat::save(tx, &heartbeat, expect);
        Ok(self.0.write(write).await?)
    }

    async fn count(&self, key: &CountKey) -> Result<u64, StoreError> {
        let key = key.clone();
        Ok(self.0.write(move |tx: &Transaction<'_>, _now| counts::add(tx, &key)).await?)
    }

    async fn sum_counts(&self, from: &CountKey) -> Result<u64, StoreError> {
        let from = from.clone();
        Ok(self.0.read(move |conn, _now| counts::sum(conn, &from)).await?)
    }

    async fn purge_expired(&self) -> Result<u64, StoreError> {
        let mut all = 0;
        loop {
            let purge = |tx: &Transaction<'_>, now| {
                let jobs = jobs::purge(tx, now, PURGE_BATCH)?;
                let waits = waits::purge(tx, now, PURGE_BATCH)?;
                let held = connections::purge(tx, now, PURGE_BATCH)?;
                Ok([jobs, waits, held, counts::purge(tx, now, PURGE_BATCH)?])
            };
            let gone = self.0.write(purge).await?;
            all += gone.iter().sum::<u64>();
            if gone.iter().all(|gone| *gone < u64::from(PURGE_BATCH)) {
                return Ok(all);
            }
        }
    }
}
