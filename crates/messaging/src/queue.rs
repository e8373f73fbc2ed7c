//! The signal queue on SQS.

use std::fmt::Write as _;
use std::sync::OnceLock;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use aws_types::SdkConfig;
use futures::{StreamExt as _, TryStreamExt as _};
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::ports::{Queue, QueueError};
use sagebell_monitor::signal::SignalRequest;
use sha2::{Digest as _, Sha256};

use crate::limits::{retries, story, timeouts};

/// The maximum number of messages in one `SendMessageBatch`.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>
pub(crate) const BATCH: usize = 10;

/// The number of concurrent batches. The signal requests of a job with 10,000 waits are queued in
/// seconds.
const CONCURRENCY: usize = 8;

/// An SQS client with this crate's limits.
pub(crate) fn client(config: &SdkConfig) -> Client {
    let config = aws_sdk_sqs::config::Builder::from(config)
        .timeout_config(timeouts())
        .retry_config(retries());
    Client::from_conf(config.build())
}

/// Signal requests, as JSON messages on an SQS standard queue.
#[derive(Debug, Clone)]
pub struct SqsQueue {
    config: SdkConfig,
    /// Made when first needed: most events concern a job that nobody waits for.
    client: OnceLock<Client>,
    url: String,
}

impl SqsQueue {
    /// The queue at `url`. Makes no call yet.
    #[must_use]
    pub fn new(config: &SdkConfig, url: impl Into<String>) -> Self {
        Self { config: config.clone(), client: OnceLock::new(), url: url.into() }
    }

    async fn send(&self, requests: &[SignalRequest]) -> Result<(), QueueError> {
        let entries = requests.iter().enumerate().map(|(place, request)| entry(place, request));
        let entries = entries.collect::<Result<Vec<_>, _>>()?;
        let client = self.client.get_or_init(|| client(&self.config));
        let batch = client.send_message_batch().queue_url(&self.url);
        let sent = batch.set_entries(Some(entries)).send().await;
        let sent = sent.map_err(|error| QueueError(story(error)))?;
        match sent.failed() {
            [] => Ok(()),
            [first, ..] => Err(QueueError(format!(
                "{} of {} messages were refused, the first with {}: {}",
                sent.failed().len(),
                requests.len(),
                first.code(),
                first.message().unwrap_or("no message"),
            ))),
        }
    }
}

fn entry(
    place: usize,
    request: &SignalRequest,
) -> Result<SendMessageBatchRequestEntry, QueueError> {
    let body = serde_json::to_string(request).map_err(|error| QueueError(error.to_string()))?;
    SendMessageBatchRequestEntry::builder()
        .id(place.to_string())
        .message_body(body)
        .message_group_id(group(&request.arn))
        .build()
        .map_err(|error| QueueError(error.to_string()))
}

/// The job's group on the queue. SQS lets the backlog of one group delay no
/// other: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html>
///
/// By job and not by principal: all steps of a cluster may share one principal,
/// and it is one job's end that asks for many signals at once. A hash, because a
/// group has at most 128 characters and an ARN may have more.
fn group(arn: &JobArn) -> String {
    let digest = Sha256::digest(arn.key());
    digest.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[async_trait]
impl Queue for SqsQueue {
    async fn push(&self, requests: &[SignalRequest]) -> Result<(), QueueError> {
        let sends: Vec<_> = requests.chunks(BATCH).map(|requests| self.send(requests)).collect();
        futures::stream::iter(sends).buffer_unordered(CONCURRENCY).try_collect().await
    }
}
