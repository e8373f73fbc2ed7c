//! How many requests a call makes, and which: the bill, and the IAM policy.

use sagebell_monitor::job::TimelineEntry;
use sagebell_monitor::observation::Source;
use sagebell_monitor::phase::Phase;
use sagebell_monitor::policy::Policy;
use sagebell_monitor::ports::{Clock as _, JobFilter, Saved, Store as _, Version};
use serde_json::{Value, json};

use crate::fake::{Request, TABLE, ok, store};
use crate::samples::{arn, job, key, wait};

fn only(requests: &[Request]) -> &Request {
    assert_eq!(requests.len(), 1, "{requests:?}");
    assert_eq!(requests[0].body["TableName"], TABLE);
    &requests[0]
}

#[tokio::test]
async fn a_save_is_one_conditional_put() {
    for expect in [None, Some(Version(7))] {
        let (store, fake, clock) = store(|_, _| ok(json!({}))).await;
        let saved = store.save_job(&job("j", clock.now()), expect).await.unwrap();
        assert!(matches!(saved, Saved::Stored(_)));
        let requests = fake.requests();
        let put = only(&requests);
        assert_eq!(put.operation, "PutItem");
        assert_eq!(put.body["ReturnValuesOnConditionCheckFailure"], "ALL_OLD");
        let condition = put.body["ConditionExpression"].as_str().unwrap();
        assert_eq!(condition.contains(":expect"), expect.is_some(), "{condition}");
        assert!(condition.contains(":now"), "{condition}");
    }
}

/// An item can be read by people: the document's attributes, and the store's own.
#[tokio::test]
async fn an_item_is_its_document_with_keys() {
    let (store, fake, clock) = store(|_, _| ok(json!({}))).await;
    let mut wait = wait("j", "w", clock.now());
    wait.expires_at = clock.now().checked_add(jiff::Span::new().microseconds(1_500_001)).unwrap();
    let Saved::Stored(version) = store.save_wait(&wait, None).await.unwrap() else {
        panic!("not stored");
    };
    let item = only(&fake.requests()).body["Item"].clone();
    let arn = arn("j");
    for (attribute, value) in [
        ("PK", json!({"S": format!("JOB#{arn}")})),
        ("SK", json!({"S": "WAIT#w#111122223333:role/kfp"})),
        ("ItemVersion", json!({"N": version.0.to_string()})),
        ("ExpiresMicros", json!({"N": "1767225601500001"})),
        ("TTL", json!({"N": "1767225602"})),
        ("DueSK", json!({"S": format!("2026-01-01T00:00:00.000000000Z#{arn}#w#9c74a73981f92c15")})),
        ("state", json!({"S": "waiting"})),
        ("lease_seconds", json!({"N": "600"})),
        ("labels", json!({"M": {"run": {"S": "run-1"}}})),
    ] {
        assert_eq!(item[attribute], value, "{attribute}");
    }
}

#[tokio::test]
async fn a_wait_that_is_never_due_is_in_no_index() {
    let (store, fake, clock) = store(|_, _| ok(json!({}))).await;
    let mut wait = wait("j", "w", clock.now());
    wait.due_at = None;
    store.save_wait(&wait, None).await.unwrap();
    let item = only(&fake.requests()).body["Item"].clone();
    for attribute in ["DuePK", "DueSK", "ListingPK", "ListingSK"] {
        assert!(item.get(attribute).is_none(), "{attribute}");
    }
}

#[tokio::test]
async fn a_connection_that_was_opened_is_the_one_that_is_used() {
    let (store, fake, _clock) = store(|_, _| ok(json!({}))).await;
    store.connect().await;
    let requests = fake.requests();
    let get = only(&requests);
    assert_eq!(get.operation, "GetItem");
    assert!(get.body.get("ConsistentRead").is_none());
    assert_eq!(store.load_job(&arn("j")).await.unwrap(), None);
    assert_eq!((fake.requests().len(), fake.connections()), (2, 1));
}

