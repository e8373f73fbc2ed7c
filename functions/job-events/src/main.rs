//! The `job-events` function: EventBridge, or SQS behind it, to the store.

use bootstrap::{ProcessEnv, World};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), Error> {
    bootstrap::log_as_json();
    let recorder = World::from_env(&ProcessEnv).await?.recorder();
    let recorder = &recorder;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| async move {
        job_events::handle(recorder, event.payload).await.map_err(Error::from)
    }))
    .await
}
