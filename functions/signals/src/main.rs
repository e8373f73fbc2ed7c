//! The `signals` function: SQS to the waiters' callback URLs.

use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use sagebell_runtime::{Metrics, Wiring};
use sagebell_system::ProcessEnv;

#[tokio::main]
async fn main() -> Result<(), Error> {
    sagebell_system::log_as_json();
    let metrics = Metrics::install(&ProcessEnv)?;
    let deliver = &Wiring::from_env(&ProcessEnv).await?.deliver()?;
    lambda_runtime::run(service_fn(|event: LambdaEvent<SqsEvent>| async move {
        Ok::<_, Error>(metrics.after(sagebell_signals::handle(deliver, event.payload)).await)
    }))
    .await
}