#[tokio::test]
async fn a_load_is_one_consistent_get() {
    let (store, fake, _clock) = store(|_, _| ok(json!({}))).await;
    assert_eq!(store.load_job(&arn("j")).await.unwrap(), None);
    assert_eq!(store.load_wait(&key("j", "w")).await.unwrap(), None);
    let requests = fake.requests();
    assert_eq!(requests.len(), 2);
    for request in requests {
        assert_eq!(request.operation, "GetItem");
        assert_eq!(request.body["ConsistentRead"], true);
    }
}

#[tokio::test]
async fn a_jobs_waits_are_one_consistent_query() {
    let (store, fake, _clock) = store(|_, _| ok(json!({"Items": []}))).await;
    let page = store.list_waits(&arn("j"), None, 200).await.unwrap();
    assert!(page.items.is_empty() && page.next.is_none());
    let requests = fake.requests();
    let query = only(&requests);
    assert_eq!(query.operation, "Query");
    assert_eq!(query.body["ConsistentRead"], true);
    assert_eq!(query.body.get("IndexName"), None);
    // One more than the page, so that a full page that is the last is known for it.
    assert_eq!(query.body["Limit"], 201);
}

#[tokio::test]
async fn purging_asks_for_nothing() {
    let (store, fake, _clock) = store(|_, _| ok(json!({}))).await;
    assert_eq!(store.purge_expired().await.unwrap(), 0);
    assert!(fake.requests().is_empty());
}

/// The texts are as long as they are let in: 4096 bytes for the reason, 256 for
/// every other. DynamoDB takes items up to 400 KB.
#[tokio::test]
async fn the_largest_job_is_far_below_the_limit_of_an_item() {
    let (store, fake, clock) = store(|_, _| ok(json!({}))).await;
    let word = "w".repeat(256);
    let entry = |_| TimelineEntry {
        at: clock.now(),
        seen_at: clock.now(),
        phase: Phase::Succeeded,
        status: word.clone(),
        secondary_status: Some(word.clone()),
        source: Source::Describe,
        late: true,
    };
    let mut job = job(&"j".repeat(500), clock.now());
    job.job.failure_reason = Some("r".repeat(4_096));
    job.timeline = (0..Policy::TIMELINE_LIMIT).map(entry).collect();
    job.runs = (0..Policy::RUNS_LIMIT).map(|_| word.clone()).collect();
    store.save_job(&job, None).await.unwrap();
    // As JSON, which is longer than what DynamoDB counts.
    let size = only(&fake.requests()).body["Item"].to_string().len();
    assert!(size < 100_000, "{size} bytes");
}

#[tokio::test]
async fn a_list_of_an_index_is_one_query_per_shard() {
    let (store, fake, clock) = store(|_, _| ok(json!({"Items": []}))).await;
    store.list_due(clock.now(), None, 100).await.unwrap();
    store.list_jobs(&JobFilter::default(), None, 100).await.unwrap();
    let requests = fake.requests();
    let on = |index: &str| {
        let mut shards: Vec<Value> = requests
            .iter()
            .filter(|request| request.operation == "Query" && request.body["IndexName"] == index)
            .map(|query| query.body["ExpressionAttributeValues"][":partition"]["S"].clone())
            .collect();
        shards.sort_by_key(Value::to_string);
        shards
    };
    let shards = |name: &str| (0..8).map(|n| json!(format!("{name}#{n}"))).collect::<Vec<_>>();
    assert_eq!(on("due"), shards("DUE"));
    assert_eq!(on("listing"), shards("LISTING"));
    assert_eq!(requests.len(), 16);
}

/// A filter that takes nothing from an index without end.
#[tokio::test]
async fn a_list_that_finds_nothing_stops_and_says_where() {
    let index_entry = format!("2026-01-01T00:00:00.000000000Z#{}", arn("j"));
    let left_off = json!({"Items": [], "LastEvaluatedKey": {"ListingSK": {"S": index_entry}}});
    let (store, fake, _clock) = store(move |_, _| ok(left_off.clone())).await;
    let filter = JobFilter { phases: [Phase::Failed].into(), ..JobFilter::default() };
    let page = store.list_jobs(&filter, None, 10).await.unwrap();
    assert!(page.items.is_empty());
    assert_eq!(page.next.unwrap().0, format!("job|{index_entry}"));
    assert_eq!(fake.requests().len(), 4 * 8);
    assert!(fake.requests().iter().all(|query| query.body["Limit"] == 100));
}
