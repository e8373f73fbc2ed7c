//! Counters: items of their own, without a document.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use sagebell_monitor::counter::CountKey;

use crate::error::DynamoDbError;
use crate::item::{micros, number, text, ttl};
use crate::schema::{COUNT, EXPIRES_MICROS, PK, SK, TTL};
use crate::table::Table;

/// Adds one and returns the new value. `ADD` creates a missing item, with a number that begins at
/// zero (DynamoDB API reference, `UpdateItem`).
pub(crate) async fn add(table: &Table, key: &CountKey) -> Result<u64, DynamoDbError> {
    let update = table
        .client
        .update_item()
        .table_name(&table.name)
        .key(PK, name(key))
        .key(SK, window(key))
        .update_expression("ADD #count :one SET #expires = :expires, #ttl = :ttl")
        .expression_attribute_names("#count", COUNT)
        .expression_attribute_names("#expires", EXPIRES_MICROS)
        .expression_attribute_names("#ttl", TTL)
        .expression_attribute_values(":one", number(1))
        .expression_attribute_values(":expires", micros(key.expires_at()))
        .expression_attribute_values(":ttl", number(ttl(key.expires_at())))
        .return_values(ReturnValue::UpdatedNew);
    let answer = update.send().await;
    let answer = answer.map_err(|error| DynamoDbError::sdk("UpdateItem", &table.name, &error))?;
    let count = answer.attributes().and_then(|new| new.get(COUNT)?.as_n().ok()?.parse().ok());
    count.ok_or_else(|| DynamoDbError::terminal("the answer about a counter has no number"))
}

/// Adds up a counter and those of later windows: of as many as one query reads, which is a megabyte
/// of them (DynamoDB API reference, `Query`).
pub(crate) async fn sum(table: &Table, from: &CountKey) -> Result<u64, DynamoDbError> {
    let query = table
        .client
        .query()
        .table_name(&table.name)
        .key_condition_expression(format!("{PK} = :name AND {SK} >= :from"))
        .projection_expression("#count")
        .expression_attribute_names("#count", COUNT)
        .expression_attribute_values(":name", name(from))
        .expression_attribute_values(":from", window(from));
    let answer = query.send().await;
    let answer = answer.map_err(|error| DynamoDbError::sdk("Query", &table.name, &error))?;
    let counts = answer.items().iter().filter_map(|item| item.get(COUNT)?.as_n().ok());
    Ok(counts.filter_map(|count| count.parse::<u64>().ok()).sum())
}

fn name(key: &CountKey) -> AttributeValue {
    text(format!("COUNT#{}#{}", key.whose, key.what))
}

/// Windows begin at whole seconds: their names sort as they do.
fn window(key: &CountKey) -> AttributeValue {
    text(format!("WINDOW#{}", key.since))
}
