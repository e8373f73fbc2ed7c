//! Pipeline steps, told by their execution's list.

use sagebell_monitor::kind::Kind;
use sagebell_monitor::observation::Observation;
use sagebell_monitor::phase::Phase;
use sagebell_monitor::ports::{SageMaker as _, SageMakerError};
use serde_json::{Value, json};

use crate::kinds::sample;
use crate::server::{Server, arn, ok};

/// Plays an execution with these pages of steps; sees its step `s`.
async fn observe(
    pages: &'static [&'static [&'static str]],
    execution: &'static str,
) -> (Server, Result<Observation, SageMakerError>) {
    let server = Server::start(move |asked, _| {
        if asked.operation == "DescribePipelineExecution" {
            return ok(json!({"PipelineExecutionStatus": execution, "CreationTime": 1000}));
        }
        let page: usize = asked.input["NextToken"].as_str().unwrap_or("0").parse().unwrap();
        let step = |name| json!({"StepName": name, "StepStatus": "Executing", "StartTime": 2000});
        let steps: Vec<Value> = pages[page].iter().map(step).collect();
        let next = (page + 1 < pages.len()).then(|| (page + 1).to_string());
        ok(json!({"PipelineExecutionSteps": steps, "NextToken": next}))
    })
    .await;
    let seen = server.port().await.describe(&sample(Kind::PipelineStep)).await;
    (server, seen)
}

#[tokio::test]
async fn a_step_is_found_in_its_executions_list() {
    let (server, seen) = observe(&[&["other"], &["s", "x"], &["never read"]], "Executing").await;
    let seen = seen.unwrap();
    assert_eq!((seen.name.as_deref(), seen.phase), (Some("s"), Phase::Running));
    assert_eq!(seen.modified_at.as_second(), 2000, "its start is its last change");
    assert_eq!(server.operations(), ["ListPipelineExecutionSteps"; 2]);
    let execution = arn("pipeline/p/execution/e");
    assert_eq!(server.asked()[0].input["PipelineExecutionArn"], execution.as_str());
}

#[tokio::test]
async fn a_step_that_is_still_to_come_is_pending() {
    let (_, seen) = observe(&[&["other"]], "Executing").await;
    let seen = seen.unwrap();
    assert_eq!((seen.phase, seen.modified_at.as_second()), (Phase::Pending, 1000));
}

#[tokio::test]
async fn a_step_that_a_finished_execution_never_had_is_not_found() {
    let (_, seen) = observe(&[&["other"]], "Failed").await;
    assert!(matches!(seen, Err(SageMakerError::NotFound)));
}
