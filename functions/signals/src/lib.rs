//! Receives signal requests from SQS and sends the callbacks.
//!
//! Promise: a signal request is done when its waiter has received the signal, or when its next
//! attempt is in the due index, from which the sweep queues it again. Only a failing store makes SQS
//! redeliver it.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use sagebell_monitor::deliver::Deliver;
use sagebell_monitor::ports::StoreError;
use sagebell_monitor::signal::SignalRequest;

/// Why a signal request could not be answered.
#[derive(Debug, thiserror::Error)]
enum SignalRequestError {
    #[error("not a signal request, {{\"arn\", \"wait_id\"}}: {0}")]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Answers every signal request of a batch, as many at once as the policy allows.
pub async fn handle(deliver: &Deliver, batch: SqsEvent) -> SqsBatchResponse {
    let ring = |body: String| async move {
        let request: SignalRequest = serde_json::from_str(&body)?;
        deliver.handle(&request).await?;
        Ok::<(), SignalRequestError>(())
    };
    sagebell_runtime::sqs_batch::each(batch, deliver.policy.concurrency, ring).await
}
