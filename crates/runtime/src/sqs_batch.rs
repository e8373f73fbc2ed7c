//! Handles an SQS batch record by record.
//!
//! Promise: records are independent. A record that fails is reported by its id, so SQS redelivers
//! only that record, and moves it to the dead-letter queue in the end.
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>
#![cfg_attr(test, allow(clippy::unwrap_used))]

use std::fmt::Display;
use std::future::Future;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use futures::StreamExt as _;
use tracing::Instrument as _;

/// Hands each record's body to `handle`, at most `concurrency` at once, and
/// lists those that failed.
///
/// A record without an id fails under the empty id, by which SQS takes the
/// whole batch as failed: too much is redelivered, nothing is lost.
pub async fn each<E, F>(
    event: SqsEvent,
    concurrency: usize,
    handle: impl Fn(String) -> F,
) -> SqsBatchResponse
where
    E: Display,
    F: Future<Output = Result<(), E>>,
{
    let one = |record: SqsMessage| {
        let id = record.message_id.unwrap_or_default();
        let handled = handle(record.body.unwrap_or_default());
        let span = tracing::error_span!("message", message_id = id);
        let handled = async move {
            let error = handled.await.err()?;
            tracing::warn!(%error, "record failed");
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id;
            Some(failure)
        };
        handled.instrument(span)
    };
    let handled = futures::stream::iter(event.records).map(one).buffer_unordered(concurrency);
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = handled.filter_map(std::future::ready).collect().await;
    response
}

/// Hands all records' bodies to `handle` at once, which answers for each in their
/// order, and lists those that failed; what it does not answer for has failed.
pub async fn together<E, F>(
    event: SqsEvent,
    handle: impl FnOnce(Vec<String>) -> F,
) -> SqsBatchResponse
where
    E: Display,
    F: Future<Output = Vec<Result<(), E>>>,
{
    let records = event.records.into_iter();
    let (ids, bodies): (Vec<_>, Vec<_>) = records
        .map(|record| (record.message_id.unwrap_or_default(), record.body.unwrap_or_default()))
        .unzip();
    let mut handled = handle(bodies).await.into_iter();
    let mut response = SqsBatchResponse::default();
    for id in ids {
        match handled.next() {
            Some(Ok(())) => continue,
            Some(Err(error)) => tracing::warn!(message_id = id, %error, "record failed"),
            None => tracing::warn!(message_id = id, "record without a result"),
        }
        let mut failure = BatchItemFailure::default();
        failure.item_identifier = id;
        response.batch_item_failures.push(failure);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(id: Option<&str>, body: &str) -> SqsMessage {
        let mut record = SqsMessage::default();
        record.message_id = id.map(str::to_owned);
        record.body = Some(body.to_owned());
        record
    }

    async fn failures(records: Vec<SqsMessage>) -> Vec<String> {
        let mut event = SqsEvent::default();
        event.records = records;
        let handle = |body: String| async move { if body == "bad" { Err("no") } else { Ok(()) } };
        let response = each(event, 2, handle).await;
        let failures = response.batch_item_failures.into_iter();
        failures.map(|failure| failure.item_identifier).collect()
    }

    #[tokio::test]
    async fn only_what_failed_is_reported() {
        let batch =
            vec![record(Some("1"), "ok"), record(Some("2"), "bad"), record(Some("3"), "ok")];
        assert_eq!(failures(batch).await, ["2"]);
        assert!(failures(Vec::new()).await.is_empty());
    }

    #[tokio::test]
    async fn a_batch_handled_together_reports_the_same() {
        let answers = [("1", Some(true)), ("2", Some(false)), ("3", Some(true)), ("4", None)];
        let mut event = SqsEvent::default();
        event.records = answers.iter().map(|(id, _)| record(Some(id), id)).collect();
        let handle = |bodies: Vec<String>| async move {
            assert_eq!(bodies, ["1", "2", "3", "4"]);
            let outcomes = answers.iter().filter_map(|(_, well)| *well);
            outcomes.map(|well| if well { Ok(()) } else { Err("no") }).collect()
        };
        let response = together(event, handle).await;
        let failures = response.batch_item_failures.into_iter();
        let ids: Vec<_> = failures.map(|failure| failure.item_identifier).collect();
        assert_eq!(ids, ["2", "4"]);
    }

    #[tokio::test]
    async fn a_failure_without_an_id_fails_the_batch() {
        assert_eq!(failures(vec![record(None, "bad")]).await, [""]);
    }
}
