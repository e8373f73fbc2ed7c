//! The store against the contract, on the server that `SAGEBELL_TEST_DYNAMODB`
//! names: `scripts/test-dynamodb` starts Amazon's DynamoDB Local and ministack.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

use std::sync::Arc;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_dynamodb::types::{BillingMode, GlobalSecondaryIndexDescription, KeySchemaElement};
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::ports::{Clock, Store, StoreError};
use sagebell_monitor::testing::ManualClock;
use sagebell_store_dynamodb::{DynamoStore, schema};

const ENDPOINT: &str = "SAGEBELL_TEST_DYNAMODB";

fn config() -> SdkConfig {
    let endpoint = std::env::var(ENDPOINT)
        .unwrap_or_else(|_| panic!("{ENDPOINT} is not set: run scripts/test-dynamodb"));
    let credentials = Credentials::new("test", "test", None, None, "tests");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(endpoint)
        .build()
}

/// A table of its own for each case. It is without TTL: the cases' clock stands
/// in the past of the server's, which would delete what they store.
async fn fresh(clock: Arc<dyn Clock>) -> (Arc<dyn Store>, ()) {
    let table = new_name();
    schema::create_table(&Client::new(&config()), &table).await.unwrap();
    (Arc::new(DynamoStore::new(&config(), table, clock)), ())
}

fn new_name() -> String {
    format!("contract-{}", uuid::Uuid::new_v4())
}

sagebell_monitor::store_contract!(fresh);

#[tokio::test]
async fn the_table_is_made_as_documented() {
    let (client, name) = (Client::new(&config()), new_name());
    schema::create_table(&client, &name).await.unwrap();
    schema::enable_ttl(&client, &name).await.unwrap();
    let table = client.describe_table().table_name(&name).send().await.unwrap().table.unwrap();
    let billing = table.billing_mode_summary().and_then(|summary| summary.billing_mode());
    assert_eq!(billing, Some(&BillingMode::PayPerRequest));
    assert_eq!(names(table.key_schema()), [schema::PK, schema::SK]);
    let mut indexes: Vec<_> = table.global_secondary_indexes().iter().map(summary).collect();
    indexes.sort();
    let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    let expected = [
        ("due", ["DuePK", "DueSK"], texts(&["ExpiresMicros"])),
        ("listing", ["ListingPK", "ListingSK"], texts(&["ExpiresMicros", "job", "runs"])),
    ];
    let expected = expected.map(|(name, key, held)| (name.to_owned(), texts(&key), held));
    assert_eq!(indexes, expected);
    let ttl = client.describe_time_to_live().table_name(&name).send().await.unwrap();
    let ttl = ttl.time_to_live_description.unwrap();
    assert_eq!(ttl.attribute_name(), Some(schema::TTL));
}

fn names(keys: &[KeySchemaElement]) -> Vec<String> {
    keys.iter().map(|key| key.attribute_name().to_owned()).collect()
}

fn summary(index: &GlobalSecondaryIndexDescription) -> (String, Vec<String>, Vec<String>) {
    let mut held = index.projection().unwrap().non_key_attributes().to_vec();
    held.sort();
    (index.index_name().unwrap().to_owned(), names(index.key_schema()), held)
}

#[tokio::test]
async fn a_table_that_is_not_there_is_named() {
    let name = new_name();
    let store = DynamoStore::new(&config(), name.clone(), Arc::new(ManualClock::default()));
    let arn = "arn:aws:sagemaker:eu-west-1:111122223333:training-job/j";
    let failed = store.load_job(&JobArn::parse(arn).unwrap()).await;
    let Err(StoreError::Terminal(text)) = failed else {
        panic!("{failed:?}");
    };
    assert!(text.contains(&name) && text.contains("deployed"), "{text}");
}
