//! Takes signal requests from SQS and calls the waiters back.
//!
//! Promise: a signal request is done with when its waiter heard, or when its next try
//! is in the due index, from where the sweep rings again; only a store that
//! fails makes SQS redeliver it.

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
