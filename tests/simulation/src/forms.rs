//! SageMaker's own forms of a job's state: the event and the Describe answer,
//! built from the table of kinds.

use sagebell_monitor::kind::Kind;
use serde_json::{Map, Value, json};

use crate::executor::Millis;
use crate::truth::Resource;
use crate::world::{World, instant};

/// Puts a value where the table says that Sagebell reads it.
fn put(detail: &mut Map<String, Value>, pointers: &[&str], value: Value) {
    let mut plain = pointers.iter().filter_map(|pointer| pointer.strip_prefix('/'));
    if let Some(field) = plain.find(|field| !field.contains('/')) {
        detail.insert(field.to_owned(), value);
    }
}

/// How a sender writes a time.
type Form = fn(Millis) -> Value;

fn epoch_millis(at: Millis) -> Value {
    json!(instant(at).as_millisecond())
}

fn epoch_millis_of_whole_seconds(at: Millis) -> Value {
    epoch_millis(at - at % 1_000)
}

fn epoch_seconds(at: Millis) -> Value {
    json!(instant(at).as_millisecond() as f64 / 1_000.0)
}

fn detail(kind: Kind, resource: &Resource, form: Form) -> Map<String, Value> {
    let fields = &kind.spec().fields;
    let mut detail = Map::new();
    put(&mut detail, fields.created, form(resource.created));
    if let Some(secondary) = resource.secondary {
        put(&mut detail, fields.secondary, json!(secondary));
    }
    if let Some(ended) = resource.ended {
        put(&mut detail, fields.ended, form(ended));
    }
    if kind == Kind::PipelineStep {
        detail.insert("StartTime".to_owned(), form(resource.started));
    } else if fields.modified.first() != fields.created.first() {
        put(&mut detail, fields.modified, form(resource.modified));
    }
    detail
}

/// The event that tells of the job's state; some kinds have none.
#[must_use]
pub fn event(world: &World, job: usize, resource: &Resource) -> Option<Value> {
    let arn = &world.plan.jobs[job].arn;
    let spec = arn.kind().spec();
    let detail_type = arn.kind().detail_type(resource.status)?;
    let cut = world.plan.whole_seconds;
    let form = if cut { epoch_millis_of_whole_seconds } else { epoch_millis };
    let mut detail = detail(arn.kind(), resource, form);
    // These tell no modification time: the event's own stands in.
    if matches!(arn.kind(), Kind::HumanLoop | Kind::PipelineExecution) {
        detail.remove("LastModifiedTime");
    }
    if let Some(start) = detail.remove("StartTime") {
        detail.insert("stepStartTime".to_owned(), start);
    }
    let execution = arn.as_str().split("/step/").next();
    put(&mut detail, spec.fields.arn, json!(execution));
    put(&mut detail, spec.fields.name, json!(arn.name()));
    put(&mut detail, spec.fields.status, json!(status(arn.kind(), resource)));
    let time = instant(resource.modified).as_second();
    Some(json!({
        "source": "aws.sagemaker", "detail-type": detail_type, "time": time, "detail": detail,
    }))
}

/// An endpoint's events write `IN_SERVICE` where the API writes `InService`.
fn status(kind: Kind, resource: &Resource) -> String {
    if kind != Kind::Endpoint {
        return resource.status.to_owned();
    }
    let mut word = String::new();
    for letter in resource.status.chars() {
        if letter.is_ascii_uppercase() && !word.is_empty() {
            word.push('_');
        }
        word.push(letter.to_ascii_uppercase());
    }
    word
}

/// What Describe answers.
#[must_use]
pub fn answer(kind: Kind, resource: &Resource) -> Value {
    let mut answer = detail(kind, resource, epoch_seconds);
    if kind == Kind::HumanLoop {
        answer.remove("LastModifiedTime");
    }
    if kind == Kind::PipelineStep
        && let Some(ended) = answer.remove("stepEndTime")
    {
        answer.insert("EndTime".to_owned(), ended);
    }
    put(&mut answer, kind.spec().fields.status, json!(resource.status));
    Value::Object(answer)
}

/// Puts a field into an answer.
pub fn put_in(answer: &mut Value, pointers: &[&str], value: Value) {
    if let Some(fields) = answer.as_object_mut() {
        put(fields, pointers, value);
    }
}

/// Takes a field out of an event's detail or an answer.
pub fn take_out(detail: &mut Value, pointer: &str) {
    if let Some(fields) = detail.as_object_mut() {
        fields.remove(pointer.trim_start_matches('/'));
    }
}
