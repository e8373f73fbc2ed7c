//! A training job.

use serde_json::{Value, json};

use super::job::Job;
use super::parts::{self, items_or_null, object};
use super::training;
use crate::component::ComponentError;
use crate::inputs::Inputs;

pub(super) const JOB: Job = training::job("TrainingJob", request);

fn request(inputs: &Inputs, name: &str) -> Result<Value, ComponentError> {
    let terms = training::terms(inputs)?;
    Ok(object(json!({
        "TrainingJobName": name,
        "RoleArn": inputs.text("role"),
        "HyperParameters": training::hyperparameters(inputs, "hyperparameters")?,
        "AlgorithmSpecification": training::algorithm(inputs)?,
        "InputDataConfig": training::channels(inputs)?,
        "OutputDataConfig": training::output_data(inputs, "model_artifact_path"),
        "ResourceConfig": training::resources(inputs),
        "VpcConfig": parts::vpc(inputs)?,
        "StoppingCondition": terms.stopping,
        "CheckpointConfig": terms.checkpoints,
        "EnableManagedSpotTraining": terms.spot,
        "DebugHookConfig": inputs.object("debug_hook_config"),
        "DebugRuleConfigurations": items_or_null(inputs, "debug_rule_config"),
        "EnableNetworkIsolation": inputs.is("network_isolation"),
        "EnableInterContainerTrafficEncryption": inputs.is("traffic_encryption"),
        "Tags": parts::tags(inputs, "tags"),
    })))
}
