//! The description of the API against the API and the domain.

use std::collections::BTreeSet;

use sagebell_api_types::SignalBody;
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::job::{JobRecord, TimelineEntry};
use sagebell_monitor::observation::Source;
use sagebell_monitor::phase::Phase;
use sagebell_monitor::policy::Policy;
use sagebell_monitor::signal::Signal;
use sagebell_monitor::testing::world::{FakeWorld, TRAINING_ARN};
use sagebell_monitor::wait::{OnAbandon, SignalOn, WaitId, WaitState};
use serde_json::{Value, json};

use super::{Answer, happens, request, send};
use crate::openapi_json;

const CHECKED_IN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");

fn document() -> Value {
    serde_json::from_str(&openapi_json()).unwrap()
}

/// Every failure must be listed with the operation that answers it.
pub(super) fn assert_documented(method: &str, path: &str, answer: &Answer) {
    let code = answer.code();
    if matches!(code.as_str(), "not_found" | "method_not_allowed") {
        return;
    }
    let template = match path.strip_prefix("/v1/jobs/") {
        None => path,
        Some(rest) if rest.contains("/waits/") => "/v1/jobs/{arn}/waits/{wait_id}",
        Some(rest) if rest.ends_with("/timeline") => "/v1/jobs/{arn}/timeline",
        Some(rest) if rest.ends_with("/refresh") => "/v1/jobs/{arn}/refresh",
        Some(rest) if rest.ends_with("/stop") => "/v1/jobs/{arn}/stop",
        Some(rest) if rest.ends_with("/waits") => "/v1/jobs/{arn}/waits",
        Some(_) => "/v1/jobs/{arn}",
    };
    let status = answer.status.as_u16().to_string();
    let listed = &document()["paths"][template][method]["responses"][status]["description"];
    let listed = listed.as_str().unwrap_or_default();
    assert!(listed.contains(&format!("`{code}`")), "{method} {template}: {code} is not listed");
}

#[test]
fn openapi_json_is_up_to_date() {
    let checked_in = std::fs::read_to_string(CHECKED_IN).unwrap_or_default();
    assert!(checked_in == openapi_json(), "docs/openapi.json: run `cargo xtask generate`");
}

#[tokio::test]
async fn openapi_json_is_served_as_checked_in_to_anyone() {
    let api = super::api(&FakeWorld::default());
    let answer = send(api, request("GET", "/openapi.json", "")).await;
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.ok(), document());
}

#[test]
fn every_reference_leads_somewhere_and_every_schema_is_used() {
    let document = document();
    let (mut used, mut left) = (BTreeSet::new(), vec![&document]);
    while let Some(value) = left.pop() {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(reference)) = fields.get("$ref") {
                    used.insert(reference.trim_start_matches("#/components/schemas/"));
                }
                left.extend(fields.values());
            }
            Value::Array(items) => left.extend(items),
            _ => {}
        }
    }
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let there: BTreeSet<&str> = schemas.keys().map(String::as_str).collect();
    assert_eq!(used, there);
}

#[test]
fn every_operation_lists_its_failures() {
    for (path, operations) in document()["paths"].as_object().unwrap() {
        let open = matches!(path.as_str(), "/healthz" | "/openapi.json");
        for (method, operation) in operations.as_object().unwrap() {
            let lists = operation["responses"]["500"].is_object();
            assert_eq!(lists, path != "/openapi.json", "{method} {path}");
            assert_eq!(operation["security"].is_array(), open, "{method} {path}");
        }
    }
}

/// The names of a schema's properties: all, and the required ones.
fn properties(name: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let schema = &document()["components"]["schemas"][name];
    let all = schema["properties"].as_object().unwrap().keys().cloned().collect();
    let required = schema["required"].as_array().into_iter().flatten();
    (all, required.map(|name| name.as_str().unwrap().to_owned()).collect())
}

#[track_caller]
fn assert_matches(name: &str, full: &Value, least: &Value) {
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect();
    assert_eq!(properties(name), (keys(full), keys(least)), "{name}");
}

#[tokio::test]
async fn schemas_of_the_domain_are_its_wire_forms() {
    let world = FakeWorld::default();
    happens(&world, "Failed", "Failed", 60).await;
    let arn = JobArn::parse(TRAINING_ARN).unwrap();
    let mut job = world.jobs().get(&arn).await.unwrap().unwrap().job;
    job.failure_reason = Some("why".to_owned());
    let least = JobRecord::unseen(&arn, job.settled_at.unwrap(), job.settled_at.unwrap());
    assert_matches("Job", &json!(job), &json!(least.job));

    let mut entry = TimelineEntry {
        at: job.created_at.unwrap(),
        seen_at: job.created_at.unwrap(),
        phase: Phase::Failed,
        status: "Failed".to_owned(),
        secondary_status: None,
        source: Source::Event,
        late: false,
    };
    let least = json!(entry);
    (entry.secondary_status, entry.late) = (Some("Failed".to_owned()), true);
    assert_matches("TimelineEntry", &json!(entry), &least);

    let body = json!(SignalBody::new(Signal { wait_id: WaitId::parse("w").unwrap(), seq: 1, job }));
    assert_matches("Callback", &body, &body);
    assert_matches("CallbackData", &body["data"], &body["data"]);
}

#[test]
fn words_are_the_domains_own() {
    fn assert_words<T: serde::Serialize>(name: &str, words: &[T]) {
        assert_eq!(document()["components"]["schemas"][name]["enum"], json!(words), "{name}");
    }
    assert_words("Channel", &["connection", "callback", "none"]);
    assert_words("SignalOn", &[SignalOn::Settled, SignalOn::Progress]);
    assert_words("OnAbandon", &[OnAbandon::Stop, OnAbandon::Keep]);
    assert_words("Source", &[Source::Event, Source::Describe]);
    assert_words("Phase", &Phase::ALL);
    assert_words(
        "WaitState",
        &[
            WaitState::Waiting,
            WaitState::Signalled,
            WaitState::Cancelled,
            WaitState::Abandoned,
            WaitState::Undeliverable,
            WaitState::Expired,
        ],
    );
}

#[test]
fn bounds_and_defaults_are_the_policys_own() {
    let document = document();
    let request = &document["components"]["schemas"]["WaitRequest"];
    let lease = &request["properties"]["lease_seconds"];
    assert_eq!(lease["minimum"], *Policy::LEASE_SECONDS.start());
    assert_eq!(lease["maximum"], *Policy::LEASE_SECONDS.end());
    assert_eq!(lease["default"], Policy::LEASE_SECONDS_DEFAULT);
    assert_eq!(request.get("required"), None, "every field has a default");
    assert_eq!(request["additionalProperties"], false);
    assert_eq!(request["properties"]["secret"]["writeOnly"], true);
    let signal_on = &document["components"]["schemas"]["SignalOn"]["default"];
    assert_eq!(*signal_on, json!(SignalOn::default()));
    let on_abandon = &document["components"]["schemas"]["OnAbandon"]["default"];
    assert_eq!(*on_abandon, json!(OnAbandon::default()));
}
