//! EventBridge's `PutEvents`, as SDKs send it (AWS JSON 1.1).
//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>

use jiff::Timestamp;
use sagebell_monitor::time::parse_time;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Events in one call at most, by EventBridge's own limit.
pub const LIMIT: usize = 10;
/// The header that names the operation.
pub const TARGET_HEADER: &str = "x-amz-target";
/// What it says.
pub const TARGET: &str = "AWSEvents.PutEvents";
/// The content type of a call and its answer.
pub const AMZ_JSON: &str = "application/x-amz-json-1.1";

/// A call.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    /// The events.
    pub entries: Vec<RequestEntry>,
}

/// One event of a call. What is absent the bus refuses, entry by entry.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestEntry {
    /// Who sends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// What kind of event it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail_type: Option<String>,
    /// The detail, a JSON object as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// When it happened.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub time: Value,
    /// The ARNs that it is about.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub resources: Value,
    /// The bus; the account's default one where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_bus_name: Option<String>,
}

/// The answer to a call.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Answer {
    /// How many entries were not accepted.
    pub failed_entry_count: usize,
    /// What became of each, in their order.
    pub entries: Vec<AnswerEntry>,
}

/// What became of one entry.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AnswerEntry {
    /// The event's id, if it was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// Why it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// The same for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
}

impl RequestEntry {
    /// An event, as EventBridge delivers it, as the entry that puts it on a bus.
    #[must_use]
    pub fn of(event: &Value) -> Self {
        let text = |name| event.get(name).and_then(Value::as_str).map(str::to_owned);
        let time = event.get("time").and_then(parse_time);
        Self {
            source: text("source"),
            detail_type: text("detail-type"),
            detail: event.get("detail").map(Value::to_string),
            time: time.map(Timestamp::as_second).into(),
            resources: event.get("resources").cloned().unwrap_or_default(),
            event_bus_name: None,
        }
    }

    /// The entry as the event with this id that EventBridge delivers.
    ///
    /// # Errors
    /// Why EventBridge does not take it.
    pub fn event(&self, id: &str) -> Result<Value, AnswerEntry> {
        let missing = |field: &str| {
            AnswerEntry::refused("InvalidArgument", format!("Parameter {field} is not valid."))
        };
        let source = self.source.as_ref().ok_or_else(|| missing("Source"))?;
        let detail_type = self.detail_type.as_ref().ok_or_else(|| missing("DetailType"))?;
        let detail = self.detail.as_ref().ok_or_else(|| missing("Detail"))?;
        let detail: Value = serde_json::from_str(detail).map_err(|error| {
            AnswerEntry::refused("MalformedDetail", format!("Detail is malformed: {error}"))
        })?;
        Ok(json!({
            "version": "0", "id": id, "source": source, "detail-type": detail_type,
            "time": self.time, "resources": self.resources, "detail": detail,
        }))
    }
}

impl Answer {
    /// The answer that says this of each entry.
    #[must_use]
    pub fn of(entries: Vec<AnswerEntry>) -> Self {
        let failed = entries.iter().filter(|entry| entry.error_code.is_some());
        Self { failed_entry_count: failed.count(), entries }
    }
}

impl AnswerEntry {
    /// An entry that was accepted, with this id.
    #[must_use]
    pub fn taken(event_id: String) -> Self {
        Self { event_id: Some(event_id), error_code: None, error_message: None }
    }

    /// An entry that was not accepted.
    #[must_use]
    pub fn refused(code: &str, message: impl Into<String>) -> Self {
        Self {
            event_id: None,
            error_code: Some(code.to_owned()),
            error_message: Some(message.into()),
        }
    }
}
