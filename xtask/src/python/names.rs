//! What the functions are called.

use sagebell_step::definition::{Definition, Family};

const DOCS: &str = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_";

/// The name of a component's function. It is the component's own word in Python's spelling. The
/// words of version 2 are nouns that say less, and some are those of version 1: they begin with
/// `ack_`. What waits is `wait_for`, because `wait` is what a notebook calls.
pub(crate) fn function(row: &Definition) -> String {
    match (row.family, row.name.as_str()) {
        (Family::V2, _) => format!("ack_{}", snake(kind(row))),
        (Family::SageMaker, "sagemaker-wait") => "wait_for".to_owned(),
        (_, name) => name.replace('-', "_"),
    }
}

/// The first part of the names of a function's types: `WaitFor`.
pub(crate) fn class(function: &str) -> String {
    let words = function.split('_').map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    words.collect()
}

/// The page of SageMaker's reference about the request that a component sends.
pub(crate) fn reference(row: &Definition) -> Option<String> {
    Some(format!("{DOCS}{}.html", operation(row)?))
}

/// The operation that creates what a component is for.
pub(crate) fn operation(row: &Definition) -> Option<String> {
    match row.family {
        Family::V1 => of_version_1(&row.name).map(str::to_owned),
        Family::V2 => Some(format!("Create{}", kind(row))),
        Family::SageMaker => {
            let (_, operation) = row.title.split_once(" - ")?;
            Some(operation.to_owned()).filter(|_| row.name != "sagemaker-wait")
        }
    }
}

/// The kind of resource of a component of version 2, as its title has it: `Model` for `Modelv2`.
fn kind(row: &Definition) -> &str {
    row.title.split_once(" - ").map_or(row.name.as_str(), |(_, kind)| kind)
}

fn of_version_1(name: &str) -> Option<&'static str> {
    Some(match name {
        "batch_transform" => "CreateTransformJob",
        "deploy" => "CreateEndpoint",
        "ground_truth" => "CreateLabelingJob",
        "hyperparameter_tuning" => "CreateHyperParameterTuningJob",
        "model" => "CreateModel",
        "process" => "CreateProcessingJob",
        "rlestimator" | "train" => "CreateTrainingJob",
        "workteam" => "CreateWorkteam",
        _ => return None,
    })
}

fn snake(words: &str) -> String {
    let mut text = String::new();
    for character in words.chars() {
        if character.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(character.to_ascii_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sagebell_step::definition::definitions;
    use sagebell_step::operations::operations;

    use super::*;

    fn all() -> Vec<Definition> {
        Family::ALL.map(definitions).concat()
    }

    #[test]
    fn no_two_functions_have_one_name() {
        let names: BTreeSet<_> = all().iter().map(function).collect();
        assert_eq!(names.len(), all().len());
        let some = ["train", "ack_model", "ack_training_job", "create_auto_ml_job_v2", "wait_for"];
        assert!(some.iter().all(|name| names.contains(*name)), "{names:?}");
    }

    #[test]
    fn a_class_is_spelt_as_classes_are() {
        assert_eq!(class("create_auto_ml_job_v2"), "CreateAutoMlJobV2");
    }

    #[test]
    fn the_reference_is_of_an_operation_that_components_call() {
        for row in all().iter().filter(|row| row.name != "sagemaker-wait") {
            let known = operation(row).is_some_and(|word| operations().contains(word.as_str()));
            assert!(known, "{}", row.name);
            assert!(reference(row).is_some());
        }
    }
}
