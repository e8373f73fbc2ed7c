//! A component as its users see it: its inputs with their types and defaults, and its outputs.
//!
//! One table (`table/*.json`) defines every component. The command line, the checks of the inputs,
//! and the `component.yaml` files all come from it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// The type of an input or output, in the words of KFP's `component.yaml`.
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

/// The family of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// The inputs and outputs of version 1 of the old components.
    V1,
    /// The inputs and outputs of version 2 of the old components, which used ACK.
    V2,
    /// Every field of the `Create*` request.
    SageMaker,
}

impl Family {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::V1, Self::V2, Self::SageMaker];

    /// Its word in the tables, and its folder under `components/`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
            Self::SageMaker => "sagemaker",
        }
    }
}

/// One input.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Input {
    /// Its name. The flag is `--` and the name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: Type,
    /// The type on the command line, if it differs (a price is a `String` for KFP and a number
    /// here).
    #[serde(default)]
    pub parsed_as: Option<Type>,
    /// What it is for.
    pub description: String,
    /// Whether the command line requires it.
    #[serde(default)]
    pub required: bool,
    /// Its default, as text on the command line. Absent: null.
    #[serde(default)]
    pub default: Option<String>,
    /// The allowed values. Empty: any.
    #[serde(default)]
    pub choices: Vec<String>,
    /// Whether `component.yaml` calls it optional.
    #[serde(default)]
    pub optional: bool,
    /// Its default in `component.yaml`, if that differs from `default`.
    #[serde(default)]
    pub yaml_default: Option<String>,
    /// Whether an empty string counts as absent.
    #[serde(default)]
    pub nullable: bool,
    /// Whether it accepts the name of a role as well as its ARN.
    #[serde(default)]
    pub role_name: bool,
}

impl Input {
    /// Its default in `component.yaml`, as text. `None`: it has none.
    #[must_use]
    pub fn component_default(&self) -> Option<&str> {
        let default = self.yaml_default.as_ref().or(self.default.as_ref());
        default.filter(|_| self.optional).map(String::as_str)
    }
}

/// One output: a file. `--NAME_output_path` gives its path.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Output {
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: Type,
    /// What it contains.
    pub description: String,
    /// A JSON pointer into the description of the job or resource, if the output is a copy of that
    /// value.
    #[serde(default)]
    pub from: Option<String>,
}

/// One output artifact, for KFP's pages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Artifact {
    /// The option of the step that gives its path, without dashes.
    pub flag: String,
    /// Its name.
    pub name: String,
    /// Its class in KFP: `Metrics`, `HTML`.
    #[serde(rename = "type")]
    pub class: String,
    /// What it shows.
    pub description: String,
}

/// An option of the step itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StepOption {
    /// The option, without dashes.
    pub flag: String,
    /// The input of the component that sets it.
    #[serde(flatten)]
    pub input: Input,
}

/// One component.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Definition {
    /// Its name on the command line, and of its folder.
    pub name: String,
    /// Its family.
    pub family: Family,
    /// Its name in KFP.
    pub title: String,
    /// What it does.
    pub description: String,
    /// Its inputs.
    pub inputs: Vec<Input>,
    /// Its outputs.
    pub outputs: Vec<Output>,
    /// Defaults of the options of the step, by flag, if they differ from the common ones.
    #[serde(default)]
    pub options: BTreeMap<String, String>,
}

/// An input as `component.yaml` has it.
#[derive(Debug, Clone, Copy)]
pub struct Offered<'a> {
    /// The input.
    pub input: &'a Input,
    /// Its default, as text.
    pub default: Option<&'a str>,
}

impl Offered<'_> {
    /// Whether a pipeline must give it.
    #[must_use]
    pub fn is_required(&self) -> bool {
        !self.input.optional && self.default.is_none()
    }
}

/// The components whose work lies outside of their outputs: KFP must not skip them because of an
/// earlier run with the same inputs.
const ACT_EACH_TIME: [&str; 6] = [
    "Endpoint",
    "MonitoringSchedule",
    "create-endpoint",
    "deploy",
    "sagemaker-wait",
    "start-pipeline-execution",
];

