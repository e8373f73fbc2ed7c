//! What training jobs share, alone or as part of a tuning job.

use sagebell_monitor::kind::Kind;
use sagebell_sagemaker::Api;
use serde_json::{Value, json};

use super::images;
use super::job::Job;
use super::parts::{self, number_or_null, object};
use crate::component::{ComponentError, Finished, Outputs};
use crate::inputs::Inputs;
use crate::plan::Watch;

/// The longest run that is allowed where 0 is given.
const LONGEST_RUN_SECONDS: i64 = 86_400;

/// A component that runs one training job.
pub(super) const fn job(
    prefix: &'static str,
    request: fn(&Inputs, &str) -> Result<Value, ComponentError>,
) -> Job {
    Job {
        create: "CreateTrainingJob",
        describe: "DescribeTrainingJob",
        name_field: "TrainingJobName",
        watch: Watch::Job(Kind::Training),
        name_input: "job_name",
        prefix: Some(prefix),
        request,
        known,
        results: |finished, api| Box::pin(results(finished, api)),
    }
}

fn known(finished: Finished<'_>) -> Outputs {
    parts::outputs([("job_name", finished.plan.main.name.as_str().into())])
}

async fn results(finished: Finished<'_>, api: &Api) -> Result<Outputs, ComponentError> {
    Ok(parts::outputs([
        ("model_artifact_url", model_artifact(finished.answer)?),
        ("training_image", image(api, finished.answer).await?),
    ]))
}

/// Hyperparameters, which are texts.
pub(super) fn hyperparameters(inputs: &Inputs, input: &str) -> Result<Value, ComponentError> {
    for (name, value) in inputs.object(input).into_iter().flatten() {
        if !value.is_string() {
            let problem = format!(
                "the value of `{name}` is {value}, which is not a string. Put it in quotes"
            );
            return Err(ComponentError::input(input, problem));
        }
    }
    Ok(parts::object_or_empty(inputs, input))
}

/// `AlgorithmSpecification`: the image, or an algorithm's name. The image wins.
pub(super) fn algorithm(inputs: &Inputs) -> Result<Value, ComponentError> {
    let (image, name) = match (inputs.given("image"), inputs.given("algorithm_name")) {
        (Some(image), name) => {
            if name.is_some() {
                parts::warn_unused("algorithm_name", "image");
            }
            (Some(image.to_owned()), None)
        }
        (None, Some(name)) => match images::of_algorithm(name, inputs.text("region"))? {
            Some(image) => (Some(image), None),
            None => (None, Some(name)),
        },
        (None, None) => {
            return Err(ComponentError::input("image", "give this or `algorithm_name`"));
        }
    };
    let metrics = parts::named(inputs, "metric_definitions", "Name", "Regex");
    Ok(object(json!({
        "TrainingImage": image,
        "AlgorithmName": name,
        "TrainingInputMode": inputs.text("training_input_mode"),
        "MetricDefinitions": Some(metrics).filter(|metrics| !metrics.is_empty()),
    })))
}

/// `InputDataConfig`, which has a channel at least.
pub(super) fn channels(inputs: &Inputs) -> Result<Value, ComponentError> {
    if inputs.items("channels").is_empty() {
        return Err(ComponentError::input("channels", "give at least one input channel"));
    }
    Ok(inputs.value("channels").clone())
}

/// `OutputDataConfig`.
pub(super) fn output_data(inputs: &Inputs, location: &str) -> Value {
    json!({
        "S3OutputPath": inputs.text(location),
        "KmsKeyId": inputs.text("output_encryption_key"),
    })
}

/// `ResourceConfig`; 0 instances or gigabytes count as one.
pub(super) fn resources(inputs: &Inputs) -> Value {
    let at_least_one = |input| match number_or_null(inputs, input) {
        Value::Null => 1.into(),
        number => number,
    };
    json!({
        "InstanceType": inputs.text("instance_type"),
        "InstanceCount": at_least_one("instance_count"),
        "VolumeSizeInGB": at_least_one("volume_size"),
        "VolumeKmsKeyId": inputs.text("resource_encryption_key"),
    })
}

