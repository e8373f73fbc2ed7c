//! A batch transform job.

use sagebell_monitor::kind::Kind;
use serde_json::{Value, json};

use super::job::{Job, no_more};
use super::parts::{self, object};
use crate::component::{ComponentError, Finished, Outputs};
use crate::inputs::Inputs;
use crate::plan::Watch;

pub(super) const JOB: Job = Job {
    create: "CreateTransformJob",
    describe: "DescribeTransformJob",
    name_field: "TransformJobName",
    watch: Watch::Job(Kind::Transform),
    name_input: "job_name",
    prefix: Some("BatchTransform"),
    request,
    known,
    results: no_more,
};

fn request(inputs: &Inputs, name: &str) -> Result<Value, ComponentError> {
    Ok(object(json!({
        "TransformJobName": name,
        "ModelName": inputs.text("model_name"),
        "MaxConcurrentTransforms": inputs.integer("max_concurrent"),
        "MaxPayloadInMB": inputs.integer("max_payload"),
        "BatchStrategy": inputs.given("batch_strategy"),
        "Environment": parts::object_or_empty(inputs, "environment"),
        "TransformInput": input(inputs),
        "TransformOutput": output(inputs),
        "TransformResources": resources(inputs),
        "DataProcessing": processing(inputs),
        "Tags": parts::tags(inputs, "tags"),
    })))
}

fn known(finished: Finished<'_>) -> Outputs {
    parts::outputs([("output_location", finished.inputs.text("output_location").into())])
}

fn input(inputs: &Inputs) -> Value {
    json!({
        "DataSource": {
            "S3DataSource": {
                "S3DataType": inputs.given("data_type").unwrap_or("S3Prefix"),
                "S3Uri": inputs.text("input_location"),
            },
        },
        "ContentType": inputs.text("content_type"),
        "CompressionType": inputs.given("compression_type").unwrap_or("None"),
        "SplitType": inputs.given("split_type").unwrap_or("None"),
    })
}

fn output(inputs: &Inputs) -> Value {
    object(json!({
        "S3OutputPath": inputs.text("output_location"),
        "Accept": inputs.text("accept"),
        "AssembleWith": inputs.given("assemble_with"),
        "KmsKeyId": inputs.given("output_encryption_key"),
    }))
}

fn resources(inputs: &Inputs) -> Value {
    object(json!({
        "InstanceType": inputs.text("instance_type"),
        "InstanceCount": inputs.integer("instance_count"),
        "VolumeKmsKeyId": inputs.given("resource_encryption_key"),
    }))
}

fn processing(inputs: &Inputs) -> Value {
    object(json!({
        "InputFilter": inputs.given("input_filter"),
        "OutputFilter": inputs.given("output_filter"),
        "JoinSource": inputs.given("join_source").unwrap_or("None"),
    }))
}
