//! EventBridge events in the form of SageMaker's own, field by field as in the
//! sample events of the kind.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::Timestamp;
use sagebell_monitor::kind::Kind;
use sagebell_monitor::time::parse_time;
use serde_json::{Map, Value, json};

use crate::resource::Resource;
use crate::state::Settings;
use crate::view::view;

macro_rules! sample {
    ($name:literal) => {
        include_str!(concat!("../../../events/", $name, ".json"))
    };
}

/// A sample per kind that has events: the richest, and one whose times are
/// written as most are.
const SAMPLES: [(Kind, &str); 22] = [
    (Kind::Training, sample!("training-completed")),
    (Kind::Tuning, sample!("tuning-completed")),
    (Kind::Processing, sample!("processing-completed")),
    (Kind::Transform, sample!("transform-completed")),
    (Kind::Labeling, sample!("labeling-completed")),
    (Kind::PipelineExecution, sample!("pipeline-execution-succeeded")),
    (Kind::PipelineStep, sample!("pipeline-step-succeeded")),
    (Kind::HumanLoop, sample!("human-loop-completed")),
    (Kind::Endpoint, sample!("endpoint-in-service")),
    (Kind::EndpointConfig, sample!("endpoint-config-created")),
    (Kind::Model, sample!("model-created")),
    (Kind::ModelPackage, sample!("model-package-completed")),
    (Kind::FeatureGroup, sample!("feature-group-created")),
    (Kind::NotebookInstance, sample!("notebook-instance-in-service")),
    (Kind::Cluster, sample!("cluster-in-service")),
    (Kind::Image, sample!("image-created")),
    (Kind::ImageVersion, sample!("image-version-created")),
    (Kind::Job, sample!("job-completed")),
    (Kind::MonitoringSchedule, sample!("monitoring-schedule-scheduled")),
    (Kind::Algorithm, sample!("algorithm-changed")),
    (Kind::ModelCardExport, sample!("model-card-export-completed")),
    (Kind::MlflowTrackingServer, sample!("mlflow-tracking-server-created")),
];

static DETAILS: LazyLock<BTreeMap<Kind, Map<String, Value>>> = LazyLock::new(|| {
    let detail = |(kind, text): &(Kind, &str)| {
        let sample: Value = serde_json::from_str(text).ok()?;
        Some((*kind, sample.get("detail")?.as_object()?.clone()))
    };
    SAMPLES.iter().filter_map(detail).collect()
});

/// The event that tells of a resource's present state; none for kinds that have
/// no events.
pub(crate) fn event(settings: &Settings, resource: &Resource) -> Option<Value> {
    let kind = resource.family.kind?;
    let detail_type = kind.detail_type(resource.status().unwrap_or_default())?;
    let sample = DETAILS.get(&kind)?;
    let view = view(resource);
    let detail_fields =
        sample.iter().map(|(key, like)| (key.clone(), field(resource, &view, key, like)));
    Some(json!({
        "version": "0",
        "id": uuid::Uuid::new_v4().to_string(),
        "detail-type": detail_type,
        "source": settings.source,
        "account": settings.account,
        "time": to_the_second(resource.modified),
        "region": resource.region,
        "resources": resources(resource),
        "detail": detail_fields.collect::<Map<_, _>>(),
    }))
}

fn to_the_second(at: Timestamp) -> String {
    Timestamp::from_second(at.as_second()).unwrap_or(at).to_string()
}

/// An execution's events name its pipeline too, and before it.
fn resources(resource: &Resource) -> Vec<&str> {
    let arn = resource.arn.split("/step/").next().unwrap_or_default();
    let pipeline = arn.split_once("/execution/").map(|(pipeline, _)| pipeline);
    pipeline.into_iter().chain([arn]).collect()
}

/// One field of the detail, written as in the sample.
fn field(resource: &Resource, view: &Map<String, Value>, key: &str, like: &Value) -> Value {
    let fields = &resource.family.fields;
    let names = |pointers: &[&str]| pointers.iter().any(|p| p.trim_start_matches('/') == key);
    let status = |word: &str| json!(as_spelled(word, like));
    match key {
        "Tags" => return tags(resource, like),
        _ if names(fields.status) => return status(resource.status().unwrap_or_default()),
        _ if key.starts_with("previous") => {
            return resource.before().map_or(Value::Null, |before| status(&before.status));
        }
        _ => {}
    }
    let time = if names(fields.created) {
        Some(resource.created)
    } else if key.ends_with("StartTime") && starts_lower(key) {
        resource.started()
    } else if names(fields.ended) {
        resource.ended()
    } else {
        None
    };
    match time {
        Some(at) => time_like(at, like),
        None => rewritten(view.get(key).or_else(|| view.get(&upper_camel(key))), like),
    }
}

fn starts_lower(key: &str) -> bool {
    key.starts_with(|first: char| first.is_ascii_lowercase())
}

fn upper_camel(key: &str) -> String {
    let mut letters = key.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// `IN_SERVICE` where the sample has capitals.
fn as_spelled(word: &str, like: &Value) -> String {
    let capitals = like.as_str().is_some_and(|like| !like.contains(|c: char| c.is_lowercase()));
    if !capitals || word.contains('_') {
        return word.to_owned();
    }
    let mut spelled = String::new();
    for letter in word.chars() {
        if letter.is_uppercase() && !spelled.is_empty() {
            spelled.push('_');
        }
        spelled.extend(letter.to_uppercase());
    }
    spelled
}

fn tags(resource: &Resource, like: &Value) -> Value {
    if like.is_array() { crate::view::tag_list(resource) } else { json!(resource.tags) }
}

/// A time in the form that the sample's is in.
#[expect(clippy::cast_precision_loss, reason = "exact for the next 200,000 years")]
fn time_like(at: Timestamp, like: &Value) -> Value {
    let millis = at.as_millisecond();
    match like {
        Value::String(text) if text.parse::<f64>().is_ok() => json!(millis.to_string()),
        Value::String(text) if text.contains('.') => json!(at.to_string()),
        Value::String(_) => json!(to_the_second(at)),
        Value::Number(number) if number.is_f64() => json!(millis as f64),
        _ => json!(millis),
    }
}

/// An answer's value as an event has it: times are not in seconds.
fn rewritten(value: Option<&Value>, like: &Value) -> Value {
    match (value, like) {
        (None, _) => Value::Null,
        (Some(Value::Object(members)), _) => {
            members.iter().map(inner).collect::<Map<_, _>>().into()
        }
        (Some(Value::Array(items)), _) => {
            items.iter().map(|item| rewritten(Some(item), &Value::Null)).collect()
        }
        (Some(value @ Value::Number(_)), like) if is_time(like) => {
            parse_time(value).map_or(Value::Null, |at| time_like(at, like))
        }
        (Some(value), _) => value.clone(),
    }
}

fn inner((key, value): (&String, &Value)) -> (String, Value) {
    let like = if key.ends_with("Time") { json!(1_793_610_842_318_i64) } else { Value::Null };
    (key.clone(), rewritten(Some(value), &like))
}

/// Whether a sample's value is a time of this century.
fn is_time(like: &Value) -> bool {
    let long = |value: &Value| value.as_f64().is_some_and(|number| number > 1e12);
    long(like) || like.as_str().is_some_and(|_| parse_time(like).is_some())
}

#[cfg(test)]
mod tests;
