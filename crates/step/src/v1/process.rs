//! A processing job.

use async_trait::async_trait;
use monitor::kind::Kind;
use sagemaker::Api;
use serde_json::{Map, Value, json};

use super::parts::{self, JobKind, items_or_null, number_or_null, object};
use crate::component::{Component, ComponentError, Finished, Outputs};
use crate::definition::Definition;
use crate::inputs::Inputs;
use crate::names::FreshName;
use crate::plan::{Plan, Watch};

const JOB: JobKind = JobKind {
    create: "CreateProcessingJob",
    describe: "DescribeProcessingJob",
    name_field: "ProcessingJobName",
    watch: Watch::Job(Kind::Processing),
};

pub(super) struct Process {
    pub(super) definition: &'static Definition,
}

#[async_trait]
impl Component for Process {
    fn definition(&self) -> &Definition {
        self.definition
    }

    async fn plan(
        &self,
        inputs: &Inputs,
        fresh: &FreshName,
        _api: &Api,
    ) -> Result<Plan, ComponentError> {
        let name = parts::name(inputs, "job_name", fresh, "ProcessingJob");
        let request = object(json!({
            "ProcessingJobName": name,
            "ProcessingInputs": items_or_null(inputs, "input_config"),
            "ProcessingOutputConfig": output_config(inputs),
            "RoleArn": inputs.text("role"),
            "ProcessingResources": { "ClusterConfig": cluster(inputs) },
            "NetworkConfig": object(json!({
                "EnableInterContainerTrafficEncryption": inputs.is("traffic_encryption"),
                "EnableNetworkIsolation": inputs.is("network_isolation"),
                "VpcConfig": parts::vpc(inputs)?,
            })),
            "StoppingCondition": stopping(inputs),
            "AppSpecification": object(json!({
                "ImageUri": inputs.text("image"),
                "ContainerEntrypoint": items_or_null(inputs, "container_entrypoint"),
                "ContainerArguments": items_or_null(inputs, "container_arguments"),
            })),
            "Environment": parts::object_or_empty(inputs, "environment"),
            "Tags": parts::tags(inputs, "tags"),
        }));
        Ok(parts::job(&JOB, name, request))
    }

    async fn outputs(&self, finished: Finished<'_>, _api: &Api) -> Result<Outputs, ComponentError> {
        Ok(parts::outputs([
            ("job_name", finished.plan.main.name.as_str().into()),
            ("output_artifacts", artifacts(finished.answer)),
        ]))
    }

    fn outputs_of_failure(&self, finished: Finished<'_>) -> Outputs {
        parts::outputs([("job_name", finished.plan.main.name.as_str().into())])
    }
}

/// `ProcessingOutputConfig`; null for a job without outputs.
fn output_config(inputs: &Inputs) -> Value {
    match items_or_null(inputs, "output_config") {
        Value::Null => Value::Null,
        outputs => object(json!({
            "Outputs": outputs,
            "KmsKeyId": inputs.given("output_encryption_key"),
        })),
    }
}

fn cluster(inputs: &Inputs) -> Value {
    object(json!({
        "InstanceType": inputs.text("instance_type"),
        "InstanceCount": inputs.integer("instance_count"),
        "VolumeSizeInGB": inputs.integer("volume_size"),
        "VolumeKmsKeyId": inputs.given("resource_encryption_key"),
    }))
}

/// `StoppingCondition`; null if 0 is given: SageMaker's own limit counts.
fn stopping(inputs: &Inputs) -> Value {
    match number_or_null(inputs, "max_run_time") {
        Value::Null => Value::Null,
        seconds => json!({ "MaxRuntimeInSeconds": seconds }),
    }
}

/// Where the outputs are, by their names. Those that are not in S3 have no place here.
fn artifacts(answer: &Value) -> Value {
    let outputs = answer.pointer("/ProcessingOutputConfig/Outputs").and_then(Value::as_array);
    let place = |output: &Value| {
        let name = output.get("OutputName")?.as_str()?.to_owned();
        Some((name, output.pointer("/S3Output/S3Uri")?.clone()))
    };
    outputs.into_iter().flatten().filter_map(place).collect::<Map<_, _>>().into()
}
