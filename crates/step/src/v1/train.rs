//! A training job.

use async_trait::async_trait;
use sagemaker::Api;
use serde_json::{Value, json};

use super::parts::{self, items_or_null, object};
use super::training;
use crate::component::{Component, ComponentError, Finished, Outputs};
use crate::definition::Definition;
use crate::inputs::Inputs;
use crate::names::FreshName;
use crate::plan::Plan;

pub(super) struct Train {
    pub(super) definition: &'static Definition,
}

#[async_trait]
impl Component for Train {
    fn definition(&self) -> &Definition {
        self.definition
    }

    async fn plan(
        &self,
        inputs: &Inputs,
        fresh: &FreshName,
        _api: &Api,
    ) -> Result<Plan, ComponentError> {
        let name = parts::name(inputs, "job_name", fresh, "TrainingJob");
        let request = request(inputs, &name)?;
        Ok(parts::job(&training::JOB, name, request))
    }

    fn is_still_busy(&self, answer: &Value) -> bool {
        training::rules_are_busy(answer)
    }

    fn failure(&self, answer: &Value) -> Option<String> {
        training::failed_rules(answer)
    }

    async fn outputs(&self, finished: Finished<'_>, api: &Api) -> Result<Outputs, ComponentError> {
        Ok(parts::outputs([
            ("job_name", finished.plan.main.name.as_str().into()),
            ("model_artifact_url", training::model_artifact(finished.answer)?),
            ("training_image", training::image(api, finished.answer).await?),
        ]))
    }

    fn outputs_of_failure(&self, finished: Finished<'_>) -> Outputs {
        parts::outputs([("job_name", finished.plan.main.name.as_str().into())])
    }
}

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
