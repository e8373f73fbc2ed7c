//! What a job wrote to CloudWatch Logs.
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/Welcome.html>

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
pub enum From {
    /// Its beginning.
    Head,
    /// The last lines, up to this number.
    Tail(u32),
    /// Where a page said that the next begins.
    Page(String),
}

/// Some lines of a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogPage {
    /// The lines, oldest first.
    pub lines: Vec<String>,
    /// Where the next page begins; the last page names the one that it is itself.
    pub next: Option<String>,
}

impl Account {
    /// The names of a group's streams that begin with `prefix`, in their order.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn log_streams(&self, group: &str, prefix: &str) -> Result<Vec<String>, AskError> {
        let mut names = Vec::new();
        let mut input = json!({"logGroupName": group});
        if !prefix.is_empty() {
            put(&mut input, "logStreamNamePrefix", prefix.into());
        }
        for _ in 0..STREAM_PAGES {
            let page =
                self.json(Service::Logs, PROTOCOL, "logs:DescribeLogStreams", &input).await?;
            let streams = page.get("logStreams").and_then(Value::as_array);
            let found = streams.into_iter().flatten();
            names.extend(found.filter_map(|stream| text(stream, "logStreamName")));
            let Some(next) = text(&page, "nextToken") else { break };
            put(&mut input, "nextToken", next.into());
        }
        Ok(names)
    }

    /// One page of a stream's lines.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn log_page(
        &self,
        group: &str,
        stream: &str,
        from: &From,
    ) -> Result<LogPage, AskError> {
        let mut input = json!({"logGroupName": group, "logStreamName": stream});
        match from {
            From::Head => put(&mut input, "startFromHead", true.into()),
            From::Tail(lines) => put(&mut input, "limit", (*lines).into()),
            From::Page(token) => {
                put(&mut input, "startFromHead", true.into());
                put(&mut input, "nextToken", token.as_str().into());
            }
        }
        let page = self.json(Service::Logs, PROTOCOL, "logs:GetLogEvents", &input).await?;
        let events = page.get("events").and_then(Value::as_array);
        let lines = events.into_iter().flatten().filter_map(|event| text(event, "message"));
        Ok(LogPage { lines: lines.collect(), next: text(&page, "nextForwardToken") })
    }
}

fn put(input: &mut Value, member: &str, value: Value) {
    if let Some(input) = input.as_object_mut() {
        input.insert(member.to_owned(), value);
    }
}

fn text(value: &Value, member: &str) -> Option<String> {
    value.get(member)?.as_str().map(str::to_owned)
}
