//! Tags.

use serde_json::{Map, Value, json};

use super::Call;
use crate::error::AwsError;
use crate::naming::text;
use crate::resource::{Resource, Tags};
use crate::state::SageMakerState;
use crate::view::tag_list;

/// The most tags of one resource (SageMaker API reference, `AddTags`).
const MAX_TAGS: usize = 50;

/// A request's list of tags.
///
/// # Errors
/// If it is none, or there are too many.
pub(super) fn parse(list: Option<&Value>) -> Result<Tags, AwsError> {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    let word = |tag: &Value, key: &str| Some(tag.get(key)?.as_str()?.to_owned());
    let tag = |tag: &Value| Some((word(tag, "Key")?, word(tag, "Value")?));
    let tags: Option<Tags> = items.map(tag).collect();
    let tags = tags.ok_or_else(|| AwsError::validation("A tag has a Key and a Value"))?;
    bounded(tags)
}

fn bounded(tags: Tags) -> Result<Tags, AwsError> {
    if tags.len() > MAX_TAGS {
        return Err(AwsError::validation(format!("A resource has at most {MAX_TAGS} tags")));
    }
    Ok(tags)
}

/// Answers the operations on tags; `None` for any other.
pub(super) fn handle(state: &mut SageMakerState, call: &Call) -> Option<Result<Value, AwsError>> {
    let change: fn(&mut Resource, &Map<String, Value>) -> Result<Value, AwsError> =
        match call.operation.as_str() {
            "AddTags" => add,
            "DeleteTags" => delete,
            "ListTags" => |resource, _| Ok(json!({ "Tags": tag_list(resource) })),
            _ => return None,
        };
    let arn = text(&call.input, "ResourceArn");
    Some(match state.by_arn_mut(arn) {
        Some(resource) => change(resource, &call.input),
        None => Err(AwsError::validation(format!("Could not find resource \"{arn}\"."))),
    })
}

fn add(resource: &mut Resource, input: &Map<String, Value>) -> Result<Value, AwsError> {
    let mut tags = resource.tags.clone();
    tags.extend(parse(input.get("Tags"))?);
    resource.tags = bounded(tags)?;
    Ok(json!({ "Tags": tag_list(resource) }))
}

#[expect(clippy::unnecessary_wraps, reason = "one of three of the same form")]
fn delete(resource: &mut Resource, input: &Map<String, Value>) -> Result<Value, AwsError> {
    let keys = input.get("TagKeys").and_then(Value::as_array);
    for key in keys.into_iter().flatten().filter_map(Value::as_str) {
        resource.tags.remove(key);
    }
    Ok(json!({}))
}
