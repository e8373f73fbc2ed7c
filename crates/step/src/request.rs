//! Builds a request from the inputs of a component, with the names of the API.

use sagebell_monitor::kind::Kind;
use serde_json::{Map, Value, json};

use crate::component::ComponentError;
use crate::definition::{Input, Type};
use crate::inputs::Inputs;
use crate::model;
use crate::names::FreshName;

/// A request that is being put together.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Request {
    operation: &'static str,
    members: Map<String, Value>,
}

impl Request {
    /// A request that holds what a document says, whatever the casing of its keys.
    ///
    /// # Errors
    /// The document has a member twice.
    pub(crate) fn new(
        operation: &'static str,
        input: &str,
        document: Map<String, Value>,
    ) -> Result<Self, ComponentError> {
        let mut request = Self { operation, members: Map::new() };
        request.extend(input, document)?;
        Ok(request)
    }

    /// A request of fields, those that were given.
    ///
    /// # Errors
    /// A field has a member twice.
    pub(crate) fn of<'a>(
        operation: &'static str,
        fields: impl Iterator<Item = &'a Input>,
        inputs: &Inputs,
    ) -> Result<Self, ComponentError> {
        let mut request = Self { operation, members: Map::new() };
        request.fill(fields, inputs)?;
        Ok(request)
    }

    /// Puts the fields that were given over what there is.
    ///
    /// # Errors
    /// A field has a member twice.
    pub(crate) fn fill<'a>(
        &mut self,
        fields: impl Iterator<Item = &'a Input>,
        inputs: &Inputs,
    ) -> Result<(), ComponentError> {
        for field in fields {
            let value = inputs.value(&field.name);
            if is_given(field.kind, value) {
                let member = Map::from_iter([(field.name.clone(), value.clone())]);
                self.extend(&field.name, member)?;
            }
        }
        Ok(())
    }

    fn extend(&mut self, input: &str, members: Map<String, Value>) -> Result<(), ComponentError> {
        match model::normalize(self.operation, &Value::Object(members)) {
            Ok(Value::Object(members)) => self.members.extend(members),
            Ok(_) => {}
            Err(problems) => {
                let texts: Vec<_> = problems.iter().map(ToString::to_string).collect();
                return Err(ComponentError::input(input, texts.join("; ")));
            }
        }
        Ok(())
    }

    /// Whether it has this member.
    #[must_use]
    pub(crate) fn has(&self, member: &str) -> bool {
        self.members.contains_key(member)
    }

    /// What it has in this member.
    #[must_use]
    pub(crate) fn get(&self, member: &str) -> Option<&Value> {
        self.members.get(member)
    }

    /// Sets the name of a job of this kind to that of `fresh`'s generation, based on the given
    /// name, or else on the word.
    pub(crate) fn job_name(
        &mut self,
        member: &str,
        (kind, word): (Kind, &str),
        fresh: &FreshName,
    ) -> String {
        let given = self.members.get(member).and_then(Value::as_str);
        let name = fresh.of_job(kind, given, word);
        self.members.insert(member.to_owned(), json!(name));
        name
    }

    /// The text of a member, which it gets if it has none.
    pub(crate) fn name(&mut self, member: &str, fresh: impl FnOnce() -> String) -> String {
        let name = self.members.entry(member).or_insert_with(|| json!(fresh()));
        name.as_str().unwrap_or_default().to_owned()
    }

    /// The members.
    #[must_use]
    pub(crate) fn into_members(self) -> Map<String, Value> {
        self.members
    }
}

/// An empty text, object or list is `component.yaml`'s word for none.
fn is_given(kind: Type, value: &Value) -> bool {
    match (kind, value) {
        (Type::String, Value::String(text)) => !text.is_empty(),
        (Type::JsonObject, Value::Object(members)) => !members.is_empty(),
        (Type::JsonArray, Value::Array(items)) => !items.is_empty(),
        (_, value) => !value.is_null(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, kind: Type) -> Input {
        serde_json::from_value(json!({"name": name, "type": "String", "description": ""}))
            .map(|input| Input { kind, ..input })
            .unwrap()
    }

    #[test]
    fn fields_that_were_given_win_over_the_document() {
        let document = json!({"trainingJobName": "a", "roleARN": "r"});
        let document = document.as_object().unwrap().clone();
        let mut request = Request::new("CreateTrainingJob", "request", document).unwrap();
        let fields = [
            field("training_job_name", Type::String),
            field("role_arn", Type::String),
            field("environment", Type::JsonObject),
            field("enable_network_isolation", Type::Bool),
        ];
        let inputs = Inputs::from_iter([
            ("training_job_name".to_owned(), json!("b")),
            ("role_arn".to_owned(), json!("")),
            ("environment".to_owned(), json!({})),
            ("enable_network_isolation".to_owned(), json!(false)),
        ]);
        request.fill(fields.iter(), &inputs).unwrap();
        let wanted =
            json!({"TrainingJobName": "b", "RoleArn": "r", "EnableNetworkIsolation": false});
        assert_eq!(Value::Object(request.into_members()), wanted);
    }

    #[test]
    fn a_member_that_is_given_twice_is_an_error_that_names_the_input() {
        let document = json!({"trainingJobName": "a", "TrainingJobName": "b"});
        let document = document.as_object().unwrap().clone();
        let error = Request::new("CreateTrainingJob", "request", document).unwrap_err();
        assert!(error.to_string().starts_with("input `request`: TrainingJobName"), "{error}");
    }
}
