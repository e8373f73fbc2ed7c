//! A component as its users see it: inputs, their types and defaults, outputs.
//!
//! One table (`table/*.json`) says it of every component. The command line, the
//! checks of what is given, and the `component.yaml` files are all made from it.

use serde::Deserialize;

/// What an input or an output holds, in the words of KFP's `component.yaml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "KFP's own words")]
pub enum Type {
    String,
    Integer,
    Float,
    Bool,
    JsonObject,
    JsonArray,
}

/// Which family a component is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Generation {
    /// Inputs and outputs of the old components' version 1.
    V1,
    /// Inputs and outputs of the old components' version 2, which went through ACK.
    V2,
    /// Every field of the `Create*` request.
    Generic,
}

/// One input.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Input {
    /// Its name; the flag is `--` and this.
    pub name: String,
    /// What it takes.
    #[serde(rename = "type")]
    pub kind: Type,
    /// What the command line takes it for, where that is another type (a price is
    /// a `String` to KFP and a number here).
    #[serde(default)]
    pub parsed_as: Option<Type>,
    /// What it is for.
    pub description: String,
    /// Whether the command line refuses to go without it.
    #[serde(default)]
    pub required: bool,
    /// What it is when the flag is absent, as it would be written on the command
    /// line; absent: null.
    #[serde(default)]
    pub default: Option<String>,
    /// The only values it takes; empty: any.
    #[serde(default)]
    pub choices: Vec<String>,
    /// Whether `component.yaml` calls it optional.
    #[serde(default)]
    pub optional: bool,
    /// Its default in `component.yaml`, where that differs from `default`.
    #[serde(default)]
    pub yaml_default: Option<String>,
    /// Whether an empty text counts as none.
    #[serde(default)]
    pub nullable: bool,
}

/// One output: a file, whose path `--NAME_output_path` gives.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Output {
    /// Its name.
    pub name: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: Type,
    /// What it tells.
    pub description: String,
}

/// One component.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Definition {
    /// Its word on the command line, and its folder's name.
    pub name: String,
    /// Its family.
    pub generation: Generation,
    /// Its name in KFP.
    pub title: String,
    /// What it does.
    pub description: String,
    /// What it takes.
    pub inputs: Vec<Input>,
    /// What it hands over.
    pub outputs: Vec<Output>,
}
