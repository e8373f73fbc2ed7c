//! Connections in the table.

use jiff::Timestamp;
use sagebell_monitor::connection::Connection;

use crate::error::DynamoDbError;
use crate::index::{Index, IndexEntry, LAST};
use crate::item::{Entity, Key};
use crate::merge::{Filter, List};
use crate::table::Table;

impl Entity for Connection {
    fn item_key(&self) -> Key<'_> {
        Key::Connection(&self.id)
    }

    fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// One that is closed leaves the index.
    fn index_entry(&self) -> Option<IndexEntry> {
        self.is_open().then(|| IndexEntry::open(self.opened_at, &self.id))
    }
}

/// Counts the open ones, `limit` at most.
pub(crate) async fn count_open(table: &Table, limit: usize) -> Result<usize, DynamoDbError> {
    let (until, filter) = (LAST.to_string(), Filter::default());
    let list = List { table, index: Index::Open, until, filter };
    Ok(list.page(None, limit).await?.items.len())
}
