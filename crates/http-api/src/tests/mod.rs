//! The router as its hosts call it, over the fake world of `sagebell_monitor::testing`.
//!
//! Every answer is held against the promises that hold for all of them: strict
//! headers, and no failure that the OpenAPI document does not list.

mod dashboard;
mod failing;
mod frames;
mod hostile;
mod jobs;
mod logs;
mod openapi;
mod problems;
mod waits;

use axum::body::Body;
use axum::extract::Request;
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt as _;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sagebell_monitor::principal::Principal;
use sagebell_monitor::testing::world::{Described, FakeWorld, TRAINING_ARN};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::{Api, Metrics, router};

/// Who registers waits in these tests.
const OWNER: &str = "111122223333:role/pipeline";
/// `whsec_` and 32 bytes.
const SECRET: &str = "whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

/// When the training job was created: the start of the fake clock.
const BORN: i64 = 1_767_225_600;

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        let json = serde_json::from_str(&self.text);
        sorted(json.unwrap_or_else(|_| panic!("no JSON: {}", self.text)))
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The JSON of a call that went well.
    #[track_caller]
    fn ok(&self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text);
        self.json()
    }

    /// Code and field of a call that failed.
    #[track_caller]
    fn problem(&self) -> (String, String) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text);
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        let word = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
        (word("code"), word("field"))
    }

    #[track_caller]
    fn code(&self) -> String {
        self.problem().0
    }
}

/// With the members of each object in alphabetical order: the order they come in is
/// another when the whole workspace is built, as one crate of it keeps the order.
fn sorted(mut json: Value) -> Value {
    json.sort_all_objects();
    json
}

fn api(world: &FakeWorld) -> Api {
    let (waits, jobs, connections) = (world.waits(), world.jobs(), world.connections());
    let (health, metrics) = (world.health(), Metrics::Nowhere);
    Api { waits, jobs, connections, health, connect_url: None, kfp_ui: None, metrics }
}

/// A path with the training job's ARN encoded in it.
fn job_path(rest: &str) -> String {
    path_of(TRAINING_ARN, rest)
}

fn path_of(arn: &str, rest: &str) -> String {
    format!("/v1/jobs/{}{rest}", utf8_percent_encode(arn, NON_ALPHANUMERIC))
}

fn registration() -> Value {
    json!({"callback_url": "http://10.1.2.3:8080/hook?token=t", "secret": SECRET})
}

fn request(method: &str, path: &str, body: impl Into<Body>) -> Request {
    Request::builder().method(method).uri(path).body(body.into()).unwrap()
}

/// Sends as the owner.
async fn call(world: &FakeWorld, method: &str, path: &str, body: Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    call_as(world, OWNER, request(method, path, body)).await
}

async fn get(world: &FakeWorld, path: &str) -> Answer {
    call(world, "GET", path, Value::Null).await
}

async fn call_as(world: &FakeWorld, who: &str, mut request: Request) -> Answer {
    request.extensions_mut().insert(Principal(who.to_owned()));
    send(api(world), request).await
}

async fn send(api: Api, request: Request) -> Answer {
    let operation = (request.method().as_str().to_lowercase(), request.uri().path().to_owned());
    let response = router(api).oneshot(request).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let answer = Answer { status, headers, text: String::from_utf8(body.into()).unwrap() };
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
    if !answer.status.is_success() {
        openapi::assert_documented(&operation.0, &operation.1, &answer);
    }
    answer
}

/// What a Describe of the training job answers.
fn described(status: &str, secondary: &str) -> Described {
    Described::Answer(json!({
        "TrainingJobArn": TRAINING_ARN, "TrainingJobName": "mnist",
        "TrainingJobStatus": status, "SecondaryStatus": secondary,
        "CreationTime": BORN, "LastModifiedTime": BORN + 60,
    }))
}

/// A state-change event of the training job, `age` seconds into its life.
fn event(status: &str, secondary: &str, age: i64) -> Value {
    json!({
        "source": "aws.sagemaker",
        "detail-type": "SageMaker Training Job State Change",
        "time": BORN + age,
        "detail": {
            "TrainingJobArn": TRAINING_ARN, "TrainingJobName": "mnist",
            "TrainingJobStatus": status, "SecondaryStatus": secondary,
            "CreationTime": BORN * 1_000, "LastModifiedTime": (BORN + age) * 1_000,
        },
    })
}

/// Takes such an event in.
async fn happens(world: &FakeWorld, status: &str, secondary: &str, age: i64) {
    world.recorder().take(&event(status, secondary, age)).await.unwrap();
}
