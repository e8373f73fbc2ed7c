//! The `job-events` function: from EventBridge, or SQS behind it, to the store.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use sagebell_runtime::{Metrics, Wiring};
use sagebell_system::ProcessEnv;
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), Error> {
    sagebell_system::log_as_json();
    let metrics = Metrics::install(&ProcessEnv)?;
    let recorder = &Wiring::from_env(&ProcessEnv).await?.recorder()?;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| async move {
        let handled = metrics.after(sagebell_job_events::handle(recorder, event.payload));
        handled.await.map_err(Error::from)
    }))
    .await
}
