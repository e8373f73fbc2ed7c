//! Receives SageMaker's state-change events, a single one or a batch from SQS, and records them.
//!
//! Promise: an event that cannot be attributed to a job fails with the field named, and from SQS it
//! ends in the dead-letter queue. If a store or queue fails, the event comes again. Everything else
//! is recorded or counted.

use std::collections::BTreeMap;

use aws_lambda_events::sqs::SqsEvent;
use sagebell_monitor::record::{RecordError, Recorder, Taken};
use serde::Serialize;
use serde_json::{Value, json};

/// The result of a single event, for the caller of the function.
#[derive(Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Report<'a> {
    Recorded { change: &'a str, signal_requests: usize, job: &'a sagebell_monitor::job::Job },
    InDoubt { arn: &'a str, due: usize },
    Ignored { reason: &'a str },
}

/// Why an invocation failed.
#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    /// The event was not recorded.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The payload is neither an event nor a batch, or a batch's body no JSON.
    #[error("not JSON in the expected form: {0}")]
    Json(#[from] serde_json::Error),
}

/// Handles one invocation.
///
/// # Errors
/// For a bare event, why it was not recorded. A batch does not fail; its
/// answer lists the records that did.
pub async fn handle(recorder: &Recorder, payload: Value) -> Result<Value, HandleError> {
    if !is_sqs(&payload) {
        return Ok(report(&recorder.take(&payload).await?));
    }
    let batch: SqsEvent = serde_json::from_value(payload)?;
    let answer =
        sagebell_runtime::sqs_batch::together(batch, |bodies| record(recorder, bodies)).await;
    Ok(serde_json::to_value(answer)?)
}

/// Records the events in these texts, and returns the result of each.
async fn record(recorder: &Recorder, bodies: Vec<String>) -> Vec<Result<(), HandleError>> {
    let parsed = bodies.iter().map(|body| serde_json::from_str::<Value>(body));
    let (mut places, mut events, mut results) = (Vec::new(), Vec::new(), BTreeMap::new());
    for (place, event) in parsed.enumerate() {
        match event {
            Ok(event) => {
                places.push(place);
                events.push(event);
            }
            Err(error) => {
                results.insert(place, Err(error.into()));
            }
        }
    }
    let taken = recorder.take_all(&events).await.into_iter();
    let taken = taken.map(|taken| taken.map(drop).map_err(HandleError::from));
    results.extend(places.into_iter().zip(taken));
    results.into_values().collect()
}

fn is_sqs(payload: &Value) -> bool {
    payload.pointer("/Records/0/eventSource").and_then(Value::as_str) == Some("aws:sqs")
}

fn report(taken: &Taken) -> Value {
    let report = match taken {
        Taken::Recorded { change, job, signal_requests } => {
            Report::Recorded { change: change.as_str(), signal_requests: *signal_requests, job }
        }
        Taken::InDoubt { arn, due } => Report::InDoubt { arn: arn.as_str(), due: *due },
        Taken::Ignored(why) => Report::Ignored { reason: why.as_str() },
    };
    // A report of texts and numbers always serializes.
    serde_json::to_value(report).unwrap_or_else(|_| json!({}))
}
