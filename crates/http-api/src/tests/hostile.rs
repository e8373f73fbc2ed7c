//! What nobody means well by: paths, queries and bodies that are not what they
//! must be. Each is refused by name, and none costs more than its answer.

use axum::body::Body;
use sagebell_monitor::testing::world::{FakeWorld, TRAINING_ARN};
use serde_json::{Value, json};

use super::{OWNER, SECRET, call, call_as, get, job_path, path_of, registration, request};
use crate::wait_request::BODY_LIMIT;

fn invalid(field: &str) -> (String, String) {
    ("invalid_field".to_owned(), field.to_owned())
}

#[tokio::test]
async fn a_path_that_names_no_job_is_refused() {
    let world = FakeWorld::default();
    let account = "arn:aws:sagemaker:us-east-1:111122223333";
    for path in [
        "/v1/jobs/x".to_owned(),
        "/v1/jobs/..%2F..%2Fetc%2Fpasswd".to_owned(),
        "/v1/jobs/%2F".to_owned(),
        "/v1/jobs/%00".to_owned(),
        "/v1/jobs/%FF".to_owned(),
        "/v1/jobs/%C0%AF/timeline".to_owned(),
        "/v1/jobs/arn:aws:s3:::bucket".to_owned(),
        path_of(&format!("{account}:training-job/a/../b"), ""),
        format!("/v1/jobs/{account}:training-job/../b/timeline"),
        format!("/v1/jobs/{account}:training-job/x%FF"),
        format!("/v1/jobs/{account}:training-job/%22%3Cscript%3E"),
        format!("/v1/jobs/{account}:training-job/x//y"),
        format!("/v1/jobs/{account}:training-job/x/"),
        format!("/v1/jobs/{account}:training-job//x"),
        path_of(&format!("{account}:model-card/x"), ""),
        path_of(&format!("{account}:training-job/{}", "x".repeat(700)), ""),
        format!("/v1/jobs/{account}:training-job/{}", "x".repeat(60_000)),
        format!("/v1/jobs/{account}{}", "/x".repeat(10_000)),
    ] {
        let answer = get(&world, &path).await;
        assert_eq!(answer.problem(), invalid("arn"), "{path:.200}");
        assert!(answer.text.len() < 1_000, "{path:.200}");
    }
}

#[tokio::test]
async fn a_wait_id_that_is_none_is_refused() {
    let world = FakeWorld::default();
    for id in ["%20", "a%2Fb", "%2E%2E%2F", "%FF", "%00", "%3Cb%3E", &"x".repeat(129)] {
        for path in [job_path("/waits/"), format!("/v1/jobs/{TRAINING_ARN}/waits/")] {
            let answer = get(&world, &format!("{path}{id}")).await;
            assert_eq!(answer.problem(), invalid("wait_id"), "{id}");
        }
    }
}

#[tokio::test]
async fn an_encoded_arn_is_never_cut() {
    let world = FakeWorld::default();
    call(&world, "PUT", &job_path("/waits/w"), registration()).await.ok();
    let longer = path_of(&format!("{TRAINING_ARN}/waits/w"), "");
    assert_eq!(get(&world, &longer).await.code(), "invalid_field");
}

