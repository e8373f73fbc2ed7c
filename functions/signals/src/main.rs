//! The `signals` function: from SQS to the callback URLs of the waiters.

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
