//! The components of version 1: the old inputs, outputs and requests.
//!
//! Promise: what the old components asked of SageMaker is asked here, field by field,
//! but for their bugs, which `docs/differences.md` lists. Each file is one component;
//! what they share is in `parts`.

mod batch_transform;
mod deploy;
mod ground_truth;
mod hyperparameter_tuning;
mod images;
mod model;
mod parts;
mod process;
mod python_json;
mod rlestimator;
#[cfg(test)]
mod tests;
mod train;
mod training;
mod workteam;

use std::sync::LazyLock;

use crate::component::Component;
use crate::definition::{self, Definition, Generation};

pub use python_json::python_json;

static DEFINITIONS: LazyLock<Vec<Definition>> =
    LazyLock::new(|| definition::family(Generation::V1));

/// The definitions of all of them.
#[must_use]
pub fn definitions() -> &'static [Definition] {
    &DEFINITIONS
}

/// All of them.
#[must_use]
pub fn components() -> Vec<Box<dyn Component>> {
    DEFINITIONS.iter().filter_map(component).collect()
}

/// The one of this name.
#[must_use]
pub fn find(name: &str) -> Option<Box<dyn Component>> {
    DEFINITIONS.iter().find(|definition| definition.name == name).and_then(component)
}

fn component(definition: &'static Definition) -> Option<Box<dyn Component>> {
    Some(match definition.name.as_str() {
        "batch_transform" => Box::new(batch_transform::BatchTransform { definition }),
        "deploy" => Box::new(deploy::Deploy { definition }),
        "ground_truth" => Box::new(ground_truth::GroundTruth { definition }),
        "hyperparameter_tuning" => {
            Box::new(hyperparameter_tuning::HyperparameterTuning { definition })
        }
        "model" => Box::new(model::Model { definition }),
        "process" => Box::new(process::Process { definition }),
        "rlestimator" => {
            let (prefix, request) = ("RLEstimatorJob", rlestimator::request as _);
            Box::new(training::Training { definition, prefix, request })
        }
        "train" => {
            let (prefix, request) = ("TrainingJob", train::request as _);
            Box::new(training::Training { definition, prefix, request })
        }
        "workteam" => Box::new(workteam::Workteam { definition }),
        _ => return None,
    })
}
