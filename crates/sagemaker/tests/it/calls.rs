//! Any operation, its answer and its errors.

use std::time::Duration;

use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use sagebell_monitor::call_budget::{Call, CallBudget};
use sagebell_monitor::ports::{Clock as _, SageMakerError};
use sagebell_monitor::testing::world::FakeWorld;
use sagebell_sagemaker::{Api, Class, Rate, connect};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::server::{Server, arn, config, no_jitter, ok, refuse};

#[tokio::test]
async fn a_call_carries_its_own_operation_and_body_and_signs_them() {
    let server = Server::start(|_, _| ok(json!({"TrainingJobArn": "arn"}))).await;
    let input = json!({"TrainingJobName": "ä\"b", "Environment": {"A": "1"}, "Unheard": [1, 2.5]});
    server.api().await.call("CreateTrainingJob", &input).await.unwrap();
    let asked = server.asked().pop().unwrap();
    assert_eq!(asked.operation, "CreateTrainingJob");
    assert_eq!(asked.input, input);
    assert_eq!(asked.header("content-type"), "application/x-amz-json-1.1");
    assert_eq!(asked.header("content-length"), asked.body.len().to_string());
    let signed = asked.header("authorization");
    assert!(signed.contains("/us-east-1/sagemaker/aws4_request"), "{signed}");
    assert!(signed.contains("x-amz-target"), "{signed}");
}

#[tokio::test]
async fn an_answer_comes_whole() {
    let answer = json!({
        "TrainingJobName": "x", "CreationTime": 1_767_225_600.123,
        "NewIn2030": {"deep": [{"er": null}]}, "Tags": "no list, whatever the SDK thinks",
    });
    let sent = answer.clone();
    let server = Server::start(move |_, _| ok(sent.clone())).await;
    let read = server.api().await.call("DescribeTrainingJob", &json!({})).await.unwrap();
    assert_eq!(read, answer);
}

#[tokio::test]
async fn no_answer_is_an_empty_object() {
    let server = Server::start(|_, _| StatusCode::OK.into_response()).await;
    let read = server.api().await.call("StopTrainingJob", &json!({})).await.unwrap();
    assert_eq!(read, json!({}));
}

#[tokio::test]
async fn an_error_keeps_the_services_own_words() {
    let server =
        Server::start(|_, _| refuse("ValidationException", "Requested resource not found.")).await;
    let call = server.api().await;
    let error = call.call("DescribeTrainingJob", &json!({})).await.unwrap_err();
    assert_eq!(error.class, Class::NotFound);
    assert_eq!(error.code.as_deref(), Some("ValidationException"));
    assert_eq!(error.message, "Requested resource not found.");
    assert_eq!(error.request_id.as_deref(), Some("r-1"));
    assert_eq!(
        error.to_string(),
        "DescribeTrainingJob: Requested resource not found. (ValidationException, request r-1)"
    );
    assert_eq!(server.asked().len(), 1, "a wrong request is not tried again");
}

#[tokio::test]
async fn a_modeled_error_of_the_operation_is_told_by_its_code() {
    let server =
        Server::start(|_, _| refuse("com.amazonaws.sagemaker#ResourceInUse", "in use")).await;
    let error = server.api().await.call("CreateTrainingJob", &json!({})).await.unwrap_err();
    assert_eq!((error.class, error.code.as_deref()), (Class::AlreadyExists, Some("ResourceInUse")));
}

#[tokio::test]
async fn throttled_calls_are_tried_again_and_slow_the_budget_down() {
    let server = Server::start(|_, nth| match nth {
        0 => refuse("ThrottlingException", "Rate exceeded"),
        _ => ok(json!({"ok": true})),
    })
    .await;
    let (api, budget) = server.api_with(Rate::default()).await;
    let answer = api.call("DescribeTrainingJob", &json!({"TrainingJobName": "x"})).await.unwrap();
    assert_eq!(answer, json!({"ok": true}));
    let asked = server.asked();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0].input, asked[1].input, "every attempt carries the same request");
    assert!(budget.per_second() < Rate::default().per_second);
}

#[tokio::test]
async fn throttled_writes_leave_the_budget_of_reads_alone() {
    let server = Server::start(|_, nth| match nth {
        0 => refuse("ThrottlingException", "Rate exceeded"),
        _ => ok(json!({})),
    })
    .await;
    let (api, budget) = server.api_with(Rate::default()).await;
    api.call("CreateModel", &json!({})).await.unwrap();
    assert!(budget.per_second() >= Rate::default().per_second);
}

