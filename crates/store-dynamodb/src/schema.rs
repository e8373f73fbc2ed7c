//! The table: its keys, its indexes, and how to make it on an emulator. On AWS
//! the deployment makes the same table.
//!
//! | item | `PK` | `SK` | in the index |
//! |---|---|---|---|
//! | job | `JOB#<arn>` | `STATE` | `listing`: `LISTING#<shard>`, `<recorded at>#<arn>` |
//! | wait | `JOB#<arn>` | `WAIT#<id>#<owner>` | `due`, if it has a due time: `DUE#<shard>`, `<due at>#<arn>#<id>#<digest of the owner>` |
//! | connection | `CONNECTION#<id>` | `STATE` | `due`, while it is open: `OPEN#<shard>`, `<opened at>#<id>` |
//! | counter | `COUNT#<whose>#<what>` | `WINDOW#<since>` | |
//!
//! `<arn>` is the ARN's key: in lower case, but for a pipeline step's name.
//!
//! 0.1.0 wrote ARNs as they were spelt, and waits without `#<owner>`. Its items are
//! not rewritten. A wait of it is read, and looked after by the sweep, under its old
//! key until its life is over; its waiter's next renewal makes a wait under the new
//! key beside it. Where the name has capitals, the job is recorded anew by its next
//! observation, and the old item is listed until it expires.
//!
//! Times in keys are RFC 3339 with nine digits of fraction, so that they sort.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::client::Waiters as _;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, TimeToLiveSpecification,
};
use sagebell_monitor::ports::StoreError;

use crate::error::DynamoDbError;

/// The table's partition key, text.
pub const PK: &str = "PK";
/// The table's sort key, text.
pub const SK: &str = "SK";
/// The version of the item: a random number, new with every write.
pub const ITEM_VERSION: &str = "ItemVersion";
/// When the item is forgotten, in microseconds since 1970.
pub const EXPIRES_MICROS: &str = "ExpiresMicros";
/// The same in seconds, rounded up: the table's time-to-live attribute.
pub const TTL: &str = "TTL";

/// How much was counted, a number, in a counter's item.
pub const COUNT: &str = "Count";

/// The sparse index of the waits that the sweep must handle, and of the open connections, by time.
pub const DUE_INDEX: &str = "due";
/// The partition key of `due`, text.
pub const DUE_PK: &str = "DuePK";
/// The sort key of `due`, text.
pub const DUE_SK: &str = "DueSK";
/// What `due` holds beside the keys.
pub const DUE_PROJECTION: [&str; 1] = [EXPIRES_MICROS];

/// The index of all jobs, by the time they were recorded.
pub const LISTING_INDEX: &str = "listing";
/// The partition key of `listing`, text.
pub const LISTING_PK: &str = "ListingPK";
/// The sort key of `listing`, text.
pub const LISTING_SK: &str = "ListingSK";
/// What `listing` holds beside the keys.
pub const LISTING_PROJECTION: [&str; 3] = ["job", "runs", EXPIRES_MICROS];

/// How long a new table may take to become usable.
const CREATION: Duration = Duration::from_secs(120);

/// Makes the table with its indexes and waits until it can be used: for tests
/// and emulators. Expired items stay until [`enable_ttl`].
///
/// # Errors
/// The service's own, e.g. that there is such a table.
pub async fn create_table(client: &Client, name: &str) -> Result<(), StoreError> {
    let due = index(DUE_INDEX, [DUE_PK, DUE_SK], &DUE_PROJECTION).map_err(unbuilt)?;
    let listing = index(LISTING_INDEX, [LISTING_PK, LISTING_SK], &LISTING_PROJECTION);
    let listing = listing.map_err(unbuilt)?;
    let attributes = [PK, SK, DUE_PK, DUE_SK, LISTING_PK, LISTING_SK].map(text_attribute);
    let attributes = attributes.into_iter().collect::<Result<_, _>>().map_err(unbuilt)?;
    let create = client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(attributes))
        .set_key_schema(Some(keys([PK, SK]).map_err(unbuilt)?))
        .global_secondary_indexes(due)
        .global_secondary_indexes(listing);
    create.send().await.map_err(|error| DynamoDbError::sdk("CreateTable", name, &error))?;
    let exists = client.wait_until_table_exists().table_name(name).wait(CREATION).await;
    exists.map_err(|error| {
        DynamoDbError::retryable(format!("table {name} is not there yet: {error}"))
    })?;
    Ok(())
}

/// Lets the service delete what is expired, by [`TTL`] and its own clock.
///
/// # Errors
/// The service's own.
pub async fn enable_ttl(client: &Client, name: &str) -> Result<(), StoreError> {
    let ttl = TimeToLiveSpecification::builder().attribute_name(TTL).enabled(true).build();
    let ttl = ttl.map_err(unbuilt)?;
    let update = client.update_time_to_live().table_name(name).time_to_live_specification(ttl);
    update.send().await.map_err(|error| DynamoDbError::sdk("UpdateTimeToLive", name, &error))?;
    Ok(())
}

fn unbuilt(error: BuildError) -> DynamoDbError {
    DynamoDbError::terminal(format!("the table's definition is incomplete: {error}"))
}

fn text_attribute(name: &str) -> Result<AttributeDefinition, BuildError> {
    let attribute = AttributeDefinition::builder().attribute_name(name);
    attribute.attribute_type(ScalarAttributeType::S).build()
}

fn keys(names: [&str; 2]) -> Result<Vec<KeySchemaElement>, BuildError> {
    let kinds = [KeyType::Hash, KeyType::Range];
    let keys = names.into_iter().zip(kinds);
    keys.map(|(name, kind)| KeySchemaElement::builder().attribute_name(name).key_type(kind).build())
        .collect()
}

fn index(name: &str, key: [&str; 2], include: &[&str]) -> Result<GlobalSecondaryIndex, BuildError> {
    let include = include.iter().map(|&name| name.to_owned()).collect();
    let projection = Projection::builder()
        .projection_type(ProjectionType::Include)
        .set_non_key_attributes(Some(include));
    GlobalSecondaryIndex::builder()
        .index_name(name)
        .set_key_schema(Some(keys(key)?))
        .projection(projection.build())
        .build()
}
