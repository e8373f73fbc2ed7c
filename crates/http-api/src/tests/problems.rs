//! Every code, at least once, and the shape of the document that carries it.

use std::sync::Arc;
use std::time::Duration;

use sagebell_monitor::kind::Kind;
use sagebell_monitor::limits::Limits;
use sagebell_monitor::policy::Policy;
use sagebell_monitor::ports::{SageMakerError, StoreError};
use sagebell_monitor::principal::Principal;
use sagebell_monitor::testing::world::{Described, FakeWorld};
use serde_json::{Value, json};

use super::failing::Failing;
use super::{Answer, OWNER, call, get, happens, job_path, path_of, registration, request, send};
use sagebell_api_types::ErrorCode;

/// Makes an error; errors themselves cannot be copied.
type Fails = fn() -> SageMakerError;

/// A call of every route, over a store that fails.
async fn with_store(error: fn() -> StoreError) -> Vec<Answer> {
    let (world, store) = (FakeWorld::default(), Arc::new(Failing(error)));
    let mut api = super::api(&world);
    (api.waits.store, api.jobs.store) = (store.clone(), store);
    let mut answers = Vec::new();
    for (method, path) in [
        ("PUT", job_path("/waits/w")),
        ("GET", job_path("/waits/w")),
        ("DELETE", job_path("/waits/w")),
        ("GET", job_path("")),
        ("GET", job_path("/timeline")),
        ("GET", "/v1/jobs".to_owned()),
        ("GET", "/v1/jobs?cursor=x".to_owned()),
    ] {
        let mut request = request(method, &path, registration().to_string());
        request.extensions_mut().insert(Principal(OWNER.to_owned()));
        answers.push(send(api.clone(), request).await);
    }
    answers
}

#[tokio::test]
async fn a_busy_store_is_to_be_tried_again() {
    for answer in with_store(|| StoreError::Retryable("table sagebell-x".to_owned())).await {
        assert_eq!(answer.code(), "try_again");
        assert_eq!(answer.header("retry-after"), "1");
        assert!(!answer.text.contains("sagebell-x"));
    }
}

#[tokio::test]
async fn a_broken_store_is_internal_and_told_to_the_log_only() {
    for answer in with_store(|| StoreError::Terminal("table sagebell-x".to_owned())).await {
        assert_eq!(answer.code(), "internal");
        assert!(!answer.text.contains("sagebell-x"));
    }
}

#[tokio::test]
async fn a_busy_queue_is_to_be_tried_again() {
    let world = FakeWorld::default();
    call(&world, "PUT", &job_path("/waits/w"), registration()).await.ok();
    world.sagemaker.answer(super::described("Completed", "Completed"));
    world.queue.refuse(1);
    let refresh = job_path("/refresh");
    assert_eq!(call(&world, "POST", &refresh, Value::Null).await.code(), "try_again");
    call(&world, "POST", &refresh, Value::Null).await.ok();
}

#[tokio::test]
async fn a_panic_is_answered() {
    let world = FakeWorld::default();
    world.sagemaker.answer(Described::Error(|| panic!("a bug in {}", "an adapter")));
    let answer = call(&world, "POST", &job_path("/refresh"), Value::Null).await;
    assert_eq!(answer.code(), "internal");
    assert!(!answer.text.contains("adapter"));
}

#[tokio::test]
async fn without_a_caller_nothing_but_the_service_itself_answers() {
    let world = FakeWorld::default();
    for (method, path) in [
        ("PUT", job_path("/waits/w")),
        ("GET", job_path("/waits/w")),
        ("DELETE", job_path("/waits/w")),
        ("GET", job_path("")),
        ("GET", job_path("/timeline")),
        ("POST", job_path("/refresh")),
        ("POST", job_path("/stop")),
        ("GET", job_path("/waits")),
        ("GET", "/v1/jobs".to_owned()),
    ] {
        let answer = send(super::api(&world), request(method, &path, "{")).await;
        assert_eq!(answer.code(), "caller_unknown", "{method} {path}");
    }
}

#[tokio::test]
async fn jobs_of_others_are_out_of_scope() {
    let world =
        FakeWorld::with(Policy { accounts: vec!["444455556666".to_owned()], ..Policy::default() });
    for (method, path) in [
        ("PUT", job_path("/waits/w")),
        ("GET", job_path("/waits/w")),
        ("DELETE", job_path("/waits/w")),
        ("GET", job_path("")),
        ("POST", job_path("/refresh")),
        ("POST", job_path("/stop")),
        ("GET", job_path("/waits")),
    ] {
        let answer = call(&world, method, &path, registration()).await;
        assert_eq!(answer.code(), "job_out_of_scope", "{method} {path}");
    }
    assert_eq!(world.sagemaker.count(""), 0);
}

#[tokio::test]
async fn more_than_a_share_is_refused_until_the_next_window() {
    let limits = Limits { registrations_per_minute: 1, ..Limits::NONE };
    let world = FakeWorld::with(Policy { limits, ..Policy::default() });
    call(&world, "PUT", &job_path("/waits/a"), registration()).await.ok();
    let refused = call(&world, "PUT", &job_path("/waits/b"), registration()).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (429, "too_many_waits"));
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    call(&world, "PUT", &job_path("/waits/a"), registration()).await.ok();
    world.clock.advance(Duration::from_secs(seconds));
    call(&world, "PUT", &job_path("/waits/b"), registration()).await.ok();
}

