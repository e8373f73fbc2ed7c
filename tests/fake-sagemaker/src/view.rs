//! All that can be told of a resource, from which each answer takes its members.

use jiff::Timestamp;
use sagebell_monitor::kind::Kind;
use serde_json::{Map, Value, json};

use crate::peculiar;
use crate::resource::Resource;

/// A time as AWS JSON 1.1 writes it: epoch seconds, to the millisecond.
#[expect(clippy::cast_precision_loss, reason = "exact for the next 200,000 years")]
pub(crate) fn seconds(at: Timestamp) -> Value {
    json!(at.as_millisecond() as f64 / 1_000.0)
}

/// Tags as the API lists them.
pub(crate) fn tag_list(resource: &Resource) -> Value {
    let tags = resource.tags.iter();
    tags.map(|(key, value)| json!({ "Key": key, "Value": value })).collect()
}

/// Everything known of a resource, by the API's member names.
pub(crate) fn view(resource: &Resource) -> Map<String, Value> {
    let fields = &resource.family.fields;
    let mut view = Map::new();
    for name in fields.name {
        view.insert(name.trim_start_matches('/').to_owned(), json!(resource.name));
    }
    view.extend(resource.request.clone());
    view.extend(resource.fixed.clone());
    view.insert("Tags".to_owned(), tag_list(resource));
    let mut set = |pointers: &[&str], value: Value| {
        for member in pointers.iter().map(|pointer| pointer.trim_start_matches('/')) {
            // A deeper pointer is for the kind's own code.
            if !member.contains('/') {
                view.insert(member.to_owned(), value.clone());
            }
        }
    };
    // A step is told by its execution's ARN.
    let arn = resource.arn.split("/step/").next();
    set(fields.arn, json!(arn));
    set(fields.created, seconds(resource.created));
    let modified = ["/LastModifiedTime", "/LastModifiedAt", "/LastUpdatedDate"];
    set(&modified, seconds(resource.modified));
    if let Some(now) = resource.now() {
        set(fields.status, json!(now.status));
        set(fields.reason, json!(now.reason));
        // A package is approved apart from its making.
        if resource.family.kind != Some(Kind::ModelPackage) {
            set(fields.secondary, json!(now.secondary));
        }
    }
    set(fields.ended, resource.ended().map_or(Value::Null, seconds));
    let times = resource.family.shape().into_iter().flat_map(|shape| &shape.times);
    for start in times.filter(|member| member.ends_with("StartTime")) {
        set(&[start.as_str()], resource.started().map_or(Value::Null, seconds));
    }
    peculiar::add(resource, &mut view);
    view
}
