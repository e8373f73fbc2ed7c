//! What the fake knows of SageMaker's service model: `model/operations.json`,
//! which `model/extract.py` takes from botocore.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value};

static OPERATIONS: LazyLock<BTreeMap<String, Operation>> = LazyLock::new(|| {
    // `tests` holds that the file parses.
    serde_json::from_str(include_str!("../model/operations.json")).unwrap_or_default()
});

/// One operation.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Operation {
    /// The request's required members.
    pub(crate) required: Vec<String>,
    /// The errors it declares.
    pub(crate) errors: Vec<String>,
    /// The answer.
    pub(crate) output: Shape,
    /// The one member that holds the whole answer, where that is so.
    pub(crate) wrapped_in: Option<String>,
    /// For operations that list.
    pub(crate) list: Option<Listing>,
}

/// A structure's members.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Shape {
    /// Their names.
    pub(crate) members: BTreeSet<String>,
    /// Those that are times.
    pub(crate) times: BTreeSet<String>,
    /// Those that are required, with a value that says nothing.
    pub(crate) defaults: Map<String, Value>,
    /// The words that those with an enumeration take.
    pub(crate) enums: BTreeMap<String, Vec<String>>,
}

/// What a List operation answers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listing {
    /// The member that holds the items.
    pub(crate) key: String,
    /// One item.
    pub(crate) item: Shape,
    /// Whether it lists the oldest first unless asked otherwise.
    pub(crate) ascending: bool,
}

/// The operation of this name, if the fake has it.
pub(crate) fn operation(name: &str) -> Option<&'static Operation> {
    OPERATIONS.get(name)
}

impl Operation {
    /// The declared error of an unknown resource.
    pub(crate) fn not_found(&self) -> Option<&str> {
        self.declared("ResourceNotFound")
    }

    /// The declared error of a name that is taken or a resource that is busy.
    pub(crate) fn in_use(&self) -> Option<&str> {
        self.declared("ResourceInUse")
    }

    fn declared(&self, prefix: &str) -> Option<&str> {
        self.errors.iter().map(String::as_str).find(|error| error.starts_with(prefix))
    }

    /// Of all that is known, what this operation answers.
    pub(crate) fn answer(&self, view: &Map<String, Value>) -> Value {
        let answer = Value::Object(self.output.project(view));
        match &self.wrapped_in {
            Some(member) => Value::Object(Map::from_iter([(member.clone(), answer)])),
            None => answer,
        }
    }
}

impl Shape {
    /// Of all that is known, what this structure holds.
    pub(crate) fn project(&self, view: &Map<String, Value>) -> Map<String, Value> {
        let known =
            view.iter().filter(|(key, value)| self.members.contains(*key) && !value.is_null());
        let mut all = self.defaults.clone();
        all.extend(known.map(|(key, value)| (key.clone(), value.clone())));
        all
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_checked_in_model_is_read() {
        serde_json::from_str::<BTreeMap<String, Operation>>(include_str!(
            "../model/operations.json"
        ))
        .unwrap();
        let create = operation("CreateTrainingJob").unwrap();
        assert!(create.required.iter().any(|member| member == "RoleArn"));
        assert_eq!(create.in_use(), Some("ResourceInUse"));
        assert!(operation("MeltTrainingJob").is_none());
    }

    #[test]
    fn an_answer_has_what_the_model_requires_and_nothing_it_does_not_know() {
        let view = json!({ "TrainingJobName": "a", "FailureReason": null, "Made": "up" });
        let answer = operation("DescribeTrainingJob").unwrap().answer(view.as_object().unwrap());
        assert_eq!(answer.get("TrainingJobName"), Some(&json!("a")));
        assert_eq!(answer.pointer("/ModelArtifacts/S3ModelArtifacts"), Some(&json!("")));
        assert!(answer.get("FailureReason").is_none() && answer.get("Made").is_none());
    }

    #[test]
    fn some_answers_are_wrapped() {
        let view = json!({ "WorkteamName": "a" });
        let answer = operation("DescribeWorkteam").unwrap().answer(view.as_object().unwrap());
        assert_eq!(answer.pointer("/Workteam/WorkteamName"), Some(&json!("a")));
    }
}
