//! Waits over HTTP: registered, renewed, read, cancelled, and only one's own.

use std::time::Duration;

use sagebell_monitor::testing::world::{FakeWorld, TRAINING_ARN};
use serde_json::{Value, json};

use super::{
    OWNER, SECRET, api, call, call_as, get, happens, job_path, registration, request, send,
};

#[tokio::test]
async fn a_put_answers_the_wait_and_the_job() {
    let world = FakeWorld::default();
    let event = FakeWorld::training_event("InProgress", "Training", 60);
    world.recorder().take(&event).await.unwrap();
    let body = json!({
        "callback_url": "http://10.1.2.3:8080/hook?token=t",
        "secret": SECRET,
        "signal_on": "progress",
        "not_before": "2026-01-01T01:00:00+01:00",
        "lease_seconds": 300,
        "deadline": "2026-01-02T00:00:00Z",
        "on_abandon": "stop",
        "labels": {"run": "r1"},
    });
    let answer = call(&world, "PUT", &job_path("/waits/w"), body).await;
    assert!(!answer.text.contains("whsec_"));
    insta::assert_json_snapshot!(answer.ok());
}

#[tokio::test]
async fn two_fields_are_enough_and_null_is_absent() {
    let world = FakeWorld::default();
    let mut body = registration();
    for field in ["signal_on", "not_before", "lease_seconds", "deadline", "on_abandon", "labels"] {
        body[field] = Value::Null;
    }
    for body in [registration(), body] {
        let wait = call(&world, "PUT", &job_path("/waits/w"), body).await.ok()["wait"].take();
        assert_eq!(wait["signal_on"], "settled");
        assert_eq!(wait["lease_seconds"], 600);
        assert_eq!(wait["on_abandon"], "keep");
        assert_eq!(wait["labels"], json!({}));
        assert_eq!(wait.get("not_before"), None);
    }
}

#[tokio::test]
async fn a_repeated_put_renews_the_lease() {
    let world = FakeWorld::default();
    let path = job_path("/waits/w");
    let first = call(&world, "PUT", &path, registration()).await.ok();
    world.clock.advance(Duration::from_secs(60));
    let second = call(&world, "PUT", &path, registration()).await.ok();
    assert_eq!(first["wait"]["created_at"], second["wait"]["created_at"]);
    assert_eq!(second["wait"]["lease_until"], "2026-01-01T00:11:00Z");
}

#[tokio::test]
async fn a_put_on_a_settled_job_need_not_wait() {
    let world = FakeWorld::default();
    happens(&world, "Completed", "Completed", 60).await;
    let answer = call(&world, "PUT", &job_path("/waits/w"), registration()).await.ok();
    assert_eq!(answer["wait"]["state"], "signalled");
    assert_eq!(answer["job"]["phase"], "succeeded");
}

#[tokio::test]
async fn what_was_put_is_read_back() {
    let world = FakeWorld::default();
    let path = job_path("/waits/w");
    let put = call(&world, "PUT", &path, registration()).await.ok();
    let read = get(&world, &path).await;
    assert!(!read.text.contains("whsec_"));
    assert_eq!(read.ok(), put);
    assert_eq!(read.ok()["wait"]["callback_url"], "http://10.1.2.3:8080/hook?token=t");
}

#[tokio::test]
async fn failed_deliveries_are_told() {
    let world = FakeWorld::default();
    let path = job_path("/waits/w");
    call(&world, "PUT", &path, registration()).await.ok();
    happens(&world, "Completed", "Completed", 60).await;
    world.sender.fail(100);
    world.deliver_all().await;
    let delivery = get(&world, &path).await.ok()["wait"]["delivery"].take();
    assert_eq!(delivery["seq"], 1);
    assert_eq!(delivery["last_error"], "connection refused");
    assert!(delivery["attempts"].as_u64() > Some(0));
    assert!(delivery["retry_at"].is_string());
}

#[tokio::test]
async fn a_cancelled_wait_stops_its_job_only_if_asked() {
    for (query, stops) in [("", 0), ("?stop=", 0), ("?stop=false", 0), ("?stop=true", 1)] {
        let world = FakeWorld::default();
        let path = job_path("/waits/w");
        call(&world, "PUT", &path, registration()).await.ok();
        let gone = call(&world, "DELETE", &format!("{path}{query}"), Value::Null).await.ok();
        assert_eq!(gone["wait"]["state"], "cancelled");
        assert_eq!(world.sagemaker.count("stop"), stops, "{query}");
    }
}

#[tokio::test]
async fn a_raw_arn_is_the_same_wait() {
    let world = FakeWorld::default();
    let raw = format!("/v1/jobs/{TRAINING_ARN}/waits/w");
    let put = call(&world, "PUT", &raw, registration()).await.ok();
    assert_eq!(get(&world, &job_path("/waits/w")).await.ok(), put);
    let gone = call(&world, "DELETE", &format!("{raw}?stop=true"), Value::Null).await.ok();
    assert_eq!(gone["wait"]["state"], "cancelled");
    assert_eq!(world.sagemaker.count("stop"), 1);
}

/// Promise 6: nobody in who does not belong.
#[tokio::test]
async fn another_principal_gets_nowhere_near_a_wait() {
    let world = FakeWorld::default();
    let path = job_path("/waits/w");
    let before = call(&world, "PUT", &path, registration()).await.ok();
    let other = "111122223333:role/other";
    for method in ["GET", "DELETE"] {
        let answer = call_as(&world, other, request(method, &path, "")).await;
        assert_eq!(answer.code(), "wait_not_found", "{method}");
        assert!(!answer.text.contains("token"), "{method}");
    }
    // The name is not taken: it is each principal's own.
    let mut own = registration();
    own["callback_url"] = json!("http://10.9.9.9:8080/theirs");
    let own = request("PUT", &path, own.to_string());
    let theirs = call_as(&world, other, own).await.ok();
    assert_eq!(theirs["wait"]["callback_url"], "http://10.9.9.9:8080/theirs");
    let gone = call_as(&world, other, request("DELETE", &path, "")).await.ok();
    assert_eq!(gone["wait"]["state"], "cancelled");
    assert_eq!(get(&world, &path).await.ok(), before);
}

