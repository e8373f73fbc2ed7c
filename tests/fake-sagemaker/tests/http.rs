//! The fake in the same process, over HTTP.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code: a broken assumption is to stop the test"
)]

use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use sagebell_fake_sagemaker::{Fake, Fault, FaultRule, Life, Options, Stage, StartError, Target};
use sagebell_monitor::testing::ManualClock;
use serde_json::{Value, json};

/// With this clock a sleep moves the time, so a life is over as soon as nobody
/// looks.
async fn start(options: Options) -> Fake {
    Fake::start(Options { clock: Arc::new(ManualClock::default()), ..options }).await.unwrap()
}

async fn call(fake: &Fake, operation: &str, input: Value) -> (u16, Value) {
    let request = Client::new()
        .post(fake.url())
        .header("x-amz-target", format!("SageMaker.{operation}"))
        .header("content-type", "application/x-amz-json-1.1")
        .body(input.to_string());
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let error = answer.headers().get("x-amzn-errortype").cloned();
    let body: Value = answer.json().await.unwrap();
    assert_eq!(error.map(|code| json!(code.to_str().unwrap())), body.get("__type").cloned());
    (status, body)
}

async fn control(fake: &Fake, path: &str, body: Value) -> u16 {
    let url = format!("{}/_fake/{path}", fake.url());
    Client::new().post(url).json(&body).send().await.unwrap().status().as_u16()
}

fn processing(name: &str) -> Value {
    json!({
        "ProcessingJobName": name, "ProcessingResources": {}, "AppSpecification": {}, "RoleArn": "r",
    })
}

#[tokio::test]
async fn what_no_operation_is_is_refused() {
    let fake = start(Options::default()).await;
    let (status, body) = call(&fake, "MeltTrainingJob", json!({})).await;
    assert_eq!((status, &body["__type"]), (400, &json!("UnknownOperationException")));
    let (status, body) = call(&fake, "CreateModel", json!([])).await;
    assert_eq!((status, &body["__type"]), (400, &json!("SerializationException")));
    let (_, body) = call(&fake, "CreateModel", json!({ "ModelName": "under_score" })).await;
    assert_eq!(body["__type"], "ValidationException");
    fake.stop().await;
}

#[tokio::test]
async fn a_life_ends_without_anyone_looking_and_its_events_are_posted() {
    let (sent, mut received) = tokio::sync::mpsc::channel::<Value>(10);
    let receive = axum::routing::post(async move |body: axum::Json<Value>| {
        sent.send(body.0).await.unwrap();
    });
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", socket.local_addr().unwrap()).parse().unwrap();
    let router = axum::Router::new().route("/", receive);
    let receiver = tokio::spawn(async move { axum::serve(socket, router).await });

    let events = vec![Target::Post { url }];
    let fake =
        start(Options { events, step: Duration::from_secs(3_600), ..Options::default() }).await;
    call(&fake, "CreateProcessingJob", processing("a")).await;
    let status =
        async |event: Option<Value>| event.unwrap()["detail"]["ProcessingJobStatus"].clone();
    assert_eq!(status(received.recv().await).await, "InProgress");
    assert_eq!(status(received.recv().await).await, "Completed");
    fake.stop().await;
    receiver.abort();
}

#[tokio::test]
async fn a_life_says_what_a_stop_comes_to() {
    let fake = start(Options::default()).await;
    let life = Life {
        name: "*".to_owned(),
        kind: Some("processing".to_owned()),
        stages: vec![Stage::new(Duration::ZERO, "InProgress")],
        on_stop: Some(vec![Stage::new(Duration::ZERO, "Completed")]),
        on_update: None,
    };
    assert_eq!(control(&fake, "lives", json!(life)).await, 204);
    call(&fake, "CreateProcessingJob", processing("a")).await;
    let name = json!({ "ProcessingJobName": "a" });
    assert_eq!(call(&fake, "StopProcessingJob", name.clone()).await, (200, json!({})));
    let (_, answer) = call(&fake, "DescribeProcessingJob", name.clone()).await;
    assert_eq!(answer["ProcessingJobStatus"], "Completed");
    let (_, refused) = call(&fake, "StopProcessingJob", name).await;
    let message = refused["message"].as_str().unwrap();
    assert!(message.contains("processing job is in status Completed"), "{message}");
    fake.stop().await;
}

#[tokio::test]
async fn a_reset_closes_the_connection() {
    let fake = start(Options::default()).await;
    let rule = FaultRule {
        operation: "ListModels".to_owned(),
        fault: Fault::Reset,
        times: 1,
        millis: 0,
        code: None,
        message: None,
    };
    assert_eq!(control(&fake, "faults", json!(rule)).await, 204);
    let list = || {
        let client = Client::new().post(fake.url()).header("x-amz-target", "SageMaker.ListModels");
        client.body("{}").send()
    };
    assert!(list().await.is_err());
    assert_eq!(list().await.unwrap().status(), 200);
    fake.stop().await;
}

#[tokio::test]
async fn a_script_that_cannot_be_is_refused() {
    let fake = start(Options::default()).await;
    assert_eq!(control(&fake, "lives", json!({ "name": "*", "kind": "melting" })).await, 400);
    assert_eq!(control(&fake, "jobs/nothing/status", json!({ "status": "Failed" })).await, 404);
    let rule = json!({ "operation": "*", "fault": "slow", "millis": 99_999_999 });
    assert_eq!(control(&fake, "faults", rule).await, 400);
    fake.stop().await;
}

#[tokio::test]
async fn an_account_is_twelve_digits() {
    let wrong = Options { account: "12".to_owned(), ..Options::default() };
    assert!(matches!(Fake::start(wrong).await, Err(StartError::Account(_))));
}
