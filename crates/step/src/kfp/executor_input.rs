//! The executor input: one JSON document with everything that KFP's launcher gives to a task.
//!
//! The message is `ExecutorInput` of `api/v2alpha1/pipeline_spec.proto` in protobuf's JSON form:
//! numbers are doubles, and empty fields are left out.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sagebell_monitor::unique_names::UniqueNames;
use serde::Deserialize;
use serde_json::Value;

use super::placeholder;

/// The folders under which the launcher keeps what it brings to and from a store
/// (`backend/src/v2/component/launcher_v2.go`, `LocalPathForURI`).
const STORES: [(&str, &str); 3] = [("gs://", "/gcs/"), ("minio://", "/minio/"), ("s3://", "/s3/")];

/// The executor input cannot be read.
#[derive(Debug, thiserror::Error)]
#[error(
    "the executor input is not the JSON that KFP's launcher makes ({reason}). Usually a text with \
     quotes or line breaks was put into another one (`f\"…{{parameter}}…\"` in the pipeline): KFP \
     pastes it as it is. Make that text the whole value of an input, or put it together in a step \
     of its own"
)]
pub struct Unreadable {
    /// The error of the parser.
    reason: String,
}

/// The executor input of a task.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ExecutorInput {
    inputs: Inputs,
    outputs: Outputs,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Inputs {
    parameter_values: Parameters,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(from = "UniqueNames")]
struct Parameters(Value);

impl From<UniqueNames> for Parameters {
    fn from(UniqueNames(value): UniqueNames) -> Self {
        Self(value)
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Outputs {
    parameters: BTreeMap<String, OutputParameter>,
    artifacts: BTreeMap<String, Artifacts>,
    output_file: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OutputParameter {
    output_file: PathBuf,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Artifacts {
    artifacts: Vec<Value>,
}

impl ExecutorInput {
    /// Reads the launcher's JSON.
    ///
    /// # Errors
    /// [`Unreadable`] says what usually does this, and what to do.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let read: Self =
            serde_json::from_str(text).map_err(|error| Unreadable { reason: error.to_string() })?;
        match read.changed_part() {
            None => Ok(read),
            Some(name) => {
                Err(Unreadable { reason: format!("`{name}` is not in it as it was given") })
            }
        }
    }

    /// The part of a value that did not come through: a text with quotes can also make
    /// JSON that can be read and says something else. A part that JSON has to escape is
    /// whole in the value that it is a part of, or it was pasted as it is.
    fn changed_part(&self) -> Option<&str> {
        let is_part = |name: &str| placeholder::is_part_of_a_value(name);
        let parts = self.inputs().filter(|(name, _)| is_part(name));
        let mut special = parts.filter_map(|(name, value)| Some((name, value.as_str()?)));
        let found = special.find(|(_, text)| {
            let mut values = self.inputs().filter(|(name, _)| !is_part(name));
            text.contains(is_escaped) && !values.any(|(_, value)| has_text(value, text))
        });
        found.map(|(name, _)| name)
    }

    /// The value of an input. `None`: the pipeline gave none, and there is no default.
    #[must_use]
    pub fn input(&self, name: &str) -> Option<&Value> {
        self.inputs.parameter_values.0.get(spelled(name)).filter(|value| !value.is_null())
    }

    /// The names of all inputs, as KFP spells them, and their values.
    pub fn inputs(&self) -> impl Iterator<Item = (&str, &Value)> {
        let members = self.inputs.parameter_values.0.as_object().into_iter().flatten();
        members.map(|(name, value)| (name.as_str(), value))
    }

    /// The path of an output.
    #[must_use]
    pub fn output(&self, name: &str) -> Option<&Path> {
        self.outputs.parameters.get(spelled(name)).map(|output| output.output_file.as_path())
    }

    /// An artifact as the launcher will register it: `name`, `type`, `uri`.
    #[must_use]
    pub fn artifact(&self, name: &str) -> Option<&Value> {
        self.outputs.artifacts.get(name)?.artifacts.first()
    }

    /// The file from which the launcher uploads an artifact.
    #[must_use]
    pub fn artifact_file(&self, name: &str) -> Option<PathBuf> {
        let artifact = self.artifact(name)?;
        let text = |member: &str| artifact.get(member).and_then(Value::as_str);
        text("customPath").map(PathBuf::from).or_else(|| local_path(text("uri")?))
    }

    /// The file that the launcher reads after the step: artifacts' metadata.
    #[must_use]
    pub fn output_file(&self) -> Option<&Path> {
        self.outputs.output_file.as_deref()
    }

    /// A path that only this task uses, which identifies it. The launcher's own artifact is left
    /// out, because it is renamed for each retry (`qualifyExecutorLogsURI`).
    #[must_use]
    pub fn place(&self) -> Option<String> {
        let artifacts = self.outputs.artifacts.iter().filter(|(name, _)| *name != "executor-logs");
        let mut uris = artifacts.filter_map(|(name, _)| self.artifact(name)?.get("uri")?.as_str());
        let file = || self.outputs.output_file.as_ref()?.to_str();
        uris.next().or_else(file).map(str::to_owned)
    }
}

/// An input's name as the compiler spells it: `task_` is `task`
/// (`sdk/python/kfp/dsl/utils.py`, `sanitize_input_name`; a test holds that the tables
/// have no other letters than it keeps).
fn spelled(name: &str) -> &str {
    name.trim_matches('_')
}

/// What JSON does not have in a text as it is.
fn is_escaped(letter: char) -> bool {
    matches!(letter, '"' | '\\' | '\0'..='\x1f')
}

/// Whether a text is part of one in a value, in the keys of its objects too.
fn has_text(value: &Value, text: &str) -> bool {
    match value {
        Value::String(own) => own.contains(text),
        Value::Array(items) => items.iter().any(|item| has_text(item, text)),
        Value::Object(members) => {
            members.iter().any(|(key, value)| key.contains(text) || has_text(value, text))
        }
        _ => false,
    }
}

/// Where the launcher keeps a URI's content; a path stays as it is, as runs without a
/// cluster give it (`sdk/python/kfp/local`).
fn local_path(uri: &str) -> Option<PathBuf> {
    let stored = STORES.iter().find_map(|(scheme, folder)| {
        uri.strip_prefix(scheme).map(|key| PathBuf::from(format!("{folder}{key}")))
    });
    stored.or_else(|| (!uri.contains("://")).then(|| PathBuf::from(uri)))
}
