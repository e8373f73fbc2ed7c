//! Converts the text of an input to its type.

use serde_json::{Map, Number, Value};

use super::{python, yaml};
use crate::definition::{Input, Type};

/// The value of an input that was given.
pub(super) fn given(input: &Input, text: &str) -> Result<Value, String> {
    let value = value(input, text)?;
    let is_choice = input.choices.is_empty()
        || value.as_str().is_some_and(|text| input.choices.iter().any(|choice| choice == text));
    if is_choice { Ok(value) } else { Err(no_choice(input, text)) }
}

/// The value of an input that was not given. Choices don't bind it.
pub(super) fn default(input: &Input) -> Result<Value, String> {
    input.default.as_ref().map_or(Ok(Value::Null), |text| value(input, text))
}

fn no_choice(input: &Input, text: &str) -> String {
    let choices: Vec<String> = input.choices.iter().map(|choice| format!("'{choice}'")).collect();
    format!("invalid choice: '{text}' (choose from {})", choices.join(", "))
}

fn value(input: &Input, text: &str) -> Result<Value, String> {
    let invalid = |kind: &str| format!("invalid {kind} value: '{text}'");
    match input.parsed_as.unwrap_or(input.kind) {
        Type::String if input.nullable && text.trim().is_empty() => Ok(Value::Null),
        Type::String if input.nullable => Ok(text.trim().into()),
        Type::String => Ok(text.into()),
        Type::Integer => python::whole(text).map(Value::from).ok_or_else(|| invalid("int")),
        Type::Float => {
            let number = python::float(text).and_then(Number::from_f64);
            number.map(Value::Number).ok_or_else(|| invalid("float"))
        }
        Type::Bool => python::truth(text).map(Value::from).ok_or_else(|| invalid("bool")),
        Type::JsonObject => match document(text)? {
            Value::Null => Ok(Map::new().into()),
            object @ Value::Object(_) => Ok(object),
            _ => Err(format!("'{text}' is not a JSON or YAML object")),
        },
        Type::JsonArray => match document(text)? {
            Value::Null => Ok(Vec::<Value>::new().into()),
            array @ Value::Array(_) => Ok(array),
            _ => Err(format!("'{text}' is not a JSON or YAML list")),
        },
    }
}

/// JSON, or else YAML. An empty text is null.
fn document(text: &str) -> Result<Value, String> {
    match serde_json::from_str(text) {
        Ok(value) => Ok(value),
        // To YAML it would be a key with backslashes and no value.
        Err(_) if has_escaped_quotes(text) => Err(format!(
            "its quotes are escaped. Give the JSON itself, not JSON in a string: '{text}'"
        )),
        Err(json) => yaml::load(text)
            .map_err(|yaml| format!("neither JSON ({json}) nor YAML ({yaml}): '{text}'")),
    }
}

/// Whether it is JSON that was escaped once too often: `{\"a\":1}`.
fn has_escaped_quotes(text: &str) -> bool {
    let inner = text.trim_start().strip_prefix(['{', '[']);
    inner.is_some_and(|inner| inner.trim_start().starts_with("\\\""))
}
