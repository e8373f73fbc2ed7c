//! Generates the `component.yaml` files, in the format of KFP's version 1, which the SDKs of both
//! versions can load.
//!
//! KFP versions fill in placeholders in arguments in different ways. For example, 2.17.0 refuses a
//! task whose arguments name an input that the pipeline left out (`backend/src/v2/driver/util.go`,
//! `resolveSinglePlaceholder`). Other versions leave the placeholder as it is, or fill in only
//! some. So no argument names an input or an output. The step reads them from the executor input,
//! `{{$}}`, which contains all of them.

use std::fmt::Write as _;

use serde_json::json;

use crate::args::EXECUTOR_INPUT;
use crate::definition::{self, Definition, Family, Offered, Type, common};

/// The image that every component runs.
pub const IMAGE: &str = concat!("ghcr.io/sagebell/sagebell-step:", env!("CARGO_PKG_VERSION"));

/// The CPU that a step asks for: it waits.
pub const CPU_REQUEST: &str = "10m";
/// The memory that a step asks for: what KFP's launcher takes, which runs in the same container.
pub const MEMORY_REQUEST: &str = "128Mi";

/// Every file: its path under `components/`, and its text.
#[must_use]
pub fn files() -> Vec<(String, String)> {
    let definitions = Family::ALL.into_iter().flat_map(definition::definitions);
    definitions.map(|definition| (path(&definition), text(&definition))).collect()
}

/// Where it stands, under the folders' names of old.
fn path(definition: &Definition) -> String {
    format!("{}/{}/component.yaml", definition.family.as_str(), definition.name)
}

/// The text of one file. JSON is YAML: names and values are quoted by its rules.
#[must_use]
pub fn text(definition: &Definition) -> String {
    let mut text = String::from("# Generated from crates/step/table: `cargo xtask generate`.\n");
    line(&mut text, &format!("name: {}", json!(definition.title)));
    line(&mut text, &format!("description: {}", json!(definition.description)));
    line(&mut text, "metadata:");
    line(&mut text, "  annotations:");
    line(&mut text, &format!("    sagebell.dev/cpu-request: {}", json!(CPU_REQUEST)));
    line(&mut text, &format!("    sagebell.dev/memory-request: {}", json!(MEMORY_REQUEST)));
    line(&mut text, "inputs:");
    for offered in definition.offered() {
        line(&mut text, &format!("- {}", input_line(offered)));
    }
    line(&mut text, "outputs:");
    for [name, kind, description] in outputs(definition) {
        let output = flow(&[("name", name), ("type", kind), ("description", description)]);
        line(&mut text, &format!("- {output}"));
    }
    line(&mut text, "implementation:");
    line(&mut text, "  container:");
    line(&mut text, &format!("    image: {IMAGE}"));
    line(&mut text, &format!("    command: [/sagebell-step, {}]", definition.name));
    line(&mut text, &format!("    args: [--{EXECUTOR_INPUT}, \"{{{{$}}}}\"]"));
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

fn input_line(Offered { input, default }: Offered<'_>) -> String {
    let mut members = vec![("name", input.name.as_str()), ("type", word(input.kind))];
    members.extend(default.map(|default| ("default", default)));
    members.push(("description", &input.description));
    let line = flow(&members);
    let open = input.optional && default.is_none();
    if open { line.replacen(", description:", ", optional: true, description:", 1) } else { line }
}

/// Every output, artifacts too: name, type, description.
pub fn outputs(definition: &Definition) -> impl Iterator<Item = [&str; 3]> {
    let values = definition.outputs.iter();
    let values = values.map(|output| [&output.name, word(output.kind), &output.description]);
    let artifacts = common().artifacts.iter();
    let artifacts =
        artifacts.map(|artifact| [&*artifact.name, &artifact.class, &artifact.description]);
    values.chain(artifacts)
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
        for (path, text) in files() {
            let there = std::fs::read_to_string(checked_in().join(&path)).unwrap_or_default();
            // The texts are too long to be shown.
            assert!(there == text, "{path}: run `cargo xtask generate`");
        }
    }

    #[test]
    fn nothing_else_is_checked_in() {
        let created: BTreeSet<_> = files().into_iter().map(|(path, _)| path).collect();
        for family in Family::ALL.map(Family::as_str) {
            for folder in std::fs::read_dir(checked_in().join(family)).unwrap() {
                let name = folder.unwrap().file_name().into_string().unwrap();
                assert!(created.contains(&format!("{family}/{name}/component.yaml")), "{name}");
            }
        }
    }
}
