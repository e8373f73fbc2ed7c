//! The state of a stack's resources in DynamoDB, SQS and EventBridge.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::call::{Account, unintelligible};
use crate::endpoint::Service;
use crate::error::AskError;

const DYNAMODB: (&str, &str) = ("1.0", "DynamoDB_20120810");
const SQS: (&str, &str) = ("1.0", "AmazonSQS");
const EVENTS: (&str, &str) = ("1.1", "AWSEvents");

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its status, in DynamoDB's word.
    pub status: String,
    /// Its indexes and their status, if DynamoDB returns it.
    pub indexes: Vec<(String, Option<String>)>,
}

/// A queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queue {
    /// The approximate number of messages.
    pub messages: u64,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Whether it is enabled.
    pub enabled: bool,
    /// The ARNs of its targets.
    pub targets: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TableAnswer {
    table: TableDescription,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TableDescription {
    table_status: String,
    #[serde(default)]
    global_secondary_indexes: Vec<IndexDescription>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct IndexDescription {
    index_name: String,
    index_status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct QueueUrl {
    queue_url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct QueueAnswer {
    attributes: QueueAttributes,
}

#[derive(Deserialize)]
struct QueueAttributes {
    #[serde(rename = "ApproximateNumberOfMessages")]
    messages: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RuleAnswer {
    state: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Targets {
    targets: Vec<Target>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Target {
    arn: String,
}

impl Account {
    /// The table of this name.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn table(&self, name: &str) -> Result<Table, AskError> {
        let asked = json!({ "TableName": name });
        let action = "dynamodb:DescribeTable";
        let answer: TableAnswer = self.read(Service::DynamoDb, DYNAMODB, action, &asked).await?;
        let index = |index: IndexDescription| (index.index_name, index.index_status);
        let indexes = answer.table.global_secondary_indexes.into_iter().map(index).collect();
        Ok(Table { status: answer.table.table_status, indexes })
    }

    /// The queue of this name.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn queue(&self, name: &str) -> Result<Queue, AskError> {
        let asked = json!({ "QueueName": name });
        let found: QueueUrl = self.read(Service::Sqs, SQS, "sqs:GetQueueUrl", &asked).await?;
        let names = ["ApproximateNumberOfMessages"];
        let asked = json!({ "QueueUrl": found.queue_url, "AttributeNames": names });
        let action = "sqs:GetQueueAttributes";
        let answer: QueueAnswer = self.read(Service::Sqs, SQS, action, &asked).await?;
        let messages = answer.attributes.messages.parse();
        Ok(Queue { messages: messages.map_err(|error| unintelligible(action, error))? })
    }

    /// The rule of this name, on the default bus or another.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn rule(&self, bus: Option<&str>, name: &str) -> Result<Rule, AskError> {
        let bus = bus.unwrap_or("default");
        let asked = json!({ "Name": name, "EventBusName": bus });
        let action = "events:DescribeRule";
        let rule: RuleAnswer = self.read(Service::EventBridge, EVENTS, action, &asked).await?;
        let asked = json!({ "Rule": name, "EventBusName": bus });
        let action = "events:ListTargetsByRule";
        let found: Targets = self.read(Service::EventBridge, EVENTS, action, &asked).await?;
        let targets = found.targets.into_iter().map(|target| target.arn).collect();
        // There is a second word for "enabled", of rules for AWS's management events.
        Ok(Rule { enabled: rule.state.starts_with("ENABLED"), targets })
    }

    async fn read<T: DeserializeOwned>(
        &self,
        service: Service,
        protocol: (&'static str, &str),
        action: &'static str,
        asked: &Value,
    ) -> Result<T, AskError> {
        let answer = self.json(service, protocol, action, asked).await?;
        serde_json::from_value(answer).map_err(|error| unintelligible(action, error))
    }
}