impl Definition {
    /// Every input: its own, then the options of the step.
    pub fn offered(&self) -> impl Iterator<Item = Offered<'_>> {
        let own = self.inputs.iter();
        let own = own.map(|input| Offered { input, default: input.component_default() });
        let options = common().options.iter().map(|option| {
            let default = self.options.get(&option.flag).or(option.input.default.as_ref());
            Offered { input: &option.input, default: default.map(String::as_str) }
        });
        own.chain(options)
    }

    /// Whether a pipeline must run it in every run.
    #[must_use]
    pub fn acts_each_time(&self) -> bool {
        ACT_EACH_TIME.contains(&self.name.as_str())
    }
}

/// What every component has in addition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Common {
    /// The options of the step.
    pub options: Vec<StepOption>,
    /// Outputs, unless a component has its own output with the same name. The run provides them.
    pub outputs: Vec<Output>,
    /// Outputs for KFP's pages.
    pub artifacts: Vec<Artifact>,
}

/// The definitions of a family, with the common outputs.
#[must_use]
pub fn definitions(family: Family) -> Vec<Definition> {
    let mut definitions = own(family);
    let shared = &common().outputs;
    for definition in &mut definitions {
        let own: Vec<_> = definition.outputs.iter().map(|output| output.name.clone()).collect();
        let others = shared.iter().filter(|output| !own.contains(&output.name));
        definition.outputs.extend(others.cloned());
    }
    definitions
}

fn own(family: Family) -> Vec<Definition> {
    let text = match family {
        Family::V1 => include_str!("../table/v1.json"),
        Family::V2 => include_str!("../table/v2.json"),
        Family::SageMaker => include_str!("../table/sagemaker.json"),
    };
    // It is part of the program: a test holds that it can be read.
    serde_json::from_str(text).unwrap_or_default()
}

/// The definition with this name, if the family has it.
#[must_use]
pub fn find(family: Family, name: &str) -> Option<Definition> {
    definitions(family).into_iter().find(|definition| definition.name == name)
}

/// What every component has in addition.
#[must_use]
pub fn common() -> &'static Common {
    // It is part of the program: a test holds that it can be read.
    static COMMON: LazyLock<Common> = LazyLock::new(|| {
        serde_json::from_str(include_str!("../table/common.json")).unwrap_or_default()
    });
    &COMMON
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_table_can_be_read_and_no_word_means_two_components() {
        let rows = Family::ALL.map(definitions);
        assert_eq!(rows.each_ref().map(Vec::len), [9, 9, 30]);
        let rows = rows.concat();
        let words: BTreeSet<_> = rows.iter().map(|row| &row.name).collect();
        assert_eq!(words.len(), rows.len());
    }

    #[test]
    fn the_docs_name_every_component_that_acts_each_time() {
        let rows = Family::ALL.map(definitions).concat();
        let acting = rows.iter().filter(|row| row.acts_each_time());
        let acting: BTreeSet<_> = acting.map(|row| row.name.as_str()).collect();
        assert_eq!(acting, ACT_EACH_TIME.into());
        for page in ["docs/move.md", "components/README.md"] {
            let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../");
            let text = std::fs::read_to_string(format!("{root}{page}")).unwrap();
            let (_, caching) = text.split_once("KFP caches by default").unwrap();
            for name in &acting {
                assert!(caching.contains(&format!("`{name}`")), "{page}: {name}");
            }
        }
    }

    #[test]
    fn no_input_or_output_takes_the_name_of_another() {
        let common = common();
        assert!(!common.options.is_empty() && !common.artifacts.is_empty());
        let own = ["run", "task", "executor-input"].map(str::to_owned);
        let reserved: BTreeSet<_> =
            common.options.iter().map(|option| option.flag.clone()).chain(own).collect();
        for row in Family::ALL.map(definitions).concat() {
            let inputs: BTreeSet<_> = row.inputs.iter().map(|input| input.name.clone()).collect();
            assert_eq!(inputs.len(), row.inputs.len(), "{}", row.name);
            assert!(inputs.is_disjoint(&reserved), "{}", row.name);
            let options = common.options.iter().map(|option| &option.input.name);
            assert!(options.into_iter().all(|name| !inputs.contains(name)), "{}", row.name);
            let outputs: BTreeSet<_> = row.outputs.iter().map(|output| &output.name).collect();
            assert_eq!(outputs.len(), row.outputs.len(), "{}", row.name);
            assert!(common.artifacts.iter().all(|artifact| !outputs.contains(&artifact.name)));
        }
    }
}
