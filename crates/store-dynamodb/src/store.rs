//! [`DynamoStore`]: the `Store` port on one table.

use std::sync::Arc;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::AttributeValue;
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

use crate::client::{CONNECT, client};
use crate::item::Key;
use crate::schema::{PK, SK};
use crate::table::Table;
use crate::{connections, counts, jobs, waits};

/// Jobs and waits in a DynamoDB table. Clones share the client's connections.
#[derive(Clone)]
pub struct DynamoStore(Table);

impl DynamoStore {
    /// A store on the table with this name. It sends nothing before the first call.
    ///
    /// Region, credentials and endpoint come from `config`, so `AWS_ENDPOINT_URL` and
    /// `AWS_ENDPOINT_URL_DYNAMODB` count if it was loaded from the environment. The store has its
    /// own timeouts and retries. `clock` decides what has expired.
    #[must_use]
    pub fn new(config: &SdkConfig, table: String, clock: Arc<dyn Clock>) -> Self {
        Self(Table { client: client(config), name: table, clock })
    }

    /// Opens the connection that the first call would open. It reads an item that does not exist,
    /// which every user of the table may do.
    ///
    /// Ends within a second, without errors: the first call that needs the table reports them.
    pub async fn connect(&self) {
        let get = self.0.client.get_item().table_name(&self.0.name);
        let get = get.key(PK, no_item()).key(SK, no_item());
        let _ = tokio::time::timeout(CONNECT, get.send()).await;
    }
}

fn no_item() -> AttributeValue {
    AttributeValue::S("CONNECTION".to_owned())
}

#[async_trait]
impl Store for DynamoStore {
    async fn load_job(&self, arn: &JobArn) -> Result<Option<Versioned<JobRecord>>, StoreError> {
        Ok(self.0.load(Key::Job(arn)).await?)
    }

    async fn save_job(
        &self,
        record: &JobRecord,
        expect: Option<Version>,
    ) -> Result<Saved<JobRecord>, StoreError> {
        Ok(self.0.save(record, expect).await?)
    }

    async fn list_jobs(
        &self,
        filter: &JobFilter,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page<Job>, StoreError> {
        Ok(jobs::list(&self.0, filter, after, limit).await?)
    }

    async fn load_wait(&self, key: &WaitKey) -> Result<Option<Versioned<Wait>>, StoreError> {
        Ok(self.0.load(key.into()).await?)
    }

    async fn save_wait(
        &self,
        wait: &Wait,
        expect: Option<Version>,
    ) -> Result<Saved<Wait>, StoreError> {
        Ok(self.0.save(wait, expect).await?)
    }

    async fn list_waits(
        &self,
        arn: &JobArn,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page<Wait>, StoreError> {
        Ok(waits::list(&self.0, arn, after, limit).await?)
    }

    async fn list_due(
        &self,
        now: Timestamp,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page<WaitKey>, StoreError> {
        Ok(waits::list_due(&self.0, now, after, limit).await?)
    }

    async fn load_connection(
        &self,
        id: &ConnectionId,
    ) -> Result<Option<Versioned<Connection>>, StoreError> {
        Ok(self.0.load(Key::Connection(id)).await?)
    }

    async fn save_connection(
        &self,
        connection: &Connection,
        expect: Option<Version>,
    ) -> Result<Saved<Connection>, StoreError> {
        Ok(self.0.save(connection, expect).await?)
    }

    async fn count_connections(&self, limit: usize) -> Result<usize, StoreError> {
        Ok(connections::count_open(&self.0, limit).await?)
    }

    async fn load_heartbeat(&self) -> Result<Option<Versioned<Heartbeat>>, StoreError> {
        Ok(self.0.load(Key::Heartbeat).await?)
    }

    async fn save_heartbeat(
        &self,
        heartbeat: &Heartbeat,
        expect: Option<Version>,
    ) -> Result<Saved<Heartbeat>, StoreError> {
        Ok(self.0.save(heartbeat, expect).await?)
    }

    async fn count(&self, key: &CountKey) -> Result<u64, StoreError> {
        Ok(counts::add(&self.0, key).await?)
    }

    async fn sum_counts(&self, from: &CountKey) -> Result<u64, StoreError> {
        Ok(counts::sum(&self.0, from).await?)
    }

    /// Nothing: the service deletes expired items by the table's TTL, at no cost,
    /// within days; until then they count as absent.
    async fn purge_expired(&self) -> Result<u64, StoreError> {
        Ok(0)
    }
}
