//! A reinforcement learning training job, with the request of `RLEstimator` in the `sagemaker`
//! package (version 2.237.3).

use serde_json::{Map, Value, json};

use super::images::{self, Toolkit};
use super::job::Job;
use super::parts::{self, items_or_null, object};
use super::{python_json, training};
use crate::component::ComponentError;
use crate::inputs::Inputs;

/// Where the debugger and the profiler are not.
const WITHOUT_DEBUGGER: [&str; 9] = [
    "ap-south-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "eu-central-2",
    "eu-south-2",
    "me-central-1",
    "us-gov-east-1",
    "us-iso-east-1",
    "us-isob-east-1",
];

/// Where the source lies in a container that can't fetch it.
const ISOLATED_SOURCE: &str = "/opt/ml/input/data/code/sourcedir.tar.gz";

/// `max_run` when it is not given.
const DEFAULT_RUN_SECONDS: i64 = 86_400;

pub(super) const JOB: Job = training::job("RLEstimatorJob", request);

fn request(inputs: &Inputs, name: &str) -> Result<Value, ComponentError> {
    let place = s3(inputs, "model_artifact_path", "must be an S3 URI: s3://bucket/path")?;
    let isolated = inputs.is("network_isolation");
    let has_debugger = !WITHOUT_DEBUGGER.contains(&inputs.text("region"));
    let tags = parts::tags(inputs, "tags");
    Ok(object(json!({
        "TrainingJobName": name,
        "RoleArn": inputs.text("role"),
        "AlgorithmSpecification": algorithm(inputs)?,
        "HyperParameters": hyperparameters(inputs, name)?,
        "InputDataConfig": isolated.then(|| code_channel(inputs)),
        "OutputDataConfig": { "S3OutputPath": place },
        "ResourceConfig": {
            "InstanceType": inputs.text("instance_type"),
            "InstanceCount": inputs.integer("instance_count"),
            "VolumeSizeInGB": inputs.integer("volume_size"),
        },
        "VpcConfig": vpc(inputs)?,
        "StoppingCondition": stopping(inputs)?,
        "CheckpointConfig": inputs.object("checkpoint_config"),
        "DebugHookConfig": debug_hook(inputs, has_debugger),
        "DebugRuleConfigurations": items_or_null(inputs, "debug_rule_config"),
        "ProfilerConfig": profiler(place, has_debugger),
        "EnableNetworkIsolation": given_if(isolated),
        "EnableInterContainerTrafficEncryption": given_if(inputs.is("traffic_encryption")),
        "EnableManagedSpotTraining": given_if(inputs.is("spot_instance")),
        "Tags": Some(tags).filter(|tags| !tags.is_empty()),
    })))
}

fn given_if(is: bool) -> Value {
    if is { true.into() } else { Value::Null }
}

fn s3<'a>(inputs: &'a Inputs, input: &str, problem: &str) -> Result<&'a str, ComponentError> {
    let text = inputs.text(input);
    let is_s3 = text.to_lowercase().starts_with("s3://");
    if is_s3 { Ok(text) } else { Err(ComponentError::input(input, problem)) }
}

/// `AlgorithmSpecification`: the image, or a toolkit's, whose metrics are known.
fn algorithm(inputs: &Inputs) -> Result<Value, ComponentError> {
    let asked = Toolkit {
        toolkit: inputs.text("toolkit"),
        version: inputs.text("toolkit_version"),
        framework: inputs.text("framework"),
    };
    let (image, metrics) = match inputs.given("image") {
        Some(image) => (image.to_owned(), json!([])),
        None => {
            for input in ["toolkit", "toolkit_version", "framework"] {
                if inputs.given(input).is_none() {
                    return Err(ComponentError::input(input, "give this or `image`"));
                }
            }
            let image =
                images::of_toolkit(&asked, inputs.text("region"), inputs.text("instance_type"))?;
            (image, metrics(asked.toolkit))
        }
    };
    let given = inputs.items("metric_definitions");
    Ok(json!({
        "TrainingImage": image,
        "TrainingInputMode": inputs.text("training_input_mode"),
        "MetricDefinitions": if given.is_empty() { metrics } else { given.into() },
    }))
}

