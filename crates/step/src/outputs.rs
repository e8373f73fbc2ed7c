//! Writes the outputs to the paths that KFP's launcher reads.
//!
//! Promise: every output with a path is written, also on failure. The launcher fails a step if a
//! file is missing, or if it cannot parse JSON that it expects.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::component::Outputs;
use crate::definition::{Definition, Type};
use crate::v1::python_json;

/// A file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("output `{name}` could not be written to {path}: {source}")]
pub struct WriteError {
    /// The output.
    pub name: String,
    /// The path.
    pub path: PathBuf,
    /// The system's error.
    pub source: io::Error,
}

/// Writes every output of `definition` that has a path: its value, or the empty value of its type.
/// A string is written as it is, everything else as Python's `json.dumps` writes it.
///
/// # Errors
/// [`WriteError`] for the first that cannot be written. The others are written.
pub fn write(
    definition: &Definition,
    paths: &BTreeMap<String, PathBuf>,
    outputs: &Outputs,
) -> Result<(), WriteError> {
    let mut failed = Ok(());
    for output in &definition.outputs {
        let Some(path) = paths.get(&output.name) else { continue };
        let value = outputs.get(&output.name).filter(|value| !value.is_null());
        let text = value.map_or_else(|| text(&empty(output.kind)), text);
        if let Err(source) = write_file(path, &text) {
            failed = Err(WriteError { name: output.name.clone(), path: path.clone(), source });
        }
    }
    failed
}

/// Writes a file, and creates its folders.
///
/// # Errors
/// The system's.
pub fn write_file(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, text)
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => python_json(other),
    }
}

fn empty(kind: Type) -> Value {
    match kind {
        Type::String => json!(""),
        Type::Integer => json!(0),
        Type::Float => json!(0.0),
        Type::Bool => json!(false),
        Type::JsonObject => json!({}),
        Type::JsonArray => json!([]),
    }
}
