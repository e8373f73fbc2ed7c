//! One component for every kind of job, with the fields of its Create request as inputs; and one
//! component that only waits.
//!
//! The name of a component is that of the operation in the AWS command line, for example
//! `create-training-job`. Promise: every request that SageMaker accepts is possible.

mod create;
mod wait;

use sagebell_monitor::kind::Kind;
use serde_json::{Value, json};

use crate::component::{Component, Finished, Outputs};
use crate::definition::{self, Definition, Family, Type};
use create::Create;
use wait::Wait;

/// The component with this word.
#[must_use]
pub fn find(name: &str) -> Option<Box<dyn Component>> {
    let definition = definition::find(Family::SageMaker, name)?;
    if definition.name == wait::NAME {
        return Some(Box::new(Wait::new(definition)));
    }
    Some(Box::new(Create::new(definition)?))
}

/// Every kind that one of these components makes.
pub(crate) fn kinds() -> impl Iterator<Item = Kind> {
    definition::definitions(Family::SageMaker)
        .into_iter()
        .filter_map(|definition| create::made_by(&definition.name))
}

/// The outputs, from whatever description there is. The run gives the others.
fn outputs(definition: &Definition, finished: &Finished<'_>) -> Outputs {
    let value = |output: &definition::Output| match (&output.from, output.name.as_str()) {
        (Some(pointer), _) => Some(finished.answer.pointer(pointer).cloned().unwrap_or_default()),
        (None, "description") => Some(finished.answer.clone()),
        (None, "name") => Some(json!(finished.name())),
        (None, _) => None,
    };
    let outputs = definition.outputs.iter();
    outputs
        .filter_map(|output| Some((output.name.clone(), whole(output.kind, value(output)?))))
        .collect()
}

/// A value that KFP takes for an output of this type: never none.
pub(crate) fn whole(kind: Type, value: Value) -> Value {
    match (kind, value) {
        (Type::JsonObject, Value::Object(members)) => Value::Object(members),
        (Type::JsonObject, _) => json!({}),
        (Type::JsonArray, Value::Array(items)) => Value::Array(items),
        (Type::JsonArray, _) => json!([]),
        (_, Value::Null) => json!(""),
        (_, value) => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_definition_is_a_component() {
        for definition in definition::definitions(Family::SageMaker) {
            let component = find(&definition.name).unwrap_or_else(|| panic!("{}", definition.name));
            assert_eq!(*component.definition(), definition);
        }
        assert!(find("train").is_none());
    }

    #[test]
    fn what_kfp_could_not_read_is_made_whole() {
        for (kind, given, wanted) in [
            (Type::JsonObject, json!(null), json!({})),
            (Type::JsonArray, json!(""), json!([])),
            (Type::String, json!(null), json!("")),
            (Type::JsonObject, json!({"a": null}), json!({"a": null})),
        ] {
            assert_eq!(whole(kind, given), wanted);
        }
    }
}
