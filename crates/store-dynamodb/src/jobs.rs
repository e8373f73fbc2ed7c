//! Jobs in the table.

use jiff::Timestamp;
use sagebell_monitor::job::{Job, JobRecord};
use sagebell_monitor::ports::{Cursor, JobFilter, Page};

use crate::cursor;
use crate::error::DynamoDbError;
use crate::index::{Index, IndexEntry};
use crate::item::{Entity, Item, Key, text, unreadable};
use crate::merge::{Filter, List};
use crate::table::Table;

impl Entity for JobRecord {
    fn item_key(&self) -> Key<'_> {
        Key::Job(&self.job.arn)
    }

    fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    fn index_entry(&self) -> Option<IndexEntry> {
        Some(IndexEntry::listed(self.recorded_at, &self.job.arn))
    }
}

pub(crate) async fn list(
    table: &Table,
    filter: &JobFilter,
    after: Option<&Cursor>,
    limit: usize,
) -> Result<Page<Job>, DynamoDbError> {
    let after = cursor::resume_jobs(after)?;
    let list = List { table, index: Index::Listing, until: String::new(), filter: passing(filter) };
    let page = list.page(after, limit).await?;
    let items = page.items.into_iter().map(job).collect::<Result<_, _>>()?;
    Ok(Page { items, next: page.left_off.map(cursor::job) })
}

/// The filter on what the listing index has of a job.
fn passing(filter: &JobFilter) -> Filter {
    let mut passing = Filter::default();
    if let Some(phase) = filter.phase {
        passing.conditions.push("#job.#phase = :phase");
        passing.names.push(("#phase", "phase"));
        passing.values.push((":phase", text(phase.as_str())));
    }
    if let Some(kind) = filter.kind {
        passing.conditions.push("#job.#kind = :kind");
        passing.names.push(("#kind", "kind"));
        passing.values.push((":kind", text(kind.as_str())));
    }
    if !passing.conditions.is_empty() {
        passing.names.push(("#job", "job"));
    }
    if let Some(run) = &filter.run {
        passing.conditions.push("contains(#runs, :run)");
        passing.names.push(("#runs", "runs"));
        passing.values.push((":run", text(run)));
    }
    passing
}

fn job(mut entry: Item) -> Result<Job, DynamoDbError> {
    let job = entry.remove("job").and_then(|job| serde_dynamo::from_attribute_value(job).ok());
    job.ok_or_else(|| unreadable("a job in the listing index"))
}