#[tokio::test]
async fn a_spent_budget_sends_nothing() {
    let server = Server::start(|_, _| ok(json!({}))).await;
    let rate = Rate { per_second: 0.1, burst: 1.0, ..Rate::default() };
    let (api, _) = server.api_with(rate).await;
    api.call("DescribeModel", &json!({})).await.unwrap();
    let error = api.call("ListModels", &json!({})).await.unwrap_err();
    assert_eq!(error.class, Class::Throttled);
    assert!(
        error.message.contains("the budget of SageMaker calls is used up"),
        "{}",
        error.message
    );
    api.call("CreateModel", &json!({})).await.unwrap();
    assert_eq!(server.operations(), ["DescribeModel", "CreateModel"]);
}

#[tokio::test]
async fn a_broken_service_is_unavailable_after_three_tries() {
    let page = "<html>Service Unavailable</html>";
    let server =
        Server::start(move |_, _| (StatusCode::SERVICE_UNAVAILABLE, page).into_response()).await;
    let error = server.api().await.call("DescribeModel", &json!({})).await.unwrap_err();
    assert_eq!(error.class, Class::Unavailable);
    assert_eq!(server.asked().len(), 3);
}

#[tokio::test]
async fn an_unreachable_service_is_unavailable() {
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let budget = Server::start(|_, _| ok(json!({}))).await.api_with(Rate::default()).await.1;
    let api = Api::new(&crate::server::config(Some(&url)).await, budget);
    let error = api.call("DescribeModel", &json!({})).await.unwrap_err();
    assert_eq!(error.class, Class::Unavailable);
    assert!(error.message.contains("refused"), "the cause is told: {}", error.message);
}

#[tokio::test]
async fn an_endless_answer_is_not_read_to_its_end() {
    let long = format!("{{\"PipelineDefinition\": \"{}\"}}", "x".repeat(5 * 1024 * 1024));
    let server = Server::start(move |_, _| long.clone().into_response()).await;
    let error = server.api().await.call("DescribePipeline", &json!({})).await.unwrap_err();
    assert_eq!(error.class, Class::Unavailable);
    assert!(error.message.contains("length limit"), "{}", error.message);
}

#[tokio::test]
async fn what_is_no_call_is_not_sent() {
    let server = Server::start(|_, _| ok(json!({}))).await;
    let api = server.api().await;
    for name in ["", "Describe Model", "DescribeModel\r\nx-evil: 1", &"D".repeat(65), "Bücher"] {
        let error = api.call(name, &json!({})).await.unwrap_err();
        assert_eq!(error.class, Class::Invalid, "{name:?}");
    }
    let error = api.call("DescribeModel", &json!([1])).await.unwrap_err();
    assert_eq!(error.class, Class::Invalid);
    assert!(server.asked().is_empty());
}

pub(crate) fn budget(world: &FakeWorld) -> CallBudget {
    CallBudget {
        store: world.store.clone(),
        clock: world.clock.clone(),
        entropy: no_jitter(),
        account: None,
        describes_per_second: 2,
    }
}

#[tokio::test]
async fn the_monitor_calls_within_the_budget_that_its_functions_share() {
    let server = Server::start(|_, _| ok(json!({"TrainingJobStatus": "InProgress"}))).await;
    let world = FakeWorld::default();
    let (port, job) = (connect(&server.config().await, budget(&world), &[]), arn("training-job/x"));
    // Another function takes all of this window and of the next.
    let other = budget(&world);
    for _ in 0..12 {
        other.take(job.region(), Call::Describe).await.unwrap();
    }
    let before = world.clock.now();
    port.describe(&job).await.unwrap();
    assert!(world.clock.now() > before, "it waited for its turn");
    assert_eq!(server.asked().len(), 1);
}

/// Connections are taken by the system and never served. The paused clock runs on to
/// the next timeout whenever all else is waiting.
#[tokio::test(start_paused = true)]
async fn a_silent_sagemaker_leaves_the_api_time_to_say_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let sdk = config(Some(&format!("http://{}", listener.local_addr().unwrap()))).await;
    let port = connect(&sdk, budget(&FakeWorld::default()), &[]);
    // Of the 15 s that a registration has.
    let within = Duration::from_secs(8);
    let asked = timeout(within, port.describe(&arn("training-job/x"))).await;
    assert!(matches!(asked, Ok(Err(SageMakerError::Throttled(_)))), "{asked:?}");
}
