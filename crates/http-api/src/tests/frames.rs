//! Frames, as the hosts of connections hand them over.

use std::sync::Arc;

use sagebell_monitor::arn::JobArn;
use sagebell_monitor::policy::Policy;
use sagebell_monitor::ports::{Clock as _, Store as _, StoreError};
use sagebell_monitor::principal::Principal;
use sagebell_monitor::testing::samples;
use sagebell_monitor::testing::world::{FakeWorld, TRAINING_ARN};
use sagebell_monitor::wait::ConnectionId;
use sagebell_monitor::wait_registry::Registration;
use serde_json::{Value, json};

use super::failing::Failing;
use super::{OWNER, api, call, get, happens, job_path, registration, sorted};
use crate::Api;

fn id(text: &str) -> ConnectionId {
    ConnectionId::parse(text).unwrap()
}

/// A connection of the owner's.
async fn open(world: &FakeWorld, text: &str) {
    let (connections, now) = (world.connections(), world.clock.now());
    connections.open(id(text), Principal(OWNER.to_owned()), now).await.unwrap();
}

/// The answer to a frame on a connection.
async fn ask(api: &Api, connection: &str, frame: &Value) -> Value {
    let answer = api.answer_frame(&id(connection), frame.to_string().as_bytes()).await;
    sorted(serde_json::from_str(&answer).unwrap())
}

fn wait() -> Value {
    json!({"action": "wait", "request_id": "r-1", "arn": TRAINING_ARN, "wait_id": "w"})
}

#[tokio::test]
async fn a_wait_is_registered_and_cancelled_by_frames_as_by_calls() {
    let world = FakeWorld::default();
    open(&world, "c1").await;
    let mut asked = wait();
    asked["labels"] = json!({"run": "run-1"});
    let answer = ask(&api(&world), "c1", &asked).await;
    assert_eq!(answer["request_id"], "r-1");
    assert_eq!(answer["wait"]["channel"], "connection");
    assert_eq!(answer["wait"]["lease_seconds"], Policy::CONNECTION_LEASE_SECONDS);
    assert_eq!(answer["wait"].get("callback_url"), None);
    let called = get(&world, &job_path("/waits/w")).await.ok();
    assert_eq!((&called["wait"], &called["job"]), (&answer["wait"], &answer["job"]));

    let cancel = json!({"action": "cancel", "request_id": "r-2", "arn": TRAINING_ARN,
                        "wait_id": "w"});
    let cancelled = ask(&api(&world), "c1", &cancel).await;
    assert_eq!(cancelled["request_id"], "r-2");
    assert_eq!(cancelled["wait"]["state"], "cancelled");
}

#[tokio::test]
async fn a_registration_is_answered_the_end_that_came_before() {
    let world = FakeWorld::default();
    open(&world, "c1").await;
    happens(&world, "Completed", "Completed", 60).await;
    let answer = ask(&api(&world), "c1", &wait()).await;
    assert_eq!(
        (&answer["wait"]["state"], &answer["job"]["phase"]),
        (&json!("signalled"), &json!("succeeded"))
    );
}

#[tokio::test]
async fn a_ping_is_answered_and_costs_no_call_of_the_store() {
    let world = FakeWorld::default();
    let broken = || StoreError::Terminal("not needed".to_owned());
    let mut api = api(&world);
    api.connections.store = Arc::new(Failing(broken));
    let answer = ask(&api, "c1", &json!({"action": "ping", "request_id": "p"})).await;
    assert_eq!(answer, json!({"action": "pong"}));
}

#[tokio::test]
async fn a_frame_that_fails_is_answered_with_a_problem_of_its_name() {
    let world = FakeWorld::default();
    open(&world, "c1").await;
    let mut viewers = api(&world);
    viewers.waits.policy =
        Arc::new(Policy { viewers: vec![OWNER.to_owned()], ..Policy::default() });
    let mut busy = api(&world);
    busy.connections.store = Arc::new(Failing(|| StoreError::Retryable("hush".to_owned())));
    open(&world, "full").await;
    let mut full = world.store.load_connection(&id("full")).await.unwrap().unwrap();
    let arn = JobArn::parse(TRAINING_ARN).unwrap();
    let others = 0..Policy::CONNECTION_WAITS;
    full.value.waits = others.map(|n| samples::key(&arn, &n.to_string())).collect();
    world.store.save_connection(&full.value, Some(full.version)).await.unwrap();
    let with = |field: &str, value: Value| {
        let mut frame = wait();
        frame[field] = value;
        frame
    };
    for (api, connection, frame, code, field) in [
        (api(&world), "c2", wait(), "connection_not_open", None),
        (api(&world), "full", wait(), "connection_full", None),
        (viewers, "c1", wait(), "read_only", None),
        (busy, "c1", wait(), "try_again", None),
        (api(&world), "c1", with("wait_id", json!("a b")), "invalid_field", Some("wait_id")),
        (
            api(&world),
            "c1",
            with("callback_url", json!("http://x/")),
            "invalid_field",
            Some("callback_url"),
        ),
        (
            api(&world),
            "c1",
            with("lease_seconds", json!(1)),
            "invalid_field",
            Some("lease_seconds"),
        ),
        (api(&world), "c1", with("action", json!("cancel")), "wait_not_found", None),
    ] {
        let answer = ask(&api, connection, &frame).await;
        assert_eq!((&answer["code"], &answer["request_id"]), (&json!(code), &json!("r-1")));
        assert_eq!(answer.get("field").and_then(Value::as_str), field, "{answer}");
        assert!(!answer.to_string().contains("hush"));
    }
    for text in ["", "[]", "{\"action\": \"ping\"}", "\u{0}"] {
        let answer = api(&world).answer_frame(&id("c1"), text.as_bytes()).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert!(answer["code"].is_string() && answer.get("request_id").is_none(), "{answer}");
    }
}

