//! A store that fails.

use async_trait::async_trait;
use jiff::Timestamp;
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::connection::Connection;
use sagebell_monitor::counter::CountKey;
use sagebell_monitor::heartbeat::Heartbeat;
use sagebell_monitor::job::{Job, JobRecord};
use sagebell_monitor::ports::{
    Cursor, JobFilter, Page, Saved, Store, StoreError, Version, Versioned,
};
use sagebell_monitor::wait::{ConnectionId, Wait, WaitKey};

/// A store that fails every call in one way.
pub(super) struct Failing(pub(super) fn() -> StoreError);

#[async_trait]
impl Store for Failing {
    async fn load_job(&self, _: &JobArn) -> Result<Option<Versioned<JobRecord>>, StoreError> {
        Err(self.0())
    }
    async fn save_job(
        &self,
        _: &JobRecord,
        _: Option<Version>,
    ) -> Result<Saved<JobRecord>, StoreError> {
        Err(self.0())
    }
    async fn list_jobs(
        &self,
        _: &JobFilter,
        _: Option<&Cursor>,
        _: usize,
    ) -> Result<Page<Job>, StoreError> {
        Err(self.0())
    }
    async fn load_wait(&self, _: &WaitKey) -> Result<Option<Versioned<Wait>>, StoreError> {
        Err(self.0())
    }
    async fn save_wait(&self, _: &Wait, _: Option<Version>) -> Result<Saved<Wait>, StoreError> {
        Err(self.0())
    }
    async fn list_waits(
        &self,
        _: &JobArn,
        _: Option<&Cursor>,
        _: usize,
    ) -> Result<Page<Wait>, StoreError> {
        Err(self.0())
    }
    async fn list_due(
        &self,
        _: Timestamp,
        _: Option<&Cursor>,
        _: usize,
    ) -> Result<Page<WaitKey>, StoreError> {
        Err(self.0())
    }
    async fn load_connection(
        &self,
        _: &ConnectionId,
    ) -> Result<Option<Versioned<Connection>>, StoreError> {
        Err(self.0())
    }
    async fn save_connection(
        &self,
        _: &Connection,
        _: Option<Version>,
    ) -> Result<Saved<Connection>, StoreError> {
        Err(self.0())
    }
    async fn count_connections(&self, _: usize) -> Result<usize, StoreError> {
        Err(self.0())
    }
    async fn load_heartbeat(&self) -> Result<Option<Versioned<Heartbeat>>, StoreError> {
        Err(self.0())
    }
    async fn save_heartbeat(
        &self,
        _: &Heartbeat,
        _: Option<Version>,
    ) -> Result<Saved<Heartbeat>, StoreError> {
        Err(self.0())
    }
    async fn count(&self, _: &CountKey) -> Result<u64, StoreError> {
        Err(self.0())
    }
    async fn sum_counts(&self, _: &CountKey) -> Result<u64, StoreError> {
        Err(self.0())
    }
    async fn purge_expired(&self) -> Result<u64, StoreError> {
        Err(self.0())
    }
}
