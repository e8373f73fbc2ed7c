//! The lengths of dead-letter queues.

use std::sync::OnceLock;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use aws_types::SdkConfig;
use futures::future::join_all;
use sagebell_monitor::ports::{DeadLetterQueue, DeadLetterQueues};

use crate::limits::story;
use crate::queue::client;

/// Dead-letter queues on SQS.
#[derive(Debug, Clone)]
pub struct SqsDeadLetterQueues {
    config: SdkConfig,
    /// Made when first needed: that is, when a person looks.
    client: OnceLock<Client>,
    urls: Vec<String>,
}

impl SqsDeadLetterQueues {
    /// The queues at these URLs. Makes no call yet.
    #[must_use]
    pub fn new(config: &SdkConfig, urls: Vec<String>) -> Self {
        Self { config: config.clone(), client: OnceLock::new(), urls }
    }

    async fn ask(&self, url: &str) -> DeadLetterQueue {
        let client = self.client.get_or_init(|| client(&self.config));
        let messages = length(client, url).await;
        let messages = messages.inspect_err(|error| {
            tracing::warn!(error, url, "the length of a dead-letter queue is unknown")
        });
        // A queue's URL ends with its name (SQS Developer Guide, "Queue and message identifiers").
        let name = url.rsplit('/').next().unwrap_or(url).to_owned();
        DeadLetterQueue { name, messages: messages.ok() }
    }
}

#[async_trait]
impl DeadLetterQueues for SqsDeadLetterQueues {
    async fn lengths(&self) -> Vec<DeadLetterQueue> {
        join_all(self.urls.iter().map(|url| self.ask(url))).await
    }
}

/// The approximate number of messages that the queue could give out now.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html>
///
/// # Errors
/// What SQS answered instead.
pub(crate) async fn length(client: &Client, url: &str) -> Result<u64, String> {
    let name = QueueAttributeName::ApproximateNumberOfMessages;
    let asked = client.get_queue_attributes().queue_url(url).attribute_names(name.clone());
    let answer = asked.send().await.map_err(story)?;
    let length = answer.attributes().and_then(|attributes| attributes.get(&name)?.parse().ok());
    length.ok_or_else(|| "the answer has no number of messages".to_owned())
}
