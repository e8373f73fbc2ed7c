//! EventBridge's `PutEvents`, as SDKs send it (AWS JSON 1.1).
//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>
//!
//! Differs from AWS where it must: source `aws.sagemaker` is taken, an entry is
//! answered after it is recorded, and one that can't be is refused with why.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sagebell_monitor::record::{RecordError, Recorder, Taken};
use serde::Deserialize;
use serde_json::{Value, json};

use sagebell_client::client::{PUT_EVENTS_LIMIT, PutEventsEntry};

/// Largest request, in bytes: EventBridge's own limit on a PutEvents request.
pub(crate) const MAX_BODY: usize = 1024 * 1024;

const TARGET: &str = "AWSEvents.PutEvents";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEventsRequest {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    source: Option<String>,
    detail_type: Option<String>,
    detail: Option<String>,
    #[serde(default)]
    time: Value,
    #[serde(default)]
    resources: Value,
}

/// Handles one call.
pub(crate) async fn put_events(
    State(recorder): State<Recorder>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    if target != Some(TARGET) {
        let told = format!("POST / takes X-Amz-Target {TARGET} and nothing else");
        return error("UnknownOperationException", &told);
    }
    let request: PutEventsRequest = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(problem) => return error("SerializationException", &problem.to_string()),
    };
    if request.entries.is_empty() || request.entries.len() > PUT_EVENTS_LIMIT {
        return error("ValidationException", "Entries: 1 to 10 of them");
    }
    let entries = take(&recorder, &request.entries).await;
    let failed = entries.iter().filter(|entry| entry.error_code.is_some()).count();
    answer(StatusCode::OK, &json!({ "FailedEntryCount": failed, "Entries": entries }))
}

/// Takes the entries that are events, and answers for all in their order.
async fn take(recorder: &Recorder, entries: &[Entry]) -> Vec<PutEventsEntry> {
    let read = |entry| {
        let id = uuid::Uuid::new_v4().to_string();
        event(entry, &id).map(|event| (id, event))
    };
    let read: Vec<_> = entries.iter().map(read).collect();
    let events: Vec<Value> = read.iter().flatten().map(|(_, event)| event.clone()).collect();
    let mut taken = recorder.take_all(&events).await.into_iter();
    let answers = read.into_iter().map(|read| match read {
        Err((code, message)) => Some(refused(code, message)),
        Ok((id, _)) => taken.next().map(|taken| answered(id, taken)),
    });
    answers.flatten().collect()
}

fn answered(event_id: String, taken: Result<Taken, RecordError>) -> PutEventsEntry {
    match taken {
        Ok(_) => PutEventsEntry { event_id: Some(event_id), error_code: None, error_message: None },
        Err(RecordError::Refused(why)) => refused("InvalidArgument", why.to_string()),
        Err(why) => {
            tracing::error!(%why, "an event was not recorded");
            refused("InternalFailure", why.to_string())
        }
    }
}

fn refused(code: &str, message: impl Into<String>) -> PutEventsEntry {
    PutEventsEntry {
        event_id: None,
        error_code: Some(code.to_owned()),
        error_message: Some(message.into()),
    }
}

/// The entry as the event that EventBridge would deliver.
fn event(entry: &Entry, id: &str) -> Result<Value, (&'static str, String)> {
    let missing = |field: &str| ("InvalidArgument", format!("Parameter {field} is not valid."));
    let source = entry.source.as_ref().ok_or_else(|| missing("Source"))?;
    let detail_type = entry.detail_type.as_ref().ok_or_else(|| missing("DetailType"))?;
    let detail = entry.detail.as_ref().ok_or_else(|| missing("Detail"))?;
    let detail: Value = serde_json::from_str(detail)
        .map_err(|error| ("MalformedDetail", format!("Detail is malformed: {error}")))?;
    Ok(json!({
        "version": "0", "id": id, "source": source, "detail-type": detail_type,
        "time": entry.time, "resources": entry.resources, "detail": detail,
    }))
}

fn error(code: &str, message: &str) -> Response {
    answer(StatusCode::BAD_REQUEST, &json!({ "__type": code, "message": message }))
}

fn answer(status: StatusCode, body: &Value) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/x-amz-json-1.1")];
    (status, headers, body.to_string()).into_response()
}