#[tokio::test]
async fn a_caller_is_told_its_own_name() {
    let world = FakeWorld::default();
    let answer = call_as(&world, "111122223333:role/x", request("GET", "/v1/principal", "")).await;
    assert_eq!(answer.ok(), json!({"principal": "111122223333:role/x"}));
    let nobody = send(api(&world), request("GET", "/v1/principal", "")).await;
    assert_eq!(nobody.code(), "caller_unknown");
}

#[tokio::test]
async fn a_body_that_says_a_thing_twice_is_refused_by_name() {
    let world = FakeWorld::default();
    let body = registration().to_string();
    let body = body.trim_end_matches('}');
    for (more, field) in [
        (r#""on_abandon": "keep", "on_abandon": "stop""#, "on_abandon"),
        (r#""labels": {"run": "a", "run": "b"}"#, "run"),
    ] {
        let body = format!("{body}, {more}}}");
        let answer = call_as(&world, OWNER, request("PUT", &job_path("/waits/w"), body)).await;
        assert_eq!(answer.problem(), ("invalid_field".to_owned(), field.to_owned()));
    }
}

/// Promise 6: a job is stopped for its owner only.
#[tokio::test]
async fn a_job_is_stopped_and_looked_at_for_its_owner_only() {
    let world = FakeWorld::default();
    let (path, other) = (job_path("/waits/w"), "111122223333:role/other");
    call(&world, "PUT", &path, registration()).await.ok();
    let mut asked = registration();
    asked["on_abandon"] = json!("stop");
    let refused = call_as(&world, other, request("PUT", &path, asked.to_string())).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (403, "not_owner"));
    call_as(&world, other, request("PUT", &path, registration().to_string())).await.ok();
    for query in ["stop=true", "stop=true&force=true"] {
        let asked = request("DELETE", &format!("{path}?{query}"), "");
        assert_eq!(call_as(&world, other, asked).await.code(), "not_owner", "{query}");
    }
    let refresh = request("POST", &job_path("/refresh"), "");
    assert_eq!(call_as(&world, other, refresh).await.code(), "not_owner");
    assert_eq!(world.sagemaker.count("stop"), 0);

    let stop = format!("{path}?stop=true");
    let held = call(&world, "DELETE", &stop, Value::Null).await;
    assert_eq!((held.status.as_u16(), held.code().as_str()), (409, "others_waiting"));
    let forced = call(&world, "DELETE", &format!("{stop}&force=true"), Value::Null).await.ok();
    assert_eq!(forced["wait"]["state"], "cancelled");
    assert_eq!(world.sagemaker.count("stop"), 1);
}

#[tokio::test]
async fn a_viewer_reads_and_does_nothing_else() {
    let viewers = vec!["*:role/dashboard".to_owned()];
    let world = FakeWorld::with(sagebell_monitor::policy::Policy { viewers, ..Default::default() });
    happens(&world, "InProgress", "Training", 10).await;
    let viewer = "111122223333:role/dashboard";
    for path in [
        job_path(""),
        job_path("/timeline"),
        job_path("/waits"),
        "/v1/jobs".to_owned(),
        "/".to_owned(),
    ] {
        let answer = call_as(&world, viewer, request("GET", &path, "")).await;
        assert!(answer.status.is_success(), "{path}");
    }
    for (method, rest) in
        [("PUT", "/waits/w"), ("DELETE", "/waits/w"), ("POST", "/refresh"), ("POST", "/stop")]
    {
        let asked = request(method, &job_path(rest), registration().to_string());
        assert_eq!(call_as(&world, viewer, asked).await.code(), "read_only", "{method}");
    }
    assert!(world.sagemaker.calls.lock().unwrap().is_empty());
}

#[tokio::test]
async fn everyone_sees_who_waits_and_only_its_own_callback() {
    let world = FakeWorld::default();
    call(&world, "PUT", &job_path("/waits/a"), registration()).await.ok();
    let other = "111122223333:role/other";
    let asked = request("PUT", &job_path("/waits/b"), registration().to_string());
    call_as(&world, other, asked).await.ok();
    let listed = get(&world, &job_path("/waits")).await.ok();
    let items = listed["items"].as_array().unwrap();
    let seen = |id: &str| items.iter().find(|item| item["wait"]["id"] == id).unwrap();
    assert_eq!((items.len(), &seen("a")["principal"]), (2, &json!(OWNER)));
    assert_eq!(seen("b")["principal"], other);
    assert!(seen("a")["wait"]["callback_url"].is_string());
    assert!(seen("b")["wait"]["callback_url"].is_null());
    assert!(!listed.to_string().contains(SECRET));

    let first = get(&world, &job_path("/waits?limit=1")).await.ok();
    let next = first["next"].as_str().unwrap();
    let second = get(&world, &job_path(&format!("/waits?limit=1&cursor={next}"))).await.ok();
    let ids = |page: &Value| page["items"][0]["wait"]["id"].as_str().unwrap().to_owned();
    assert_ne!(ids(&first), ids(&second));
    assert_eq!(get(&world, &job_path("/waits?phase=failed")).await.code(), "invalid_field");
}
