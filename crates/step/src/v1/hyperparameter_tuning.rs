//! A hyperparameter tuning job, and the results of its best training job.

use sagebell_monitor::kind::Kind;
use sagebell_sagemaker::Api;
use serde_json::{Value, json};

use super::job::Job;
use super::parts::{self, object};
use super::training;
use crate::component::{ComponentError, Finished, Outputs};
use crate::inputs::Inputs;
use crate::plan::Watch;

/// What tuning adds to the hyperparameters of its training jobs.
const OBJECTIVE: &str = "_tuning_objective_metric";

pub(super) const JOB: Job = Job {
    create: "CreateHyperParameterTuningJob",
    describe: "DescribeHyperParameterTuningJob",
    name_field: "HyperParameterTuningJobName",
    watch: Watch::Job(Kind::Tuning),
    name_input: "job_name",
    prefix: Some("HPOJob"),
    request,
    known,
    results: |finished, api| Box::pin(results(finished, api)),
};

fn request(inputs: &Inputs, name: &str) -> Result<Value, ComponentError> {
    Ok(object(json!({
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": config(inputs),
        "TrainingJobDefinition": training_job(inputs)?,
        "WarmStartConfig": warm_start(inputs)?,
        "Tags": parts::tags(inputs, "tags"),
    })))
}

fn known(finished: Finished<'_>) -> Outputs {
    parts::outputs([("hpo_job_name", finished.plan.main.name.as_str().into())])
}

/// The results of its best training job.
async fn results(finished: Finished<'_>, api: &Api) -> Result<Outputs, ComponentError> {
    let best = parts::text(finished.answer, "/BestTrainingJob/TrainingJobName", "best_job_name")?;
    let best_job = api.call("DescribeTrainingJob", &json!({ "TrainingJobName": best })).await?;
    Ok(parts::outputs([
        ("best_job_name", best.into()),
        ("best_hyperparameters", hyperparameters(&best_job)),
        ("model_artifact_url", training::model_artifact(&best_job)?),
        ("training_image", training::image(api, &best_job).await?),
    ]))
}

fn config(inputs: &Inputs) -> Value {
    json!({
        "Strategy": inputs.text("strategy"),
        "HyperParameterTuningJobObjective": {
            "Type": inputs.text("metric_type"),
            "MetricName": inputs.text("metric_name"),
        },
        "ResourceLimits": {
            "MaxNumberOfTrainingJobs": inputs.integer("max_num_jobs"),
            "MaxParallelTrainingJobs": inputs.integer("max_parallel_jobs"),
        },
        "ParameterRanges": {
            "IntegerParameterRanges": inputs.items("integer_parameters"),
            "ContinuousParameterRanges": inputs.items("continuous_parameters"),
            "CategoricalParameterRanges": inputs.items("categorical_parameters"),
        },
        "TrainingJobEarlyStoppingType": inputs.text("early_stopping_type"),
    })
}

fn training_job(inputs: &Inputs) -> Result<Value, ComponentError> {
    let terms = training::terms(inputs)?;
    Ok(object(json!({
        "StaticHyperParameters": training::hyperparameters(inputs, "static_parameters")?,
        "AlgorithmSpecification": training::algorithm(inputs)?,
        "RoleArn": inputs.text("role"),
        "InputDataConfig": training::channels(inputs)?,
        "VpcConfig": parts::vpc(inputs)?,
        "OutputDataConfig": training::output_data(inputs, "output_location"),
        "ResourceConfig": training::resources(inputs),
        "StoppingCondition": terms.stopping,
        "CheckpointConfig": terms.checkpoints,
        "EnableManagedSpotTraining": terms.spot,
        "EnableNetworkIsolation": inputs.is("network_isolation"),
        "EnableInterContainerTrafficEncryption": inputs.is("traffic_encryption"),
    })))
}

/// `WarmStartConfig`, which needs a type and parents, or neither.
fn warm_start(inputs: &Inputs) -> Result<Value, ComponentError> {
    let parents = parts::list(inputs.text("parent_hpo_jobs"));
    match (inputs.given("warm_start_type"), parents.is_empty()) {
        (None, true) => Ok(Value::Null),
        (Some(_), true) => {
            let problem = "a warm start needs at least one parent tuning job";
            Err(ComponentError::input("parent_hpo_jobs", problem))
        }
        (None, false) => {
            let problem =
                "a warm start needs a type: IdenticalDataAndAlgorithm or TransferLearning";
            Err(ComponentError::input("warm_start_type", problem))
        }
        (Some(kind), false) => {
            let parent = |name| json!({ "HyperParameterTuningJobName": name });
            let parents: Vec<Value> = parents.into_iter().map(parent).collect();
            Ok(json!({ "WarmStartType": kind, "ParentHyperParameterTuningJobs": parents }))
        }
    }
}

fn hyperparameters(job: &Value) -> Value {
    let all = job.get("HyperParameters").and_then(Value::as_object).cloned();
    let mut all = all.unwrap_or_default();
    all.shift_remove(OBJECTIVE);
    all.into()
}
