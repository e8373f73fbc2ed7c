//! The adapters on AWS.

use std::sync::Arc;

use aws_config::{BehaviorVersion, SdkConfig};
use messaging::{EventBus, SqsQueue};
use monitor::ports::{Announcer, Clock, Intake, Queue};
use store_dynamodb::DynamoStore;

use crate::adapters::LoggingAnnouncer;
use crate::config::AwsNames;
use crate::world::Adapters;

/// Region, credentials and endpoints from the environment, as every AWS tool
/// reads them. Nothing is called yet.
pub(crate) async fn sdk_config() -> SdkConfig {
    aws_config::load_defaults(BehaviorVersion::latest()).await
}

pub(crate) fn adapters(sdk: &SdkConfig, names: AwsNames, clock: &Arc<dyn Clock>) -> Adapters {
    let bus = names.bus.map(|name| Arc::new(EventBus::new(sdk, name)));
    let announcer = bus.clone().map(|bus| bus as Arc<dyn Announcer>);
    Adapters {
        store: Arc::new(DynamoStore::new(sdk, names.table, Arc::clone(clock))),
        queue: names.queue.map(|url| Arc::new(SqsQueue::new(sdk, url)) as Arc<dyn Queue>),
        intake: bus.map(|bus| bus as Arc<dyn Intake>),
        announcer: announcer.unwrap_or_else(|| Arc::new(LoggingAnnouncer)),
    }
}
