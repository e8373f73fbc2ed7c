//! The `sweep` function: every minute, by EventBridge Scheduler.

use bootstrap::{ProcessEnv, World};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), Error> {
    bootstrap::log_as_json();
    let sweep = World::from_env(&ProcessEnv).await?.sweep();
    let sweep = &sweep;
    // Whatever the schedule sends, a sweep is a sweep.
    lambda_runtime::run(service_fn(|_: LambdaEvent<Value>| async move {
        sweep.sweep().await.map_err(Error::from)
    }))
    .await
}
