//! The `sweep` function: every minute, by EventBridge Scheduler.

use bootstrap::{Config, Metrics, ProcessEnv, World};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), Error> {
    bootstrap::log_as_json();
    let metrics = Metrics::install(&ProcessEnv)?;
    let world = World::open(Config::from(&ProcessEnv)?, Some(sagemaker::connect)).await?;
    let sweep = &world.sweep()?;
    // Whatever the schedule sends, a sweep is a sweep.
    lambda_runtime::run(service_fn(|_: LambdaEvent<Value>| async move {
        metrics.after(sweep.sweep()).await.map_err(Error::from)
    }))
    .await
}
