//! Sagebell's own event bus. It carries the sweep's observations, which a rule sends to the
//! events queue, and announcements for subscribers.

use std::sync::OnceLock;

use async_trait::async_trait;
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_types::SdkConfig;
use jiff::Timestamp;
use metrics::counter;
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::event::{OBSERVATION, SWEEP_SOURCE};
use sagebell_monitor::observation::Observation;
use sagebell_monitor::ports::{Announcer, Intake, IntakeError};
use sagebell_monitor::signal::Announcement;
use serde::Serialize;

use crate::limits::{retries, story, timeouts};

/// The source of announcements.
pub const ANNOUNCEMENT_SOURCE: &str = "sagebell";

/// A custom event bus.
#[derive(Debug, Clone)]
pub struct EventBus {
    config: SdkConfig,
    /// Made when first needed: few events and few sweeps have anything to say here.
    client: OnceLock<Client>,
    name: String,
}

impl EventBus {
    /// The bus with this name or ARN. Makes no call yet.
    #[must_use]
    pub fn new(config: &SdkConfig, name: impl Into<String>) -> Self {
        Self { config: config.clone(), client: OnceLock::new(), name: name.into() }
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| {
            let config = aws_sdk_eventbridge::config::Builder::from(&self.config)
                .timeout_config(timeouts())
                .retry_config(retries());
            Client::from_conf(config.build())
        })
    }

    async fn put(&self, entry: Entry<'_, impl Serialize + Sync>) -> Result<(), String> {
        let detail = serde_json::to_string(entry.detail).map_err(|error| error.to_string())?;
        let event = PutEventsRequestEntry::builder()
            .event_bus_name(&self.name)
            .source(entry.source)
            .detail_type(entry.detail_type)
            .resources(entry.arn.as_str())
            .set_time(entry.at.map(|at| DateTime::from_secs(at.as_second())))
            .detail(detail)
            .build();
        let put = self.client().put_events().entries(event).send().await.map_err(story)?;
        // One entry went in: it is the one that failed.
        let refused = put.entries().iter().find(|_| put.failed_entry_count() > 0);
        refused.map_or(Ok(()), |entry| {
            let word = |text: Option<&str>| text.unwrap_or("unknown").to_owned();
            Err(format!("{}: {}", word(entry.error_code()), word(entry.error_message())))
        })
    }
}

/// What goes into one event.
struct Entry<'a, T> {
    source: &'static str,
    detail_type: &'static str,
    arn: &'a JobArn,
    at: Option<Timestamp>,
    detail: &'a T,
}

#[async_trait]
impl Intake for EventBus {
    async fn submit(&self, observation: Observation) -> Result<(), IntakeError> {
        let entry = Entry {
            source: SWEEP_SOURCE,
            detail_type: OBSERVATION,
            arn: &observation.arn,
            at: Some(observation.seen_at),
            detail: &observation,
        };
        self.put(entry).await.map_err(IntakeError)
    }
}

#[async_trait]
impl Announcer for EventBus {
    async fn announce(&self, announcement: &Announcement) {
        let entry = Entry {
            source: ANNOUNCEMENT_SOURCE,
            detail_type: announcement.title(),
            arn: announcement.arn(),
            at: None,
            detail: announcement,
        };
        if let Err(error) = self.put(entry).await {
            let title = announcement.title();
            counter!("sagebell_announcements_failed_total").increment(1);
            tracing::warn!(arn = %announcement.arn(), title, error, "announcement not published");
        }
    }
}
