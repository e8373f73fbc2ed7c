//! The `component.yaml` files, in the format of KFP's version 1, which its SDKs of
//! both versions load.
//!
//! Two things about KFP decide their form. Placeholders of a run's and a task's id
//! are not filled in within arguments, and the task's is the same for all tasks of
//! a graph: what tells one task from all others, over the restarts of its pod, is
//! where an artifact of it is to go. And an optional input without a default leaves
//! its placeholder as it is, which the step takes for "not given".

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::definition::{self, Common, Definition, Generation, Input, Type};

/// The image that every component runs.
pub const IMAGE: &str = concat!("ghcr.io/sagebell/sagebell-step:", env!("CARGO_PKG_VERSION"));

const CPU_REQUEST: &str = "10m";
const MEMORY_REQUEST: &str = "32Mi";

/// Every file: its path under `components/`, and its text.
///
/// # Errors
/// The table can't be read: a test holds that it can.
pub fn files() -> Result<Vec<(String, String)>, serde_json::Error> {
    let common = definition::common()?;
    let families = [Generation::V1, Generation::V2, Generation::Generic];
    let definitions = families.into_iter().flat_map(definition::family);
    Ok(definitions.map(|definition| (path(&definition), text(&definition, &common))).collect())
}

/// Where it stands, under the folders' names of old.
fn path(definition: &Definition) -> String {
    let family = match definition.generation {
        Generation::V1 => "v1",
        Generation::V2 => "v2",
        Generation::Generic => "sagemaker",
    };
    format!("{family}/{}/component.yaml", definition.name)
}

/// The text of one file. JSON is YAML: names and values are quoted by its rules.
#[must_use]
pub fn text(definition: &Definition, common: &Common) -> String {
    let outputs = outputs(definition, common);
    let mut text =
        String::from("# Made from crates/step/table by crates/step/examples/components.rs.\n");
    line(&mut text, &format!("name: {}", json!(definition.title)));
    line(&mut text, &format!("description: {}", json!(definition.description)));
    line(&mut text, "metadata:");
    line(&mut text, "  annotations:");
    line(&mut text, &format!("    sagebell.dev/cpu-request: {}", json!(CPU_REQUEST)));
    line(&mut text, &format!("    sagebell.dev/memory-request: {}", json!(MEMORY_REQUEST)));
    line(&mut text, "inputs:");
    for input in definition.inputs.iter().map(own_input).chain(options(definition, common)) {
        line(&mut text, &format!("- {input}"));
    }
    line(&mut text, "outputs:");
    for [name, kind, description, _] in &outputs {
        let output = flow(&[("name", name), ("type", kind), ("description", description)]);
        line(&mut text, &format!("- {output}"));
    }
    line(&mut text, "implementation:");
    line(&mut text, "  container:");
    line(&mut text, &format!("    image: {IMAGE}"));
    line(&mut text, &format!("    command: [/sagebell-step, {}]", definition.name));
    line(&mut text, "    args:");
    for (flag, value) in arguments(definition, common, &outputs) {
        line(&mut text, &format!("    - --{flag}"));
        line(&mut text, &format!("    - {value}"));
    }
    text
}

fn line(text: &mut String, line: &str) {
    // Writing to a text never fails.
    let _ = writeln!(text, "{line}");
}

/// A mapping in one line, in the order given.
fn flow(members: &[(&str, &str)]) -> String {
    let members: Vec<_> =
        members.iter().map(|(key, value)| format!("{key}: {}", json!(value))).collect();
    format!("{{{}}}", members.join(", "))
}

fn own_input(input: &Input) -> String {
    let default = input.yaml_default.as_ref().or(input.default.as_ref());
    input_line(input, default.filter(|_| input.optional).map(String::as_str))
}

fn options(definition: &Definition, common: &Common) -> impl Iterator<Item = String> {
    common.options.iter().map(|option| {
        let own = definition.options.get(&option.flag);
        input_line(&option.input, own.or(option.input.default.as_ref()).map(String::as_str))
    })
}

fn input_line(input: &Input, default: Option<&str>) -> String {
    let mut members = vec![("name", input.name.as_str()), ("type", word(input.kind))];
    members.extend(default.map(|default| ("default", default)));
    members.push(("description", &input.description));
    let line = flow(&members);
    let open = input.optional && default.is_none();
    if open { line.replacen(", description:", ", optional: true, description:", 1) } else { line }
}

/// Every output, artifacts too: name, type, description, flag.
fn outputs(definition: &Definition, common: &Common) -> Vec<[String; 4]> {
    let values = definition.outputs.iter().map(|output| {
        let flag = format!("{}_output_path", output.name);
        [output.name.clone(), word(output.kind).to_owned(), output.description.clone(), flag]
    });
    let artifacts = common
        .artifacts
        .iter()
        .cloned()
        .map(|artifact| [artifact.name, artifact.class, artifact.description, artifact.flag]);
    values.chain(artifacts).collect()
}

/// Every flag and its value.
fn arguments(
    definition: &Definition,
    common: &Common,
    outputs: &[[String; 4]],
) -> Vec<(String, String)> {
    let placeholder = |kind: &str, name: &str| {
        Value::Object(Map::from_iter([(kind.to_owned(), json!(name))])).to_string()
    };
    let own = definition.inputs.iter().map(|input| (&input.name, &input.name));
    let options = common.options.iter().map(|option| (&option.flag, &option.input.name));
    let inputs =
        own.chain(options).map(|(flag, name)| (flag.clone(), placeholder("inputValue", name)));
    let files =
        outputs.iter().map(|[name, _, _, flag]| (flag.clone(), placeholder("outputPath", name)));
    let task = common.artifacts.first().map(|artifact| placeholder("outputUri", &artifact.name));
    let identity = [
        Some(("run".to_owned(), json!("{{$.pipeline_job_uuid}}").to_string())),
        task.map(|task| ("task".to_owned(), task)),
        Some(("executor-input".to_owned(), json!("{{$}}").to_string())),
    ];
    inputs.chain(files).chain(identity.into_iter().flatten()).collect()
}

/// KFP's word for a type.
fn word(kind: Type) -> &'static str {
    match kind {
        Type::String => "String",
        Type::Integer => "Integer",
        Type::Float => "Float",
        Type::Bool => "Bool",
        Type::JsonObject => "JsonObject",
        Type::JsonArray => "JsonArray",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use super::*;

    fn checked_in() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../components")
    }

    #[test]
    fn what_is_checked_in_is_what_the_table_makes() {
        for (path, text) in files().unwrap() {
            let there = std::fs::read_to_string(checked_in().join(&path)).unwrap_or_default();
            // The texts are too long to be shown.
            assert!(there == text, "{path}: run `cargo run -p step --example components`");
        }
    }

    #[test]
    fn nothing_else_is_checked_in() {
        let made: BTreeSet<_> = files().unwrap().into_iter().map(|(path, _)| path).collect();
        for family in ["v1", "v2", "sagemaker"] {
            for folder in std::fs::read_dir(checked_in().join(family)).unwrap() {
                let name = folder.unwrap().file_name().into_string().unwrap();
                assert!(made.contains(&format!("{family}/{name}/component.yaml")), "{name}");
            }
        }
    }
}