#[tokio::test]
async fn a_query_that_is_not_understood_is_refused() {
    let world = FakeWorld::default();
    for (query, field) in [
        ("phase=done", "phase"),
        ("kind=Training", "kind"),
        ("phse=failed", "phse"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=-1", "limit"),
        ("limit=1e2", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("phase=failed&phase=running", "phase"),
        ("phase=failed,done", "phase"),
        ("region=eu-west-1:1", "region"),
        ("account=1%25", "account"),
        (&format!("q={}", "x".repeat(300)), "q"),
        ("cursor=x", "cursor"),
        ("cursor=%00%FF", "cursor"),
        (&format!("cursor={}", "x".repeat(5_000)), "cursor"),
        ("stop=true", "stop"),
    ] {
        let answer = get(&world, &format!("/v1/jobs?{query}")).await;
        assert_eq!(answer.problem(), invalid(field), "{query}");
    }
    for query in ["stop=yes", "stop=1", "stop=true&stop=false", "force=true", "stop=true&force=1"] {
        let field = if query.contains("force") { "force" } else { "stop" };
        let path = job_path(&format!("/waits/w?{query}"));
        let answer = call(&world, "DELETE", &path, Value::Null).await;
        assert_eq!(answer.problem(), invalid(field), "{query}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let world = FakeWorld::default();
    let deep = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    let deep_label = format!("{{\"labels\":{}", "{\"a\":".repeat(10_000));
    for body in ["", "{", "[]", "1", "null", "\"x\"", "callback_url=x", &deep, &deep_label] {
        let request = request("PUT", &job_path("/waits/w"), body.to_owned());
        let answer = call_as(&world, OWNER, request).await;
        assert_eq!(answer.code(), "invalid_body", "{}", answer.text);
    }
    let request = request("PUT", &job_path("/waits/w"), vec![b'{', 0xff, b'}']);
    assert_eq!(call_as(&world, OWNER, request).await.code(), "invalid_body");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_however_it_comes() {
    let world = FakeWorld::default();
    let mut body = registration().to_string();
    body.push_str(&" ".repeat(BODY_LIMIT - body.len()));
    let fits = request("PUT", &job_path("/waits/w"), body.clone());
    call_as(&world, OWNER, fits).await.ok();

    body.push(' ');
    let whole = request("PUT", &job_path("/waits/w"), body.clone());
    assert_eq!(call_as(&world, OWNER, whole).await.code(), "body_too_large");

    // Without a length known before.
    let frames = Body::new(http_body_util::BodyExt::map_frame(Body::from(body), |frame| frame));
    let streamed = request("PUT", &job_path("/waits/w"), frames);
    assert_eq!(call_as(&world, OWNER, streamed).await.code(), "body_too_large");
}

#[tokio::test]
async fn a_field_of_the_wrong_type_is_named() {
    let world = FakeWorld::default();
    let junk = [json!(true), json!(-1), json!(1.5), json!([]), json!({"a": [1]}), json!("\u{0}x")];
    for field in [
        "callback_url",
        "secret",
        "signal_on",
        "not_before",
        "lease_seconds",
        "deadline",
        "on_abandon",
        "labels",
    ] {
        for value in &junk {
            let mut body = registration();
            body[field] = value.clone();
            let answer = call(&world, "PUT", &job_path("/waits/w"), body).await;
            assert_eq!(answer.problem(), invalid(field), "{field}: {value}");
        }
    }
}

#[tokio::test]
async fn a_field_that_is_missing_or_unknown_is_named() {
    let world = FakeWorld::default();
    for field in ["callback_url", "secret"] {
        for absent in [true, false] {
            let mut body = registration();
            body[field] = Value::Null;
            if absent {
                body.as_object_mut().unwrap().remove(field);
            }
            let answer = call(&world, "PUT", &job_path("/waits/w"), body).await;
            assert_eq!(answer.problem(), invalid(field));
        }
    }
    let mut body = registration();
    body["callbackUrl"] = json!("x");
    let answer = call(&world, "PUT", &job_path("/waits/w"), body).await;
    assert_eq!(answer.problem(), invalid("callbackUrl"));
}

#[tokio::test]
async fn answers_do_not_grow_with_what_was_sent() {
    let world = FakeWorld::default();
    let long = "é".repeat(20_000);
    for body in [
        json!({ "callback_url": "http://x", "secret": SECRET, "signal_on": long }),
        json!({ "callback_url": "http://x", "secret": SECRET, (long.clone()): 1 }),
    ] {
        let answer = call(&world, "PUT", &job_path("/waits/w"), body).await;
        assert_eq!(answer.code(), "invalid_field");
        assert!(answer.text.len() < 2_000);
    }
}

#[tokio::test]
async fn a_secret_that_is_none_is_not_echoed() {
    let world = FakeWorld::default();
    for secret in ["whsec_hunter2", "hunter2", "whsec_aHVudGVyMmh1bnRlcjI="] {
        let mut body = registration();
        body["secret"] = json!(secret);
        let answer = call(&world, "PUT", &job_path("/waits/w"), body).await;
        assert_eq!(answer.problem(), invalid("secret"));
        assert!(!answer.text.contains(secret), "{}", answer.text);
    }
}
