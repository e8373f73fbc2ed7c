//! Jobs over HTTP: read, listed, refreshed.

use std::sync::{Arc, Mutex};

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use sagebell_monitor::ports::StoreError;
use sagebell_monitor::testing::world::{FakeWorld, TRAINING_ARN};
use serde_json::{Value, json};

use super::failing::Failing;
use super::{
    call, call_as, described, get, happens, job_path, path_of, registration, request, send,
};

#[tokio::test]
async fn a_job_is_read_under_either_path() {
    let world = FakeWorld::default();
    happens(&world, "InProgress", "Training", 10).await;
    let job = get(&world, &job_path("")).await.ok();
    assert_eq!(job["arn"], TRAINING_ARN);
    assert_eq!(job["phase"], "running");
    assert_eq!(get(&world, &format!("/v1/jobs/{TRAINING_ARN}")).await.ok(), job);
}

#[tokio::test]
async fn the_timeline_tells_every_observation() {
    let world = FakeWorld::default();
    happens(&world, "InProgress", "Starting", 10).await;
    happens(&world, "Completed", "Completed", 60).await;
    happens(&world, "InProgress", "Training", 30).await;
    insta::assert_json_snapshot!(get(&world, &job_path("/timeline")).await.ok());
}

#[tokio::test]
async fn a_job_called_timeline_has_one_of_its_own() {
    let world = FakeWorld::default();
    let arn = "arn:aws:sagemaker:us-east-1:111122223333:training-job/timeline";
    let wait = format!("/v1/jobs/{arn}/waits/timeline");
    call(&world, "PUT", &wait, registration()).await.ok();
    assert_eq!(get(&world, &format!("/v1/jobs/{arn}")).await.ok()["name"], "timeline");
    for path in [format!("/v1/jobs/{arn}/timeline"), path_of(arn, "/timeline")] {
        assert_eq!(get(&world, &path).await.ok(), json!({"items": [], "dropped": 0}));
    }
}

#[tokio::test]
async fn a_refresh_asks_sagemaker_and_records() {
    let world = FakeWorld::default();
    world.sagemaker.answer(described("Stopped", "MaxRuntimeExceeded"));
    let refreshed = call(&world, "POST", &job_path("/refresh"), Value::Null).await.ok();
    assert_eq!(refreshed["phase"], "timed_out");
    assert_eq!(get(&world, &job_path("")).await.ok(), refreshed);
}

#[tokio::test]
async fn a_job_is_stopped_for_its_owner_unless_others_wait() {
    let world = FakeWorld::default();
    call(&world, "PUT", &job_path("/waits/w"), registration()).await.ok();
    happens(&world, "InProgress", "Training", 40).await;
    world.sagemaker.answer(described("Stopping", "Stopping"));
    let (stop, other) = (job_path("/stop"), "111122223333:role/other");
    assert_eq!(call_as(&world, other, request("POST", &stop, "")).await.code(), "not_owner");
    let asked = request("PUT", &job_path("/waits/v"), registration().to_string());
    call_as(&world, other, asked).await.ok();
    assert_eq!(call(&world, "POST", &stop, Value::Null).await.code(), "others_waiting");
    assert_eq!(world.sagemaker.count("stop"), 0);
    call_as(&world, other, request("DELETE", &job_path("/waits/v"), "")).await.ok();
    for _ in 0..2 {
        let stopped = call(&world, "POST", &stop, Value::Null).await.ok();
        assert_eq!(stopped["phase"], "stopping");
    }
    assert_eq!(world.sagemaker.count("stop"), 1);
}

async fn names(world: &FakeWorld, query: &str) -> Vec<String> {
    let list = get(world, &format!("/v1/jobs{query}")).await.ok();
    let items = list["items"].as_array().unwrap();
    items.iter().map(|job| job["name"].as_str().unwrap().to_owned()).collect()
}

/// Registers waits on jobs of these names, each in a run of that name.
async fn register(world: &FakeWorld, names: &[&str]) {
    for name in names {
        let arn = format!("arn:aws:sagemaker:us-east-1:111122223333:training-job/{name}");
        let mut body = registration();
        body["labels"] = json!({"run": name});
        call(world, "PUT", &path_of(&arn, "/waits/w"), body).await.ok();
        world.clock.advance(std::time::Duration::from_secs(1));
    }
}

#[tokio::test]
async fn lists_are_filtered() {
    let world = FakeWorld::default();
    register(&world, &["a", "b"]).await;
    happens(&world, "Completed", "Completed", 60).await;
    assert_eq!(names(&world, "").await, ["mnist", "b", "a"]);
    assert_eq!(names(&world, "?phase=succeeded").await, ["mnist"]);
    assert_eq!(names(&world, "?phase=unknown&kind=training").await, ["b", "a"]);
    assert_eq!(names(&world, "?kind=tuning").await, [""; 0]);
    assert_eq!(names(&world, "?run=a").await, ["a"]);
    assert_eq!(names(&world, "?phase=&kind=&run=&cursor=&limit=").await.len(), 3);
}

#[tokio::test]
async fn lists_are_paged_to_their_end() {
    let world = FakeWorld::default();
    register(&world, &["a", "b", "c"]).await;
    let (mut seen, mut query) = (Vec::new(), "?limit=2".to_owned());
    loop {
        seen.extend(names(&world, &query).await);
        let list = get(&world, &format!("/v1/jobs{query}")).await.ok();
        let Some(next) = list.get("next") else { break };
        let mut pairs = url::form_urlencoded::Serializer::new(String::from("?limit=2&"));
        query = pairs.append_pair("cursor", next.as_str().unwrap()).finish();
    }
    assert_eq!(seen, ["c", "b", "a"]);
}

#[tokio::test]
async fn health_needs_no_caller_and_a_store_that_answers() {
    let mut api = super::api(&FakeWorld::default());
    let answer = send(api.clone(), request("GET", "/healthz", "")).await;
    assert_eq!(answer.ok(), json!({"status": "ok"}));
    api.waits.store = Arc::new(Failing(|| StoreError::Retryable("busy".to_owned())));
    let answer = send(api, request("GET", "/healthz", "")).await;
    assert_eq!(answer.code(), "try_again");
}

/// Notes the names and labels of what is counted.
#[derive(Clone, Default)]
struct Noted(Arc<Mutex<Vec<String>>>);

impl Recorder for Noted {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let labels = key.labels().map(|label| label.value()).collect::<Vec<_>>();
        self.0.lock().unwrap().push(format!("{} {}", key.name(), labels.join(" ")));
        Counter::noop()
    }
    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }
    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[tokio::test]
async fn answers_are_counted_by_route_and_status() {
    let (world, noted) = (FakeWorld::default(), Noted::default());
    let _guard = metrics::set_default_local_recorder(&noted);
    get(&world, &format!("/v1/jobs/{TRAINING_ARN}/timeline")).await;
    get(&world, "/v1/jobs").await;
    get(&world, "/wp-login.php").await;
    call(&world, "PATCH", "/healthz", Value::Null).await;
    let counted = noted.0.lock().unwrap();
    assert_eq!(
        *counted,
        [
            "sagebell_api_requests_total /v1/jobs/{arn}/timeline 404",
            "sagebell_api_requests_total /v1/jobs 200",
            "sagebell_api_requests_total none 404",
            "sagebell_api_requests_total /healthz 405",
        ]
    );
}
