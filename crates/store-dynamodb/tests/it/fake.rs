//! A server that notes what it is asked and answers as a test says.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::serve::ListenerExt;
use axum::{Json, Router};
use sagebell_monitor::testing::ManualClock;
use sagebell_store_dynamodb::DynamoStore;
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub(crate) const TABLE: &str = "a-table";

/// A request: the operation and its body.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) operation: String,
    pub(crate) body: Value,
}

pub(crate) type Answer = (StatusCode, Value);

type Answers = dyn Fn(usize, &Request) -> Answer + Send + Sync;

pub(crate) struct Fake {
    answers: Box<Answers>,
    requests: Mutex<Vec<Request>>,
    connections: AtomicUsize,
}

impl Fake {
    /// Everything asked so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// How many connections carried it.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

pub(crate) fn ok(body: Value) -> Answer {
    (StatusCode::OK, body)
}

/// An error of DynamoDB's, with more in its body than the message.
pub(crate) fn error(status: u16, code: &str, more: Value) -> Answer {
    let mut body = json!({
        "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"),
        "message": "the service's own words",
    });
    let more = more.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(more);
    (StatusCode::from_u16(status).unwrap(), body)
}

/// A store on a server whose answer may depend on how many were asked before.
pub(crate) async fn store(
    answers: impl Fn(usize, &Request) -> Answer + Send + Sync + 'static,
) -> (DynamoStore, Arc<Fake>, Arc<ManualClock>) {
    let fake = Arc::new(Fake {
        answers: Box::new(answers),
        requests: Mutex::default(),
        connections: AtomicUsize::default(),
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(answer).with_state(fake.clone());
    let counting = Arc::clone(&fake);
    let listener = listener.tap_io(move |_| {
        counting.connections.fetch_add(1, Ordering::SeqCst);
    });
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let clock = Arc::new(ManualClock::default());
    let store = DynamoStore::new(&config(&endpoint), TABLE.to_owned(), clock.clone());
    (store, fake, clock)
}

pub(crate) fn config(endpoint: &str) -> SdkConfig {
    let credentials = Credentials::new("test", "test", None, None, "tests");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(endpoint)
        .build()
}

async fn answer(
    State(fake): State<Arc<Fake>>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, Json<Value>) {
    let target = headers["x-amz-target"].to_str().unwrap();
    let operation = target.strip_prefix("DynamoDB_20120810.").unwrap().to_owned();
    let request = Request { operation, body: serde_json::from_slice(&body).unwrap() };
    let before = {
        let mut requests = fake.requests.lock().unwrap();
        requests.push(request.clone());
        requests.len() - 1
    };
    let (status, body) = (fake.answers)(before, &request);
    (status, Json(body))
}
