//! The final metrics of a job, as a KFP Metrics artifact.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::kfp::ExecutorInput;
use crate::outputs::write_file;

/// The artifact's name.
pub const NAME: &str = "metrics";

/// The final metrics in the description of a job: all of a training job, and the objective of the
/// best job of a tuning or `AutoML` job.
#[must_use]
pub fn of(answer: &Value) -> Map<String, Value> {
    let finals = answer.get("FinalMetricDataList").and_then(Value::as_array);
    let best = [
        "/BestTrainingJob/FinalHyperParameterTuningJobObjectiveMetric",
        "/BestCandidate/FinalAutoMLJobObjectiveMetric",
    ];
    let best = best.iter().filter_map(|pointer| answer.pointer(pointer));
    finals.into_iter().flatten().chain(best).filter_map(metric).collect()
}

fn metric(metric: &Value) -> Option<(String, Value)> {
    let value = metric.get("Value").filter(|value| value.is_number())?;
    Some((metric.get("MetricName")?.as_str()?.to_owned(), value.clone()))
}

/// Hands the metrics to KFP: in the artifact's file, and as its metadata in the file
/// that the launcher reads after the step (`executor` says where), from where
/// KFP's pages take them.
///
/// # Errors
/// The system's.
pub fn hand_over(
    metrics: &Map<String, Value>,
    path: Option<&Path>,
    executor: Option<&ExecutorInput>,
) -> io::Result<()> {
    if let Some(path) = path {
        write_file(path, &json!(metrics).to_string())?;
    }
    match executor.and_then(|executor| executor_output(executor, metrics)) {
        Some((path, output)) => write_file(&path, &output.to_string()),
        None => Ok(()),
    }
}

/// The launcher's file and its content: KFP's `ExecutorOutput` message, with the artifact as the
/// launcher created it and the metadata of the step.
fn executor_output(
    executor: &ExecutorInput,
    metrics: &Map<String, Value>,
) -> Option<(PathBuf, Value)> {
    let mut artifact = executor.artifact(NAME)?.clone();
    artifact.as_object_mut()?.insert("metadata".to_owned(), json!(metrics));
    let output = json!({"artifacts": {NAME: {"artifacts": [artifact]}}});
    Some((executor.output_file()?.to_owned(), output))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn training_tells_all_and_tuning_the_best() {
        let training = json!({"FinalMetricDataList": [
            {"MetricName": "train:loss", "Value": 0.25, "Timestamp": 1.0},
            {"MetricName": "no value"}]});
        assert_eq!(of(&training), *json!({"train:loss": 0.25}).as_object().unwrap());
        let tuning = json!({"BestTrainingJob": {"FinalHyperParameterTuningJobObjectiveMetric":
            {"MetricName": "validation:auc", "Value": 0.9}}});
        assert_eq!(of(&tuning), *json!({"validation:auc": 0.9}).as_object().unwrap());
        assert!(of(&json!({})).is_empty());
    }

    #[test]
    fn the_launcher_is_told_of_the_artifact_that_it_made() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/output.json");
        let input = json!({"outputs": {"outputFile": file, "artifacts": {"metrics": {"artifacts":
            [{"name": "n", "uri": "s3://b/k", "type": {"schemaTitle": "system.Metrics"}}]}}}});
        let input = ExecutorInput::parse(&input.to_string()).unwrap();
        let metrics = of(&json!({"FinalMetricDataList": [{"MetricName": "loss", "Value": 1}]}));
        hand_over(&metrics, Some(&folder.path().join("m")), Some(&input)).unwrap();
        let written: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let artifact = written.pointer("/artifacts/metrics/artifacts/0").unwrap();
        assert_eq!(artifact["uri"], "s3://b/k");
        assert_eq!(artifact["metadata"], json!({"loss": 1}));
    }
}
