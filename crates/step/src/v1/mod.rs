//! The components of version 1: the old inputs, outputs and requests.
//!
//! Promise: these components send the same requests as the old ones, field by field, except for
//! their bugs, which `docs/differences.md` lists. Each file is one component. The shared code is in
//! `parts`.

mod batch_transform;
mod deploy;
mod ground_truth;
mod hyperparameter_tuning;
mod images;
mod job;
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
use crate::definition::{self, Definition, Family};

pub use python_json::python_json;

static DEFINITIONS: LazyLock<Vec<Definition>> =
    LazyLock::new(|| definition::definitions(Family::V1));

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
    let job = match definition.name.as_str() {
        "batch_transform" => batch_transform::JOB,
        "deploy" => return Some(Box::new(deploy::Deploy { definition })),
        "ground_truth" => ground_truth::JOB,
        "hyperparameter_tuning" => hyperparameter_tuning::JOB,
        "model" => model::MODEL,
        "process" => process::JOB,
        "rlestimator" => rlestimator::JOB,
        "train" => train::JOB,
        "workteam" => workteam::WORKTEAM,
        _ => return None,
    };
    Some(Box::new(job::Maker { definition, job }))
}