#[tokio::test]
async fn a_connection_speaks_for_who_opened_it() {
    let world = FakeWorld::default();
    open(&world, "c1").await;
    ask(&api(&world), "c1", &wait()).await;
    let other = Principal("111122223333:role/other".to_owned());
    let connections = world.connections();
    connections.open(id("c2"), other, world.clock.now()).await.unwrap();
    let mut cancel = wait();
    cancel["action"] = json!("cancel");
    let answer = ask(&api(&world), "c2", &cancel).await;
    assert_eq!(answer["code"], "wait_not_found", "it has no such wait of its own");
    assert_eq!(get(&world, &job_path("/waits/w")).await.ok()["wait"]["state"], "waiting");
}

#[tokio::test]
async fn the_address_of_connections_is_told_where_there_is_one() {
    let world = FakeWorld::default();
    assert_eq!(get(&world, "/v1/connect").await.code(), "not_found");
    let url = "wss://a1b2c3.execute-api.us-east-1.amazonaws.com/v1";
    let mut api = api(&world);
    api.connect_url = Some(url.to_owned());
    let mut request = super::request("GET", "/v1/connect", "");
    request.extensions_mut().insert(Principal(OWNER.to_owned()));
    assert_eq!(super::send(api, request).await.ok(), json!({ "url": url }));
}

#[tokio::test]
async fn a_put_without_a_callback_has_no_channel() {
    let world = FakeWorld::default();
    let path = job_path("/waits/w");
    assert_eq!(call(&world, "PUT", &path, json!({})).await.ok()["wait"]["channel"], "none");
    let told = call(&world, "PUT", &path, registration()).await.ok();
    assert_eq!(told["wait"]["channel"], "callback");
}

#[tokio::test]
async fn a_panic_ends_one_frame_and_not_its_connection() {
    let world = FakeWorld::default();
    open(&world, "c1").await;
    // The job is another's, so its tag is read.
    let first = Principal("111122223333:role/first".to_owned());
    let first = Registration { owner: first, ..world.registration("first") };
    world.waits().register(first).await.unwrap();
    world.sagemaker.tag(Err(|| panic!("a bug in {}", "an adapter")));
    let mut asked = wait();
    asked["on_abandon"] = "stop".into();
    let answer = ask(&api(&world), "c1", &asked).await;
    assert_eq!((&answer["code"], &answer["request_id"]), (&json!("internal"), &json!("r-1")));
    assert!(!answer.to_string().contains("adapter"));
}

#[tokio::test]
async fn a_connection_is_opened_for_a_known_caller_who_may_wait() {
    let (world, owner) = (FakeWorld::default(), Principal(OWNER.to_owned()));
    let now = world.clock.now();
    let mut viewers = api(&world);
    viewers.waits.policy =
        Arc::new(Policy { viewers: vec![OWNER.to_owned()], ..Policy::default() });
    let mut busy = api(&world);
    busy.connections.store = Arc::new(Failing(|| StoreError::Retryable("busy".to_owned())));
    let refused =
        [(api(&world), None, 403), (viewers, Some(&owner), 403), (busy, Some(&owner), 503)];
    for (api, caller, status) in refused {
        let answer = api.open_connection(id("c1"), caller.cloned(), now).await.unwrap_err();
        assert_eq!(answer.status(), status);
        assert_eq!(world.connections().holder(&id("c1")).await.unwrap(), None);
    }
    api(&world).open_connection(id("c1"), Some(owner.clone()), now).await.unwrap();
    assert_eq!(world.connections().holder(&id("c1")).await.unwrap(), Some(owner));
}
