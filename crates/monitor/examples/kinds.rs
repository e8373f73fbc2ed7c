//! The table of kinds as JSON, for checks against what others know of SageMaker.
#![allow(clippy::disallowed_macros, reason = "prints for the developer who runs it")]

use monitor::kind::{Kind, KindSpec, Lifecycle};
use serde_json::{Value, json};

fn shown(spec: &KindSpec) -> Value {
    let (fields, operations) = (&spec.fields, &spec.operations);
    json!({
        "kind": spec.wire,
        "noun": spec.noun,
        "resource": spec.resource,
        "one_shot": spec.lifecycle == Lifecycle::OneShot,
        "detail_types": spec.detail_types,
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
        "operations": {
            "create": operations.create,
            "describe": operations.describe,
            "list": operations.list,
            "stop": operations.stop,
            "key": operations.key,
            "key_is_arn": operations.key_is_arn,
        },
        "log_group": spec.log_group,
    })
}

fn main() {
    let table: Vec<Value> = Kind::all().map(|kind| shown(kind.spec())).collect();
    println!("{}", Value::from(table));
}
