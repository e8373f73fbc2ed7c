//! The `signals` function: SQS to the waiters' callback URLs.

use aws_lambda_events::sqs::SqsEvent;
use bootstrap::{Metrics, ProcessEnv, World};
use lambda_runtime::{Error, LambdaEvent, service_fn};

#[tokio::main]
async fn main() -> Result<(), Error> {
    bootstrap::log_as_json();
    let metrics = Metrics::install(&ProcessEnv)?;
    let deliver = &World::from_env(&ProcessEnv).await?.deliver()?;
    lambda_runtime::run(service_fn(|event: LambdaEvent<SqsEvent>| async move {
        Ok::<_, Error>(metrics.after(signals::handle(deliver, event.payload)).await)
    }))
    .await
}
