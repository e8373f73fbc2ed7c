//! What a save makes of a failed condition, and how unreadable items are told of.

use std::time::Duration;

use sagebell_monitor::ports::{Clock as _, Saved, Store as _, StoreError, Version, Versioned};
use serde_json::{Value, json};

use crate::fake::{Request, error, ok, store};
use crate::samples::{job, key, wait};

const FAILED: &str = "ConditionalCheckFailedException";

/// The item of a save, at another version.
fn at_version(request: &Request, version: u64) -> Value {
    let mut item = request.body["Item"].clone();
    item["ItemVersion"] = json!({"N": version.to_string()});
    item
}

#[tokio::test]
async fn a_conflict_tells_what_is_there_with_the_same_request() {
    let (store, fake, clock) =
        store(|_, request| error(400, FAILED, json!({"Item": at_version(request, 7)}))).await;
    let value = job("j", clock.now());
    let saved = store.save_job(&value, None).await.unwrap();
    let found = Versioned { value, version: Version(7) };
    assert_eq!(saved, Saved::Conflict(Some(found)));
    assert_eq!(fake.requests().len(), 1);
}

#[tokio::test]
async fn a_conflict_with_nothing_or_with_what_is_expired_is_a_conflict_with_nothing() {
    let (store, fake, clock) = store(|before, request| match before {
        0 => error(400, FAILED, json!({})),
        _ => error(400, FAILED, json!({"Item": at_version(request, 7)})),
    })
    .await;
    let job = job("j", clock.now());
    assert_eq!(store.save_job(&job, Some(Version(1))).await.unwrap(), Saved::Conflict(None));
    clock.advance(Duration::from_secs(3_600));
    assert_eq!(store.save_job(&job, Some(Version(7))).await.unwrap(), Saved::Conflict(None));
    assert_eq!(fake.requests().len(), 2);
}

/// The first attempt wrote and its answer was lost; the second meets what it wrote.
#[tokio::test]
async fn a_write_whose_answer_was_lost_is_no_conflict() {
    let (store, fake, clock) = store(|before, request| match before {
        0 => error(500, "InternalServerError", json!({})),
        _ => error(400, FAILED, json!({"Item": request.body["Item"]})),
    })
    .await;
    let saved = store.save_job(&job("j", clock.now()), Some(Version(7))).await.unwrap();
    let requests = fake.requests();
    assert_eq!(requests.len(), 2);
    let written = requests[0].body["Item"]["ItemVersion"]["N"].as_str().unwrap();
    assert_eq!(saved, Saved::Stored(Version(written.parse().unwrap())));
}

#[tokio::test]
async fn an_unreadable_item_is_named_and_not_quoted() {
    let item = json!({
        "PK": {"S": format!("JOB#{}", key("j", "the-wait").arn)}, "SK": {"S": "WAIT#the-wait"},
        "ItemVersion": {"N": "1"}, "secret": {"S": "hush"}, "job": {"S": "hush"},
    });
    let (store, _fake, clock) = store(move |_, request| match request.operation.as_str() {
        "GetItem" => ok(json!({"Item": item})),
        "Query" => ok(json!({"Items": [item]})),
        _ => error(400, FAILED, json!({"Item": item})),
    })
    .await;
    let key = key("j", "the-wait");
    for (error, name) in [
        (store.load_wait(&key).await.err(), "the-wait"),
        (store.save_wait(&wait("j", "the-wait", clock.now()), None).await.err(), "the-wait"),
        (store.list_waits(&key.arn, None, 10).await.err(), "the-wait"),
        (store.load_job(&key.arn).await.err(), "training-job/j"),
    ] {
        let Some(StoreError::Terminal(text)) = error else {
            panic!("{error:?}");
        };
        assert!(text.contains(name) && !text.contains("hush"), "{text}");
    }
}
