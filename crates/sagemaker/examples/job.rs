//! The monitor's port to SageMaker: `job describe ARN` prints the observation as
//! JSON, `job stop ARN` stops the job; an error is printed as text.
#![allow(clippy::unwrap_used, reason = "an example for tests and trials: it may stop")]
#![allow(clippy::disallowed_macros, reason = "prints for the developer who runs it")]

mod common;

use std::process::ExitCode;

use sagebell_monitor::arn::JobArn;
use sagebell_monitor::observation::Observation;
use sagebell_monitor::ports::{SageMaker as _, SageMakerError};
use sagebell_sagemaker::SageMakerApi;
use serde_json::{Value, json};

fn shown(seen: &Observation) -> Value {
    json!({
        "arn": seen.arn, "kind": seen.kind(), "name": seen.name, "phase": seen.phase,
        "status": seen.status, "secondary_status": seen.secondary_status,
        "failure_reason": seen.failure_reason, "created_at": seen.created_at,
        "modified_at": seen.modified_at, "ended_at": seen.ended_at,
    })
}

async fn run() -> Result<Value, SageMakerError> {
    let mut words = std::env::args().skip(1);
    let verb = words.next().unwrap();
    let arn = JobArn::parse(&words.next().unwrap()).unwrap();
    let (api, clock) = common::api().await;
    let sagemaker = SageMakerApi::new(api, clock);
    if verb == "stop" {
        sagemaker.stop(&arn).await.map(|()| json!({}))
    } else {
        sagemaker.describe(&arn).await.map(|seen| shown(&seen))
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(answer) => {
            println!("{answer}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("{error:?}");
            ExitCode::FAILURE
        }
    }
}
