//! The executor input: all that KFP's launcher tells a task, as one JSON document.
//!
//! The message is `ExecutorInput` of `api/v2alpha1/pipeline_spec.proto`, in protobuf's
//! JSON: numbers are doubles, and what is empty is left out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::unique::Unique;

/// The folders under which the launcher keeps what it brings to and from a store
/// (`backend/src/v2/component/launcher_v2.go`, `LocalPathForURI`).
const STORES: [(&str, &str); 3] = [("gs://", "/gcs/"), ("minio://", "/minio/"), ("s3://", "/s3/")];

/// The executor input can't be read.
#[derive(Debug, thiserror::Error)]
#[error(
    "the executor input is not the JSON that KFP's launcher makes ({reason}). Usually a text with \
     quotes or line breaks was put into another one (`f\"…{{parameter}}…\"` in the pipeline): KFP \
     pastes it as it is. Make that text the whole value of an input, or put it together in a step \
     of its own"
)]
pub struct Unreadable {
    /// What the parser says.
    reason: String,
}

/// What KFP tells a task.
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
#[serde(from = "Unique")]
struct Parameters(Value);

impl From<Unique> for Parameters {
    fn from(Unique(value): Unique) -> Self {
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
        serde_json::from_str(text).map_err(|error| Unreadable { reason: error.to_string() })
    }

    /// The value of an input; `None`: the pipeline gave none, and there is no default.
    #[must_use]
    pub fn input(&self, name: &str) -> Option<&Value> {
        self.inputs.parameter_values.0.get(spelled(name)).filter(|value| !value.is_null())
    }

    /// The names of all inputs, as KFP spells them, and their values.
    pub fn inputs(&self) -> impl Iterator<Item = (&str, &Value)> {
        let members = self.inputs.parameter_values.0.as_object().into_iter().flatten();
        members.map(|(name, value)| (name.as_str(), value))
    }

    /// Where an output's value goes.
    #[must_use]
    pub fn output(&self, name: &str) -> Option<&Path> {
        self.outputs.parameters.get(spelled(name)).map(|output| output.output_file.as_path())
    }

    /// An artifact as the launcher will register it: `name`, `type`, `uri`.
    #[must_use]
    pub fn artifact(&self, name: &str) -> Option<&Value> {
        self.outputs.artifacts.get(name)?.artifacts.first()
    }

    /// The file from which the launcher takes an artifact.
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

    /// Where this task alone keeps something: what its identity is made of. The
    /// launcher's own artifact is left out, since it is renamed for each retry
    /// (`qualifyExecutorLogsURI`).
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

/// Where the launcher keeps a URI's content; a path stays as it is, as runs without a
/// cluster give it (`sdk/python/kfp/local`).
fn local_path(uri: &str) -> Option<PathBuf> {
    let stored = STORES.iter().find_map(|(scheme, folder)| {
        uri.strip_prefix(scheme).map(|key| PathBuf::from(format!("{folder}{key}")))
    });
    stored.or_else(|| (!uri.contains("://")).then(|| PathBuf::from(uri)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::definition::{self, Generation, family};

    const ROOT: &str = "s3://bucket/v2/pipe/run-1/train/salt";

    fn input() -> ExecutorInput {
        let artifact =
            |name: &str| json!({"artifacts": [{"name": name, "uri": format!("{ROOT}/{name}")}]});
        let text = json!({
            "inputs": {"parameterValues": {"region": "r", "count": 3.0, "task": "t", "none": null}},
            "outputs": {
                "parameters": {"status": {"outputFile": "/tmp/kfp/outputs/status"}},
                "artifacts": {"executor-logs": artifact("executor-logs"), "metrics": artifact("metrics")},
                "outputFile": "/s3/bucket/v2/pipe/run-1/train/salt/output_metadata.json",
            },
        });
        ExecutorInput::parse(&text.to_string()).unwrap()
    }

    #[test]
    fn it_tells_inputs_outputs_artifacts_and_the_place() {
        let input = input();
        assert_eq!(input.input("region"), Some(&json!("r")));
        assert_eq!((input.input("task_"), input.input("none")), (Some(&json!("t")), None));
        assert_eq!(input.output("status"), Some(Path::new("/tmp/kfp/outputs/status")));
        let metrics = PathBuf::from("/s3/bucket/v2/pipe/run-1/train/salt/metrics");
        assert_eq!(input.artifact_file("metrics"), Some(metrics));
        assert_eq!(input.place().unwrap(), format!("{ROOT}/metrics"));
        assert_eq!((input.output("x"), input.artifact_file("x")), (None, None));
    }

    #[test]
    fn what_is_left_out_is_empty_and_a_task_without_artifacts_has_its_file_for_a_place() {
        let empty = ExecutorInput::parse("{}").unwrap();
        assert_eq!((empty.input("region"), empty.place(), empty.output_file()), (None, None, None));
        let input = r#"{"outputs": {"outputFile": "/gcs/b/p/run/task/salt/output_metadata.json"}}"#;
        let input = ExecutorInput::parse(input).unwrap();
        assert_eq!(crate::kfp::identity("", &input.place().unwrap()).0, "run");
    }

    #[test]
    fn a_uri_is_kept_where_the_launcher_keeps_it() {
        for (uri, path) in [
            ("gs://b/k", Some("/gcs/b/k")),
            ("minio://b/k", Some("/minio/b/k")),
            ("s3://b/k", Some("/s3/b/k")),
            ("/outputs/k", Some("/outputs/k")),
            ("oci://b/k", None),
        ] {
            assert_eq!(local_path(uri), path.map(PathBuf::from));
        }
    }

    #[test]
    fn what_is_no_json_says_what_does_this() {
        let pasted = r#"{"inputs": {"parameterValues": {"note": "say "hi""}}}"#;
        let over = r#"{"inputs": {"parameterValues": {"a": "x", "b": "1", "a": "y"}}}"#;
        for text in [pasted, over, "", r#"{"inputs": []"#] {
            let told = ExecutorInput::parse(text).unwrap_err().to_string();
            assert!(told.contains("quotes") && told.contains("f\"…{parameter}…\""), "{told}");
        }
    }

    #[test]
    fn the_tables_names_are_those_of_kfp() {
        let rows = [Generation::V1, Generation::V2, Generation::Generic].map(family).concat();
        let options = definition::common().options.iter().map(|option| &option.input);
        let own = rows.iter().flat_map(|row| row.inputs.iter());
        for input in own.chain(options) {
            let kept = |letter: char| "_0123456789".contains(letter) || letter.is_ascii_lowercase();
            assert!(input.name.chars().all(kept), "{}", input.name);
        }
    }
}
