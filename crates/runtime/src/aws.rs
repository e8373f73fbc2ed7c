//! The adapters on AWS.

mod connect;
mod environment;
mod failure;
mod http;
mod roots;

use std::sync::Arc;

use aws_types::SdkConfig;
use sagebell_connections::{FunctionUrl, WebSocketGateway};
use sagebell_messaging::{EventBus, SqsDeadLetterQueues, SqsQueue};
use sagebell_monitor::ports::{Announcer, Clock, DeadLetterQueues, Gateway, Intake, Queue};
use sagebell_store_dynamodb::DynamoStore;
use sagebell_system::ProcessEnv;

use crate::adapters::{LoggingAnnouncer, UnknownReachability};
use crate::config::{AwsNames, ConfigError};
use crate::wiring::Adapters;

/// Region, credentials and endpoints of the process. Makes no call yet.
///
/// # Errors
/// [`ConfigError`] lists every variable that is missing or wrong.
pub(crate) async fn sdk_config() -> Result<SdkConfig, ConfigError> {
    environment::sdk_config(ProcessEnv)
}

/// The adapters. Everything that a function does begins with the table: the connection
/// to it is open when they are there, if it can be.
pub(crate) async fn adapters(sdk: &SdkConfig, names: AwsNames, clock: &Arc<dyn Clock>) -> Adapters {
    let store = DynamoStore::new(sdk, names.table, Arc::clone(clock));
    store.connect().await;
    let bus = names.bus.map(|name| Arc::new(EventBus::new(sdk, name)));
    let announcer = bus.clone().map(|bus| bus as Arc<dyn Announcer>);
    let queue =
        |url: Option<String>| url.map(|url| Arc::new(SqsQueue::new(sdk, url)) as Arc<dyn Queue>);
    let gateway = names.connections.map(|url| WebSocketGateway::new(sdk, &url));
    let api = names.api.map(|url| FunctionUrl::new(sdk, &url, Arc::clone(clock)));
    let dead_letters = (!names.dead_letters.is_empty())
        .then(|| Arc::new(SqsDeadLetterQueues::new(sdk, names.dead_letters)));
    Adapters {
        store: Arc::new(store),
        queue: queue(names.queue),
        intake: bus.map(|bus| bus as Arc<dyn Intake>),
        announcer: announcer.unwrap_or_else(|| Arc::new(LoggingAnnouncer)),
        gateway: gateway.map(|gateway| Arc::new(gateway) as Arc<dyn Gateway>),
        other_queue: queue(names.other_queue),
        dead_letters: dead_letters.map(|queues| queues as Arc<dyn DeadLetterQueues>),
        reachability: match api {
            Some(api) => Arc::new(api),
            None => Arc::new(UnknownReachability),
        },
    }
}

#[cfg(test)]
mod tests;
