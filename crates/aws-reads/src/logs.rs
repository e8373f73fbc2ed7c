//! The calls that read CloudWatch Logs.
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/Welcome.html>
//!
//! `GetLogEvents` reads one stream, and a policy can name the streams that it may read. So a
//! pipeline's pods read the logs of their team's jobs alone (`infra/iam/pipeline-pod.yaml`).
//! `FilterLogEvents` reads many streams at once, but its permission is for a whole group
//! (Service Authorization Reference, "Actions, resources, and condition keys for Amazon CloudWatch
//! Logs").

use std::collections::VecDeque;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::call::Account;
use crate::endpoint::Service;
use crate::error::AskError;

/// The protocol's version and the prefix of its targets.
const PROTOCOL: (&str, &str) = ("1.1", "Logs_20140328");
/// Pages of stream names at most, 50 names each: more than a job has instances.
const STREAM_PAGES: usize = 40;

/// Where to start reading a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// Its beginning.
    Head,
    /// The last lines, up to this number.
    Tail(u32),
    /// Where a page said that the next begins.
    Page(String),
}

/// A stream.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stream {
    /// The time of its first line, if it has one.
    pub(crate) first: Option<i64>,
    pub(crate) name: String,
}

/// What was written at once: a line, most of the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) at: Timestamp,
    pub(crate) text: String,
}

/// Some events of a stream, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) events: VecDeque<Event>,
    /// Where the next page begins; the last page names the one that it is itself.
    pub(crate) next: Option<String>,
}

impl Account {
    /// The streams of a group that begin with `prefix`, the oldest first.
    pub(crate) async fn log_streams(
        &self,
        group: &str,
        prefix: &str,
    ) -> Result<Vec<Stream>, AskError> {
        let mut streams = Vec::new();
        let mut input = json!({"logGroupName": group});
        if !prefix.is_empty() {
            put(&mut input, "logStreamNamePrefix", prefix.into());
        }
        for _ in 0..STREAM_PAGES {
            let page =
                self.json(Service::Logs, PROTOCOL, "logs:DescribeLogStreams", &input).await?;
            let found = page.get("logStreams").and_then(Value::as_array);
            streams.extend(found.into_iter().flatten().filter_map(stream));
            let Some(next) = text(&page, "nextToken") else { break };
            put(&mut input, "nextToken", next.into());
        }
        streams.sort();
        Ok(streams)
    }

    /// One page of a stream: 10,000 events or 1 MB at most, none older than `since`.
    pub(crate) async fn log_page(
        &self,
        (group, stream): (&str, &str),
        from: &Place,
        since: Option<Timestamp>,
    ) -> Result<Page, AskError> {
        let mut input = json!({"logGroupName": group, "logStreamName": stream});
        if let Some(since) = since {
            put(&mut input, "startTime", since.as_millisecond().max(0).into());
        }
        match from {
            Place::Head => put(&mut input, "startFromHead", true.into()),
            Place::Tail(lines) => put(&mut input, "limit", (*lines).into()),
            Place::Page(token) => {
                put(&mut input, "startFromHead", true.into());
                put(&mut input, "nextToken", token.as_str().into());
            }
        }
        let page = self.json(Service::Logs, PROTOCOL, "logs:GetLogEvents", &input).await?;
        let events = page.get("events").and_then(Value::as_array);
        let events = events.into_iter().flatten().filter_map(event).collect();
        Ok(Page { events, next: text(&page, "nextForwardToken") })
    }
}

fn stream(value: &Value) -> Option<Stream> {
    let first = value.get("firstEventTimestamp").and_then(Value::as_i64);
    Some(Stream { first, name: text(value, "logStreamName")? })
}

fn event(value: &Value) -> Option<Event> {
    let at = value.get("timestamp").and_then(Value::as_i64)?;
    Some(Event { at: Timestamp::from_millisecond(at).ok()?, text: text(value, "message")? })
}

fn put(input: &mut Value, member: &str, value: Value) {
    if let Some(input) = input.as_object_mut() {
        input.insert(member.to_owned(), value);
    }
}

fn text(value: &Value, member: &str) -> Option<String> {
    value.get(member)?.as_str().map(str::to_owned)
}
