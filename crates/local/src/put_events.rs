//! EventBridge's `PutEvents`, as SDKs send it (AWS JSON 1.1).
//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>
//!
//! It differs from AWS where it must: it accepts the source `aws.sagemaker`, it answers an entry
//! after the entry is recorded, and it refuses an entry that cannot be recorded, with the reason.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sagebell_api_types::put_events::{
    self, Answer, AnswerEntry, LIMIT, Request, RequestEntry, TARGET,
};
use sagebell_monitor::record::{RecordError, Recorder, Taken};
use serde::Serialize;
use serde_json::{Value, json};

/// Largest request, in bytes: EventBridge's own limit on a PutEvents request.
pub(crate) const MAX_BODY: usize = 1024 * 1024;

/// Handles one call.
pub(crate) async fn put_events(
    State(recorder): State<Recorder>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let target = headers.get(put_events::TARGET_HEADER).and_then(|target| target.to_str().ok());
    if target != Some(TARGET) {
        let message = format!("POST / accepts only X-Amz-Target {TARGET}");
        return error("UnknownOperationException", &message);
    }
    let request: Request = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(problem) => return error("SerializationException", &problem.to_string()),
    };
    if request.entries.is_empty() || request.entries.len() > LIMIT {
        return error("ValidationException", "Entries: 1 to 10 of them");
    }
    let entries = take(&recorder, &request.entries).await;
    answer(StatusCode::OK, &Answer::of(entries))
}

/// Takes the entries that are events, and answers for all in their order.
async fn take(recorder: &Recorder, entries: &[RequestEntry]) -> Vec<AnswerEntry> {
    let read = |entry: &RequestEntry| {
        let id = uuid::Uuid::new_v4().to_string();
        entry.event(&id).map(|event| (id, event))
    };
    let read: Vec<_> = entries.iter().map(read).collect();
    let events: Vec<Value> = read.iter().flatten().map(|(_, event)| event.clone()).collect();
    let mut taken = recorder.take_all(&events).await.into_iter();
    let answers = read.into_iter().map(|read| match read {
        Err(refused) => Some(refused),
        Ok((id, _)) => taken.next().map(|taken| answered(id, taken)),
    });
    answers.flatten().collect()
}

fn answered(event_id: String, taken: Result<Taken, RecordError>) -> AnswerEntry {
    match taken {
        Ok(_) => AnswerEntry::taken(event_id),
        Err(RecordError::Refused(why)) => AnswerEntry::refused("InvalidArgument", why.to_string()),
        Err(why) => {
            tracing::error!(%why, "an event was not recorded");
            AnswerEntry::refused("InternalFailure", why.to_string())
        }
    }
}

fn error(code: &str, message: &str) -> Response {
    answer(StatusCode::BAD_REQUEST, &json!({ "__type": code, "message": message }))
}

fn answer(status: StatusCode, body: &impl Serialize) -> Response {
    let headers = [(header::CONTENT_TYPE, put_events::AMZ_JSON)];
    (status, headers, serde_json::to_string(body).unwrap_or_default()).into_response()
}
