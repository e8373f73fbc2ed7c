//! Passes events on: to EventBridge's `PutEvents`, or to a plain URL. Best
//! effort, in order: what can't be delivered in a few attempts is dropped.

use std::time::Duration;

use sagebell_api_types::put_events::{self, AnswerEntry, RequestEntry};
use serde_json::Value;
use tokio::sync::mpsc;
use url::Url;

/// Events that wait for the receiver; more are dropped.
pub(crate) const QUEUE: usize = 10_000;
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(200);
const TIMEOUT: Duration = Duration::from_secs(5);

/// Where events go.
#[derive(Debug, Clone)]
pub enum Target {
    /// An EventBridge endpoint.
    PutEvents {
        /// Its URL.
        endpoint: Url,
        /// The bus's name or ARN.
        bus: String,
    },
    /// One POST per event, the event as its body.
    Post {
        /// Where to.
        url: Url,
    },
}

#[derive(Debug, thiserror::Error)]
enum PublishError {
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    #[error("refused: {0:?}")]
    Refused(Vec<AnswerEntry>),
}

/// Passes on what `events` brings, to each of the targets, until it ends.
pub(crate) async fn run(
    client: reqwest::Client,
    targets: Vec<Target>,
    mut events: mpsc::Receiver<Value>,
) {
    let mut batch = Vec::with_capacity(put_events::LIMIT);
    while events.recv_many(&mut batch, put_events::LIMIT).await > 0 {
        for target in &targets {
            publish(&client, target, &batch).await;
        }
        batch.clear();
    }
}

/// An HTTP client for [`run`].
///
/// # Errors
/// If TLS can't be set up.
pub(crate) fn client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder().timeout(TIMEOUT).no_proxy().build()
}

async fn publish(client: &reqwest::Client, target: &Target, batch: &[Value]) {
    match target {
        Target::PutEvents { endpoint, bus } => {
            let body = put_events(bus, batch);
            let region = batch.first().and_then(|event| event.get("region")?.as_str());
            let signature = unsigned(region.unwrap_or("us-east-1"));
            attempt(|| send_entries(client, endpoint, &signature, &body)).await;
        }
        Target::Post { url } => {
            for event in batch {
                attempt(|| send_event(client, url, event)).await;
            }
        }
    }
}

async fn attempt<F: Future<Output = Result<(), PublishError>>>(send: impl Fn() -> F) {
    for left in (0..ATTEMPTS).rev() {
        match send().await {
            Ok(()) => return,
            Err(error) if left == 0 => tracing::warn!(%error, "events are dropped"),
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

async fn send_event(
    client: &reqwest::Client,
    url: &Url,
    event: &Value,
) -> Result<(), PublishError> {
    client.post(url.clone()).json(event).send().await?.error_for_status()?;
    Ok(())
}

async fn send_entries(
    client: &reqwest::Client,
    endpoint: &Url,
    signature: &str,
    body: &put_events::Request,
) -> Result<(), PublishError> {
    let request = client
        .post(endpoint.clone())
        .header(put_events::TARGET_HEADER, put_events::TARGET)
        .header("content-type", put_events::AMZ_JSON)
        .header("authorization", signature)
        .json(body);
    let answer: put_events::Answer = request.send().await?.error_for_status()?.json().await?;
    match answer.failed_entry_count {
        0 => Ok(()),
        _ => Err(PublishError::Refused(answer.entries)),
    }
}

/// What an emulator that checks no signatures wants: the region in the scope.
fn unsigned(region: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=fake/20260101/{region}/events/aws4_request, \
         SignedHeaders=host, Signature={:064}",
        0
    )
}

fn put_events(bus: &str, batch: &[Value]) -> put_events::Request {
    let entry =
        |event| RequestEntry { event_bus_name: Some(bus.to_owned()), ..RequestEntry::of(event) };
    put_events::Request { entries: batch.iter().map(entry).collect() }
}
