//! A processing job.

use std::future::ready;

use sagebell_monitor::kind::Kind;
use serde_json::{Map, Value, json};

use super::job::Job;
use super::parts::{self, items_or_null, number_or_null, object};
use crate::component::{ComponentError, Finished, Outputs};
use crate::inputs::Inputs;
use crate::plan::Watch;

pub(super) const JOB: Job = Job {
    create: "CreateProcessingJob",
    describe: "DescribeProcessingJob",
    name_field: "ProcessingJobName",
    watch: Watch::Job(Kind::Processing),
    name_input: "job_name",
    prefix: Some("ProcessingJob"),
    request,
    known,
    results: |finished, _api| Box::pin(ready(Ok(results(finished)))),
};

fn request(inputs: &Inputs, name: &str) -> Result<Value, ComponentError> {
    Ok(object(json!({
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
    })))
}

fn known(finished: Finished<'_>) -> Outputs {
    parts::outputs([("job_name", finished.plan.main.name.as_str().into())])
}

fn results(finished: Finished<'_>) -> Outputs {
    parts::outputs([("output_artifacts", artifacts(finished.answer))])
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
