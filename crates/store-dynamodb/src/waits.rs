//! Waits in the table.

use jiff::Timestamp;
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::ports::{Cursor, Page};
use sagebell_monitor::wait::{Wait, WaitKey};

use crate::cursor;
use crate::error::DynamoDbError;
use crate::index::{FIRST, Index, IndexEntry, LAST};
use crate::item::{Entity, Item, Key, WAIT, decode, text, wait_key};
use crate::merge::{Filter, List};
use crate::schema::{EXPIRES_MICROS, PK, SK};
use crate::table::Table;

impl Entity for Wait {
    fn item_key(&self) -> Key<'_> {
        Key::Wait(&self.arn, &self.id, self.keyed_by_owner.then_some(&self.owner))
    }

    fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    fn index_entry(&self) -> Option<IndexEntry> {
        self.due_at.map(|at| IndexEntry::due(at, &self.key()))
    }
}

/// One query answers the whole list if it fits the page. It requests one wait more, which shows
/// whether there is another page.
pub(crate) async fn list(
    table: &Table,
    arn: &JobArn,
    after: Option<&Cursor>,
    limit: usize,
) -> Result<Page<Wait>, DynamoDbError> {
    let first = match cursor::resume_waits(after)? {
        Some(index_entry) => format!("{WAIT}{index_entry}{FIRST}"),
        None => WAIT.to_owned(),
    };
    let query = table
        .client
        .query()
        .table_name(&table.name)
        .consistent_read(true)
        .limit(i32::try_from(limit).map_or(i32::MAX, |limit| limit.saturating_add(1)))
        .key_condition_expression(format!("{PK} = :job AND {SK} BETWEEN :first AND :last"))
        .filter_expression(format!("{EXPIRES_MICROS} > :now"))
        .expression_attribute_values(":job", Key::Job(arn).pk())
        .expression_attribute_values(":first", text(first))
        .expression_attribute_values(":last", text(format!("{WAIT}{LAST}")))
        .expression_attribute_values(":now", table.now());
    let answer =
        query.send().await.map_err(|error| DynamoDbError::sdk("Query", &table.name, &error))?;
    let mut found = answer.items.unwrap_or_default();
    let mut left_off = answer.last_evaluated_key.as_ref().and_then(cursor::wait);
    if found.len() > limit {
        found.truncate(limit);
        left_off = found.last().and_then(cursor::wait);
    }
    let items = found.into_iter().map(|item| wait(item, arn)).collect::<Result<_, _>>()?;
    Ok(Page { items, next: left_off })
}

fn wait(item: Item, arn: &JobArn) -> Result<Wait, DynamoDbError> {
    let name = wait_key(&item).map_or_else(String::new, |key| key.id.to_string());
    Ok(decode(item, format!("wait {name} on {arn}"))?.value)
}

pub(crate) async fn list_due(
    table: &Table,
    now: Timestamp,
    after: Option<&Cursor>,
    limit: usize,
) -> Result<Page<WaitKey>, DynamoDbError> {
    let after = cursor::resume_due(after)?;
    let until = format!("{now:.9}{LAST}");
    if after.as_ref().is_some_and(|after| *after > until) {
        return Ok(Page { items: Vec::new(), next: None });
    }
    let list = List { table, index: Index::Due, until, filter: Filter::default() };
    let page = list.page(after, limit).await?;
    let items = page.items.iter().filter_map(wait_key).collect();
    Ok(Page { items, next: page.left_off.map(cursor::due) })
}
