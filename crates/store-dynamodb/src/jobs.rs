//! Jobs in the table.

use jiff::Timestamp;
use sagebell_monitor::job::{Job, JobRecord};
use sagebell_monitor::ports::{Cursor, JobFilter, Page};

use crate::cursor;
use crate::error::DynamoDbError;
use crate::index::{Index, IndexEntry};
use crate::item::{Entity, Item, Key, text, unreadable};
use crate::merge::{Filter, List};
use crate::schema::PK;
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
    if !filter.phases.is_empty() {
        let phases: Vec<_> = filter.phases.iter().map(|phase| text(phase.as_str())).collect();
        let phases = passing.any_of("#job.#phase = ", "", phases);
        passing.conditions.push(phases);
        passing.names.push(("#phase", "phase"));
    }
    if let Some(kind) = filter.kind {
        let kind = passing.any_of("#job.#kind = ", "", vec![text(kind.as_str())]);
        passing.conditions.push(kind);
        passing.names.push(("#kind", "kind"));
    }
    if !passing.conditions.is_empty() {
        passing.names.push(("#job", "job"));
    }
    if let Some(run) = &filter.run {
        let run = passing.any_of("contains(#runs, ", ")", vec![text(run)]);
        passing.conditions.push(run);
        passing.names.push(("#runs", "runs"));
    }
    for spellings in filter.key_parts() {
        // The table's key is in every index, and only the index's own keys cannot be filtered by.
        let spellings = spellings.into_iter().map(text).collect();
        let spellings = passing.any_of(&format!("contains({PK}, "), ")", spellings);
        passing.conditions.push(spellings);
    }
    passing
}

fn job(mut entry: Item) -> Result<Job, DynamoDbError> {
    let job = entry.remove("job").and_then(|job| serde_dynamo::from_attribute_value(job).ok());
    job.ok_or_else(|| unreadable("a job in the listing index"))
}
