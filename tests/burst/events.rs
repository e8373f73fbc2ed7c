//! The jobs, and the events of their ends.

use std::collections::BTreeMap;
use std::ops::Range;

use futures::StreamExt as _;
use sagebell_api_types::put_events;
use sagebell_client::client::Client;
use sagebell_monitor::arn::JobArn;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::CALLS;

pub(crate) fn arn(job: usize) -> JobArn {
    let text = format!("arn:aws:sagemaker:us-east-1:111122223333:training-job/burst-{job}");
    JobArn::parse(&text).expect("an ARN")
}

fn settled(job: usize) -> Value {
    json!({
        "source": "aws.sagemaker",
        "detail-type": "SageMaker Training Job State Change",
        "time": "2026-11-02T10:00:00Z",
        "detail": {
            "TrainingJobArn": arn(job), "TrainingJobName": format!("burst-{job}"),
            "TrainingJobStatus": "Completed", "SecondaryStatus": "Completed",
            "CreationTime": 1_793_600_000_000_i64, "LastModifiedTime": 1_793_610_000_000_i64,
        },
    })
}

/// Puts the last event of each of these jobs on the bus; says when each went out.
pub(crate) async fn settle(client: &Client, jobs: Range<usize>) -> BTreeMap<usize, Instant> {
    let all: Vec<usize> = jobs.collect();
    let calls = all.chunks(put_events::LIMIT).map(|jobs| async move {
        let events: Vec<Value> = jobs.iter().map(|job| settled(*job)).collect();
        let sent = Instant::now();
        let entries = client.put_events(&events).await.expect("events taken");
        assert!(entries.iter().all(|entry| entry.error_code.is_none()), "{entries:?}");
        jobs.iter().map(|job| (*job, sent)).collect::<Vec<_>>()
    });
    let sent = futures::stream::iter(calls).buffer_unordered(CALLS);
    sent.flat_map(futures::stream::iter).collect().await
}
