//! The table of kinds as JSON, for checks against what others know of SageMaker.
#![allow(clippy::disallowed_macros, reason = "prints for the developer who runs it")]

use sagebell_monitor::kind::{Kind, KindSpec, Lifecycle, Operations, Telling};
use serde_json::{Value, json};

fn operations(of: Operations) -> Value {
    json!({
        "create": of.create,
        "describe": of.describe,
        "list": of.list,
        "stop": of.stop,
        "key": of.key,
        "key_is_arn": of.key_is_arn,
        "name": of.name,
        "also": of.also,
        "runs_on": of.runs_on,
    })
}

fn shown(spec: &KindSpec) -> Value {
    let fields = &spec.fields;
    json!({
        "kind": spec.wire,
        "noun": spec.noun,
        "resource": spec.resource,
        "one_shot": spec.lifecycle == Lifecycle::OneShot,
        "detail_types": spec.detail_types,
        "tells_state": spec.telling == Telling::State,
        "state_after": spec.state_after,
        "fields": {
            "arn": fields.arn,
            "name": fields.name,
            "status": fields.status,
            "secondary": fields.secondary,
            "reason": fields.reason,
            "created": fields.created,
            "modified": fields.modified,
            "ended": fields.ended,
        },
        "statuses": spec.statuses,
        "timed_out": spec.timed_out,
        "operations": spec.operations.map(operations),
        "log_group": spec.log_group,
    })
}

fn main() {
    let table: Vec<Value> = Kind::all().map(|kind| shown(kind.spec())).collect();
    println!("{}", Value::from(table));
}