#[tokio::test]
async fn what_sagemaker_says_has_codes_of_its_own() {
    let errors: [(Fails, &str); 5] = [
        (|| SageMakerError::NotFound, "job_not_found"),
        (|| SageMakerError::Throttled("slow".to_owned()), "sagemaker_throttled"),
        (
            || SageMakerError::Unsupported { operation: "stop", kind: Kind::Model },
            "operation_unsupported",
        ),
        (|| SageMakerError::Unavailable, "sagemaker_unavailable"),
        (|| SageMakerError::Refused("AccessDenied".to_owned()), "sagemaker_refused"),
    ];
    for (error, code) in errors {
        let world = FakeWorld::default();
        world.sagemaker.answer(Described::Error(error));
        world.sagemaker.refuse_stop(Some(error));
        let answer = call(&world, "POST", &job_path("/refresh"), Value::Null).await;
        assert_eq!(answer.code(), code);
        assert_eq!(answer.headers.contains_key("retry-after"), code == "sagemaker_throttled");

        let wait = job_path("/waits/w");
        call(&world, "PUT", &wait, registration()).await.ok();
        let answer = call(&world, "DELETE", &format!("{wait}?stop=true"), Value::Null).await;
        assert_eq!(answer.code(), code);
        assert!(answer.text.contains("the wait stays"), "{}", answer.text);
        assert_eq!(get(&world, &wait).await.ok()["wait"]["state"], "waiting");
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let world = FakeWorld::default();
    assert_eq!(get(&world, &job_path("")).await.code(), "job_not_found");
    assert_eq!(get(&world, &job_path("/timeline")).await.code(), "job_not_found");
    assert_eq!(get(&world, &job_path("/waits")).await.code(), "job_not_found");
    for method in ["GET", "DELETE"] {
        let answer = call(&world, method, &job_path("/waits/w"), Value::Null).await;
        assert_eq!(answer.code(), "wait_not_found");
    }
    for path in ["/v1", "/v2/jobs", "/v1/jobs/", "/index.html", "/v1/jobs/a/b/c"] {
        assert_eq!(get(&world, path).await.code(), "not_found", "{path}");
    }
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let world = FakeWorld::default();
    for (method, path, allow) in [
        ("POST", job_path("/waits/w"), "PUT,GET,HEAD,DELETE"),
        ("GET", job_path("/refresh"), "POST"),
        ("DELETE", job_path(""), "GET,HEAD"),
        ("OPTIONS", "/v1/jobs".to_owned(), "GET,HEAD"),
    ] {
        let answer = call(&world, method, &path, Value::Null).await;
        assert_eq!(answer.code(), "method_not_allowed");
        let methods = |list: &str| list.split(',').map(str::to_owned).collect::<Vec<_>>();
        let (mut allowed, mut right) = (methods(answer.header("allow")), methods(allow));
        allowed.sort();
        right.sort();
        assert_eq!(allowed, right, "{method} {path}");
    }
}

#[tokio::test]
async fn a_problem_document_has_this_form() {
    let world = FakeWorld::default();
    let mut body = registration();
    body["lease_seconds"] = json!(1);
    let answer = call(&world, "PUT", &job_path("/waits/w"), body).await;
    insta::assert_json_snapshot!(answer.json());
}

#[tokio::test]
async fn rules_of_the_domain_name_their_field_too() {
    let world = FakeWorld::default();
    let model = "arn:aws:sagemaker:us-east-1:111122223333:model/m";
    let many: serde_json::Map<String, Value> =
        (0..17).map(|key| (key.to_string(), json!(""))).collect();
    for (path, field, value) in [
        (job_path("/waits/w"), "callback_url", json!("http://denied/")),
        (job_path("/waits/w"), "lease_seconds", json!(86_401)),
        (job_path("/waits/w"), "deadline", json!("2025-12-31T00:00:00Z")),
        (job_path("/waits/w"), "deadline", json!("2026-03-01T00:00:00Z")),
        (job_path("/waits/w"), "labels", json!({"k": "v".repeat(257)})),
        (job_path("/waits/w"), "labels", json!(many)),
        (path_of(model, "/waits/w"), "on_abandon", json!("stop")),
    ] {
        let mut body = registration();
        body[field] = value;
        let answer = call(&world, "PUT", &path, body).await;
        assert_eq!(answer.problem(), ("invalid_field".to_owned(), field.to_owned()));
    }
}

/// The tests of this crate provoke every code that the table has: a code that
/// nothing answers has no place in it.
#[test]
fn every_code_is_provoked_by_a_test() {
    let tests = [
        include_str!("frames.rs"),
        include_str!("hostile.rs"),
        include_str!("problems.rs"),
        include_str!("waits.rs"),
    ];
    for code in ErrorCode::ALL {
        let word = format!("\"{}\"", code.as_str());
        assert!(tests.iter().any(|test| test.contains(&word)), "{word}");
    }
}

#[tokio::test]
async fn a_settled_job_is_not_stopped_again() {
    let world = FakeWorld::default();
    let wait = job_path("/waits/w");
    happens(&world, "Completed", "Completed", 60).await;
    call(&world, "PUT", &wait, registration()).await.ok();
    world.sagemaker.refuse_stop(Some(|| SageMakerError::Unavailable));
    call(&world, "DELETE", &format!("{wait}?stop=true"), Value::Null).await.ok();
}
