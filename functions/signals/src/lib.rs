//! Takes doorbells from SQS and calls the waiters back.
//!
//! Promise: a doorbell is done with when its waiter heard, or when its next try
//! is in the due index, from where the sweep rings again; only a store that
//! fails makes SQS redeliver it.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use sagebell_monitor::deliver::Deliver;
use sagebell_monitor::ports::StoreError;
use sagebell_monitor::signal::Doorbell;

/// Why a doorbell could not be answered.
#[derive(Debug, thiserror::Error)]
enum BellError {
    #[error("not a doorbell, {{\"arn\", \"wait_id\"}}: {0}")]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Answers every doorbell of a batch, as many at once as the policy allows.
pub async fn handle(deliver: &Deliver, batch: SqsEvent) -> SqsBatchResponse {
    let ring = |body: String| async move {
        let bell: Doorbell = serde_json::from_str(&body)?;
        deliver.ring(&bell).await?;
        Ok::<(), BellError>(())
    };
    sagebell_runtime::sqs_batch::each(batch, deliver.policy.concurrency, ring).await
}
