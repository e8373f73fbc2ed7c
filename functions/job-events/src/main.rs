//! The `job-events` function: EventBridge, or SQS behind it, to the store.

use bootstrap::{Metrics, ProcessEnv, World};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), Error> {
    bootstrap::log_as_json();
    let metrics = Metrics::install(&ProcessEnv)?;
    let recorder = &World::from_env(&ProcessEnv).await?.recorder()?;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| async move {
        let handled = metrics.after(job_events::handle(recorder, event.payload));
        handled.await.map_err(Error::from)
    }))
    .await
}
