//! Finds placeholders that KFP did not fill in.
//!
//! Backends fill in the placeholder of an input if it is the whole of a value, and some also if it
//! is a part of a text. Inside lists and objects, and for a parameter without a value, it can stay
//! (`backend/src/v2/component/launcher_v2.go`, `compileCmdAndArgs` and `getPlaceholders`). The
//! compiler's own form for the output of a task, `{{channel:task=…;name=…;type=…;}}`, stays where
//! the compiler does not look (`sdk/python/kfp/dsl/pipeline_channel.py`).
//!
//! Promise: a text with a placeholder is never sent. A paid job must not start with it.

use serde_json::Value;

/// How a placeholder begins.
const BEGINNINGS: [&str; 3] = ["{{$.", "{{$}}", "{{channel:"];
const END: &str = "}}";
/// What is shown of one, in characters.
const SHOWN: usize = 120;

/// The placeholder of a component's input.
const INPUT: (&str, &str) = ("{{$.inputs.parameters['", "']}}");
/// How the compiler names the inputs that it adds for the parts of a value
/// (`sdk/python/kfp/compiler/compiler_utils.py`, `additional_input_name_for_pipeline_channel`).
const PART_OF_A_VALUE: &str = "pipelinechannel--";

/// The first placeholder in a text.
#[must_use]
pub fn find(text: &str) -> Option<String> {
    let starts = BEGINNINGS.iter().filter_map(|beginning| text.find(beginning));
    let found = text.get(starts.min()?..)?;
    let whole = found.split_inclusive(END).next().unwrap_or(found);
    Some(whole.chars().take(SHOWN).collect())
}

/// The first placeholder in a value, in the keys of its objects too.
#[must_use]
pub fn find_in(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => find(text),
        Value::Array(items) => items.iter().find_map(find_in),
        Value::Object(members) => {
            members.iter().find_map(|(key, value)| find(key).or_else(|| find_in(value)))
        }
        _ => None,
    }
}

/// Whether a text is only the placeholder of a component's input: the pipeline gave it no value.
/// For a value that the pipeline puts together, the compiler creates another placeholder, which
/// does not count.
#[must_use]
pub fn is_input_without_value(text: &str) -> bool {
    let name = text.trim().strip_prefix(INPUT.0).and_then(|rest| rest.strip_suffix(INPUT.1));
    name.is_some_and(|name| !name.contains('\'') && !is_part_of_a_value(name))
}

/// Whether an input is the compiler's own: a part of another input's value.
#[must_use]
pub fn is_part_of_a_value(name: &str) -> bool {
    name.starts_with(PART_OF_A_VALUE)
}

/// What is wrong with a value that still has this placeholder, and what to do.
#[must_use]
pub fn problem(placeholder: &str) -> String {
    format!(
        "KFP did not fill in `{placeholder}`, so nothing was sent. Give a constant, or make the \
         parameter the whole value of an input of its own"
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_placeholder_is_found_anywhere_and_shown() {
        let lr = "{{$.inputs.parameters['pipelinechannel--lr']}}";
        for (value, wanted) in [
            (json!(lr), lr),
            (json!({"a": [1, {"b": format!("x{lr}y")}]}), lr),
            (json!({"a{{$.pipeline_job_name}}": 1}), "{{$.pipeline_job_name}}"),
            (json!(["{{$}}"]), "{{$}}"),
            (
                json!("Hi {{channel:task=;name=g;type=String;}}"),
                "{{channel:task=;name=g;type=String;}}",
            ),
            (json!("{{$.never ends"), "{{$.never ends"),
        ] {
            assert_eq!(find_in(&value).as_deref(), Some(wanted));
        }
        for value in [json!("{{ task.input }}"), json!({"{": "$."}), json!("{{}}"), json!(null)] {
            assert_eq!(find_in(&value), None, "{value}");
        }
    }

    #[test]
    fn an_input_without_value_is_told_from_a_value_that_was_put_together() {
        assert!(is_input_without_value(" {{$.inputs.parameters['kms_key']}}"));
        for text in [
            "{{$.inputs.parameters['pipelinechannel--key']}}",
            "{{$.inputs.parameters['a']}}/{{$.inputs.parameters['b']}}",
            "x{{$.inputs.parameters['a']}}",
            "{{$.pipeline_job_uuid}}",
            "",
        ] {
            assert!(!is_input_without_value(text), "{text}");
        }
    }

    #[test]
    fn what_is_shown_is_short() {
        let long = find(&format!("{{{{$.{}}}}}", "x".repeat(1000))).unwrap();
        assert_eq!(long.len(), SHOWN);
    }
}
