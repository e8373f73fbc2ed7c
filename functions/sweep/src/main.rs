//! The `sweep` function: every minute, started by EventBridge Scheduler.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use sagebell_runtime::{Config, Metrics, Wiring};
use sagebell_system::ProcessEnv;
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), Error> {
    sagebell_system::log_as_json();
    let metrics = Metrics::install(&ProcessEnv)?;
    let wiring =
        Wiring::open(Config::from(&ProcessEnv)?, Some(sagebell_sagemaker::connect)).await?;
    let sweep = &wiring.sweep()?;
    // Whatever the schedule sends, a sweep is a sweep.
    lambda_runtime::run(service_fn(|_: LambdaEvent<Value>| async move {
        metrics.after(sweep.sweep()).await.map_err(Error::from)
    }))
    .await
}
