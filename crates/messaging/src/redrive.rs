//! Moves messages from a dead-letter queue back to the queue that it serves.
//!
//! Promise: a message is deleted only after the target queue has accepted it. A crash between the
//! two duplicates the message, which every consumer tolerates.

use std::collections::HashSet;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName,
    SendMessageBatchRequestEntry,
};
use aws_types::SdkConfig;

use crate::dead_letters::length;
use crate::limits::story;
use crate::queue::{BATCH, client};

/// How long a message that is being moved is hidden from others, in seconds.
const HIDDEN: i32 = 60;
/// How long one receive waits for messages, in seconds.
const POLL: i32 = 1;
/// What a message's share of the queue is counted by: it moves with it.
const GROUP: MessageSystemAttributeName = MessageSystemAttributeName::MessageGroupId;

/// A dead-letter queue and the queue its messages came from.
#[derive(Debug, Clone)]
pub struct DeadLetters {
    client: Client,
    from: String,
    to: String,
}

/// The result of a redrive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Redriven {
    /// Messages moved.
    pub moved: u64,
    /// Messages that the target queue refused. They are still in the dead-letter queue.
    pub refused: u64,
}

/// Why a redrive failed. Messages that were already moved stay moved.
#[derive(Debug, thiserror::Error)]
pub enum RedriveError {
    /// There is no queue with this name, or no permission to see it.
    #[error("the queue {name} was not found (GetQueueUrl): {reason}")]
    NoQueue {
        /// The queue's name.
        name: String,
        /// SQS's message.
        reason: String,
    },
    /// SQS refused a call.
    #[error("{operation} on {queue} failed: {reason}")]
    Sqs {
        /// The operation.
        operation: &'static str,
        /// The queue's URL.
        queue: String,
        /// SQS's message.
        reason: String,
    },
}

impl DeadLetters {
    /// Finds both queues by name.
    ///
    /// # Errors
    /// [`RedriveError::NoQueue`] names the one that was not found.
    pub async fn find(config: &SdkConfig, from: &str, to: &str) -> Result<Self, RedriveError> {
        let client = client(config);
        let (from, to) = (url_of(&client, from).await?, url_of(&client, to).await?);
        Ok(Self { client, from, to })
    }

    /// Moves at most `limit` of the messages that are there now. A message that fails again
    /// meanwhile is not moved twice.
    ///
    /// # Errors
    /// [`RedriveError::Sqs`] says which call failed.
    pub async fn redrive(&self, limit: u64) -> Result<Redriven, RedriveError> {
        let there = self.count().await?.min(limit);
        let mut done = Redriven::default();
        while done.moved + done.refused < there {
            let left = there - done.moved - done.refused;
            let messages = self.receive(left).await?;
            if messages.is_empty() {
                break;
            }
            let taken = self.send(&messages).await?;
            self.delete(&messages, &taken).await?;
            done.moved += taken.len() as u64;
            done.refused += (messages.len() - taken.len()) as u64;
        }
        Ok(done)
    }

    /// The approximate number of messages in the dead-letter queue.
    ///
    /// # Errors
    /// [`RedriveError::Sqs`].
    pub async fn count(&self) -> Result<u64, RedriveError> {
        let failed = |reason| RedriveError::Sqs {
            operation: "GetQueueAttributes",
            queue: self.from.clone(),
            reason,
        };
        length(&self.client, &self.from).await.map_err(failed)
    }

    async fn receive(&self, at_most: u64) -> Result<Vec<Message>, RedriveError> {
        let at_most = i32::try_from(at_most.min(BATCH as u64)).unwrap_or(1);
        let receive = self.client.receive_message().queue_url(&self.from);
        let receive = receive.message_system_attribute_names(GROUP);
        let receive = receive.max_number_of_messages(at_most).wait_time_seconds(POLL);
        let received = receive.visibility_timeout(HIDDEN).send().await;
        let received = received.map_err(|e| failed("ReceiveMessage", &self.from, e))?;
        Ok(received.messages.unwrap_or_default())
    }

    /// The places, among `messages`, of those that the target took.
    async fn send(&self, messages: &[Message]) -> Result<HashSet<String>, RedriveError> {
        let entry = |(place, message): (usize, &Message)| {
            let body = message.body().unwrap_or_default();
            let entry = SendMessageBatchRequestEntry::builder().id(place.to_string());
            let group = message.attributes().and_then(|attributes| attributes.get(&GROUP));
            entry.message_body(body).set_message_group_id(group.cloned()).build()
        };
        let entries = messages.iter().enumerate().map(entry).collect::<Result<Vec<_>, _>>();
        let entries = entries.map_err(|e| failed("SendMessageBatch", &self.to, e))?;
        let batch = self.client.send_message_batch().queue_url(&self.to);
        let sent = batch.set_entries(Some(entries)).send().await;
        let sent = sent.map_err(|e| failed("SendMessageBatch", &self.to, e))?;
        Ok(sent.successful().iter().map(|entry| entry.id().to_owned()).collect())
    }

    async fn delete(
        &self,
        messages: &[Message],
        taken: &HashSet<String>,
    ) -> Result<(), RedriveError> {
        let moved =
            messages.iter().enumerate().map(|(place, message)| (place.to_string(), message));
        let entry = |(place, message): (String, &Message)| {
            let receipt = message.receipt_handle().unwrap_or_default();
            DeleteMessageBatchRequestEntry::builder().id(place).receipt_handle(receipt).build()
        };
        let entries = moved.filter(|(place, _)| taken.contains(place)).map(entry);
        let entries = entries.collect::<Result<Vec<_>, _>>();
        let entries = entries.map_err(|e| failed("DeleteMessageBatch", &self.from, e))?;
        if entries.is_empty() {
            return Ok(());
        }
        let batch = self.client.delete_message_batch().queue_url(&self.from);
        let deleted = batch.set_entries(Some(entries)).send().await;
        let deleted = deleted.map_err(|e| failed("DeleteMessageBatch", &self.from, e))?;
        for left in deleted.failed() {
            tracing::warn!(queue = self.from, code = left.code(), "moved, but not deleted");
        }
        Ok(())
    }
}

async fn url_of(client: &Client, name: &str) -> Result<String, RedriveError> {
    let no_queue = |reason| RedriveError::NoQueue { name: name.to_owned(), reason };
    let found = client.get_queue_url().queue_name(name).send().await;
    let found = found.map_err(|error| no_queue(story(error)))?;
    found.queue_url.ok_or_else(|| no_queue("the answer has no URL".to_owned()))
}

fn failed(operation: &'static str, queue: &str, error: impl std::error::Error) -> RedriveError {
    RedriveError::Sqs { operation, queue: queue.to_owned(), reason: story(error) }
}