/// What the toolkit prints of its progress.
fn metrics(toolkit: &str) -> Value {
    if toolkit == "coach" {
        return json!([
            { "Name": "reward-training", "Regex": "^Training>.*Total reward=(.*?)," },
            { "Name": "reward-testing", "Regex": "^Testing>.*Total reward=(.*?)," },
        ]);
    }
    let number = "([-+]?[0-9]*[.]?[0-9]+([eE][-+]?[0-9]+)?)";
    let metric = |name| json!({ "Name": name, "Regex": format!("{name}: {number}") });
    json!([metric("episode_reward_mean"), metric("episode_reward_max")])
}

/// Hyperparameters as JSON, as the toolkits read them, and what they are told of the
/// job beside.
fn hyperparameters(inputs: &Inputs, job: &str) -> Result<Value, ComponentError> {
    let problem = "must be the S3 URI of a .tar.gz: the step uploads nothing";
    let source = s3(inputs, "source_dir", problem)?;
    let source = if inputs.is("network_isolation") { ISOLATED_SOURCE } else { source };
    let given = training::hyperparameters(inputs, "hyperparameters")?;
    let given = given.as_object().into_iter().flatten();
    let mut all: Map<String, Value> =
        given.map(|(name, value)| (name.clone(), python_json(value).into())).collect();
    let of_job = [
        ("sagemaker_submit_directory", source.into()),
        ("sagemaker_program", inputs.text("entry_point").into()),
        ("sagemaker_container_log_level", json!(20)),
        ("sagemaker_job_name", job.into()),
        ("sagemaker_region", inputs.text("region").into()),
        ("sagemaker_s3_output", inputs.text("model_artifact_path").into()),
        ("sagemaker_estimator", json!("RLEstimator")),
    ];
    all.extend(of_job.map(|(name, value)| (name.to_owned(), python_json(&value).into())));
    Ok(all.into())
}

/// The channel that brings the source to a container without a network.
fn code_channel(inputs: &Inputs) -> Value {
    json!([{
        "ChannelName": "code",
        "DataSource": {
            "S3DataSource": {
                "S3DataType": "S3Prefix",
                "S3Uri": inputs.text("source_dir"),
                "S3DataDistributionType": "FullyReplicated",
            },
        },
    }])
}

fn vpc(inputs: &Inputs) -> Result<Value, ComponentError> {
    let items = |input| inputs.items(input).to_vec();
    parts::vpc_of(items("vpc_security_group_ids"), items("vpc_subnets"))
}

/// `StoppingCondition`: `max_run`, or `max_run_time` where `max_run` says nothing.
fn stopping(inputs: &Inputs) -> Result<Value, ComponentError> {
    let run = match inputs.integer("max_run") {
        DEFAULT_RUN_SECONDS => inputs.integer("max_run_time"),
        seconds => seconds,
    };
    if inputs.is("spot_instance") {
        return training::spot_stopping(inputs, run);
    }
    Ok(json!({ "MaxRuntimeInSeconds": run }))
}

/// `DebugHookConfig`: what is given, else the debugger's own where there is one.
fn debug_hook(inputs: &Inputs, has_debugger: bool) -> Value {
    let given = inputs.object("debug_hook_config").cloned().map(Value::from);
    let own = || {
        json!({
            "S3OutputPath": inputs.text("model_artifact_path"),
            "CollectionConfigurations": [],
        })
    };
    given.or_else(|| has_debugger.then(own)).unwrap_or_default()
}

fn profiler(place: &str, has_profiler: bool) -> Value {
    if has_profiler {
        json!({ "S3OutputPath": place, "DisableProfiler": false })
    } else {
        json!({ "DisableProfiler": true })
    }
}