/// How long a job may run, and on which terms.
pub(super) struct Terms {
    /// `StoppingCondition`.
    pub(super) stopping: Value,
    /// `CheckpointConfig`; null if there is none.
    pub(super) checkpoints: Value,
    /// `EnableManagedSpotTraining`.
    pub(super) spot: bool,
}

/// The terms of a job; on spot instances they want checkpoints, and a longer wait.
pub(super) fn terms(inputs: &Inputs) -> Result<Terms, ComponentError> {
    let run = match inputs.integer("max_run_time") {
        0 => LONGEST_RUN_SECONDS,
        seconds => seconds,
    };
    if !inputs.is("spot_instance") {
        let stopping = json!({ "MaxRuntimeInSeconds": run });
        return Ok(Terms { stopping, checkpoints: Value::Null, spot: false });
    }
    let checkpoints = parts::object_or_empty(inputs, "checkpoint_config");
    if checkpoints.get("S3Uri").is_none() {
        let problem = "spot instances need one with an `S3Uri`";
        return Err(ComponentError::input("checkpoint_config", problem));
    }
    Ok(Terms { stopping: spot_stopping(inputs, run)?, checkpoints, spot: true })
}

/// `StoppingCondition` on spot instances.
pub(super) fn spot_stopping(inputs: &Inputs, run: i64) -> Result<Value, ComponentError> {
    let wait = inputs.integer("max_wait_time");
    if wait < run {
        let problem =
            format!("{wait} s is less than the longest run of {run} s: it includes the run");
        return Err(ComponentError::input("max_wait_time", problem));
    }
    Ok(json!({ "MaxRuntimeInSeconds": run, "MaxWaitTimeInSeconds": wait }))
}

/// Whether debugger rules are still at work on a job that is complete. Only training
/// jobs have any.
pub(super) fn rules_are_busy(answer: &Value) -> bool {
    let is_complete = answer.get("TrainingJobStatus").and_then(Value::as_str) == Some("Completed");
    is_complete && rules(answer, "InProgress").next().is_some()
}

/// Which debugger rules ended in an error.
pub(super) fn failed_rules(answer: &Value) -> Option<String> {
    let rule_error: Vec<String> = rules(answer, "Error").map(rule_error).collect();
    (!rule_error.is_empty()).then(|| format!("debugger rules failed: {}", rule_error.join("; ")))
}

fn rules<'a>(answer: &'a Value, status: &'a str) -> impl Iterator<Item = &'a Value> {
    let rules = answer.get("DebugRuleEvaluationStatuses").and_then(Value::as_array);
    let is = move |rule: &&Value| {
        rule.get("RuleEvaluationStatus").and_then(Value::as_str) == Some(status)
    };
    rules.into_iter().flatten().filter(is)
}

fn rule_error(rule: &Value) -> String {
    let text = |field| rule.get(field).and_then(Value::as_str).map(str::trim);
    let name = text("RuleConfigurationName").unwrap_or("a rule without a name");
    text("StatusDetails").map_or_else(|| name.to_owned(), |details| format!("{name}: {details}"))
}

/// The image that a training job ran, from its description; an algorithm resource is
/// asked for its own.
pub(super) async fn image(api: &Api, answer: &Value) -> Result<Value, ComponentError> {
    const OUTPUT: &str = "training_image";
    if let Some(image) = answer.pointer("/AlgorithmSpecification/TrainingImage") {
        return Ok(image.clone());
    }
    let name = parts::text(answer, "/AlgorithmSpecification/AlgorithmName", OUTPUT)?;
    let algorithm = api.call("DescribeAlgorithm", &json!({ "AlgorithmName": name })).await?;
    parts::text(&algorithm, "/TrainingSpecification/TrainingImage", OUTPUT).map(Value::from)
}

/// Where a training job put its model, from its description.
pub(super) fn model_artifact(answer: &Value) -> Result<Value, ComponentError> {
    parts::text(answer, "/ModelArtifacts/S3ModelArtifacts", "model_artifact_url").map(Value::from)
}
