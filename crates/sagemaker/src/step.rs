//! A pipeline step. It has no Describe of its own, so its state comes from the list of the
//! execution's steps.

use sagebell_monitor::arn::JobArn;
use sagebell_monitor::kind::Kind;
use serde_json::{Value, json};

use crate::api::Api;
use crate::error::{CallError, Class};

/// The step's entry in the list, its newest if it ran more than once.
///
/// SageMaker lists a step once it has begun. One that an unfinished execution has
/// still to come to is given an entry: `Pending` since the execution began.
pub(crate) async fn describe(api: &Api, arn: &JobArn) -> Result<Value, CallError> {
    const LIST: &str = "ListPipelineExecutionSteps";
    let execution = execution_of(arn);
    let input = json!({
        "PipelineExecutionArn": execution, "SortOrder": "Descending", "MaxResults": 100,
    });
    let mut pages = api.pages(LIST, &input, "PipelineExecutionSteps");
    while let Some(steps) = pages.next().await? {
        let is_it = |step: &Value| step.get("StepName").and_then(Value::as_str) == Some(arn.name());
        if let Some(step) = steps.into_iter().find(is_it) {
            return Ok(step);
        }
    }
    let input = json!({"PipelineExecutionArn": execution});
    let execution = api.call("DescribePipelineExecution", &input).await?;
    to_come(arn, &execution).ok_or_else(|| {
        CallError::new(Class::NotFound, LIST, "the execution has ended and had no such step")
    })
}

fn to_come(arn: &JobArn, execution: &Value) -> Option<Value> {
    let status = execution.get("PipelineExecutionStatus")?.as_str()?;
    let over = Kind::PipelineExecution.phase(status, None).is_settled();
    (!over).then(|| {
        let begun = execution.get("CreationTime");
        json!({"StepName": arn.name(), "StepStatus": "Pending", "StartTime": begun})
    })
}

/// A step's ARN is its execution's with `/step/` and its name.
fn execution_of(step: &JobArn) -> &str {
    let end = step.as_str().rsplit_once("/step/");
    end.map_or(step.as_str(), |(execution, _)| execution)
}
