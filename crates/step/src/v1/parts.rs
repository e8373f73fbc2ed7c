//! Parts that several components share.

use sagebell_system::say;
use serde_json::{Map, Value, json};

use crate::component::{ComponentError, Outputs};
use crate::inputs::Inputs;
use crate::names::FreshName;

/// An object without the members that are null: what was not given.
pub(super) fn object(members: Value) -> Value {
    let Value::Object(mut members) = members else { return members };
    members.retain(|_, value| !value.is_null());
    members.into()
}

/// The name that was given, else one of this task's own.
pub(super) fn name(inputs: &Inputs, input: &str, fresh: &FreshName, prefix: &str) -> String {
    inputs.given(input).map_or_else(|| fresh.with(prefix), str::to_owned)
}

/// Tags, from an object of keys and values.
pub(super) fn tags(inputs: &Inputs, input: &str) -> Vec<Value> {
    named(inputs, input, "Key", "Value")
}

/// An object as a list of pairs whose fields have these names.
pub(super) fn named(
    inputs: &Inputs,
    input: &str,
    key_field: &str,
    value_field: &str,
) -> Vec<Value> {
    let pairs = inputs.object(input).into_iter().flat_map(Map::iter);
    pairs.map(|(key, value)| json!({ key_field: key, value_field: value })).collect()
}

/// The object that was given, an empty one if none was.
pub(super) fn object_or_empty(inputs: &Inputs, input: &str) -> Value {
    inputs.object(input).cloned().unwrap_or_default().into()
}

/// The items that were given; null if there are none.
pub(super) fn items_or_null(inputs: &Inputs, input: &str) -> Value {
    if inputs.items(input).is_empty() { Value::Null } else { inputs.value(input).clone() }
}

/// The number that was given; null if it is 0, which stands for none.
pub(super) fn number_or_null(inputs: &Inputs, input: &str) -> Value {
    match inputs.integer(input) {
        0 => Value::Null,
        number => number.into(),
    }
}

/// The parts of a text between commas, trimmed.
pub(super) fn list(text: &str) -> Vec<&str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// `VpcConfig` of lists that are written with commas; null if none is given.
pub(super) fn vpc(inputs: &Inputs) -> Result<Value, ComponentError> {
    let texts = |input| list(inputs.text(input)).into_iter().map(Value::from).collect();
    vpc_of(texts("vpc_security_group_ids"), texts("vpc_subnets"))
}

/// `VpcConfig`, which needs security groups and subnets, or neither.
pub(super) fn vpc_of(groups: Vec<Value>, subnets: Vec<Value>) -> Result<Value, ComponentError> {
    let alone = |input: &str, other: &str| {
        Err(ComponentError::input(input, format!("a VPC needs `{other}` too. Give both or none")))
    };
    match (groups.is_empty(), subnets.is_empty()) {
        (true, true) => Ok(Value::Null),
        (false, false) => Ok(json!({ "SecurityGroupIds": groups, "Subnets": subnets })),
        (false, true) => alone("vpc_security_group_ids", "vpc_subnets"),
        (true, false) => alone("vpc_subnets", "vpc_security_group_ids"),
    }
}

/// Says that an input is not used, which the old components kept to themselves.
pub(super) fn warn_unused(input: &str, winner: &str) {
    say::err(format_args!("sagebell-step: input `{input}` is ignored because `{winner}` is given"));
}

/// The text in an answer that becomes an output.
pub(super) fn text<'a>(
    answer: &'a Value,
    pointer: &str,
    output: &str,
) -> Result<&'a str, ComponentError> {
    let text = answer.pointer(pointer).and_then(Value::as_str);
    text.ok_or_else(|| {
        ComponentError::output(output, format!("SageMaker's answer has no `{pointer}`"))
    })
}

/// Outputs by their names.
pub(super) fn outputs<const N: usize>(values: [(&str, Value); N]) -> Outputs {
    values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
