//! Stop.

use sagebell_monitor::arn::JobArn;
use sagebell_monitor::kind::Kind;
use sagebell_monitor::ports::{SageMaker as _, SageMakerError};
use serde_json::json;

use crate::kinds::sample;
use crate::server::{Server, ok, refuse};

/// Plays a job that has these statuses, one per look (the last one stays), and
/// answers Stop with this error, if any; stops it.
async fn stop(
    arn: &JobArn,
    statuses: &'static [&'static str],
    refusal: Option<&'static str>,
) -> (Vec<String>, Result<(), SageMakerError>, Server) {
    let status = arn.kind().spec().fields.status.last().unwrap().trim_start_matches('/');
    let server = Server::start(move |asked, nth| match (asked.operation.as_str(), refusal) {
        (operation, None) if operation.starts_with("Stop") => ok(json!({})),
        (operation, Some(why)) if operation.starts_with("Stop") => {
            refuse("ValidationException", why)
        }
        _ => {
            let now = statuses[nth.min(statuses.len() - 1)];
            ok(json!({status: now, "ModelVariants": [{"VariantName": "a"}]}))
        }
    })
    .await;
    let outcome = server.port().await.stop(arn).await;
    (server.operations(), outcome, server)
}

#[tokio::test]
async fn every_kind_that_can_be_stopped_is() {
    for kind in Kind::all().filter(|kind| *kind != Kind::HumanLoop) {
        let arn = sample(kind);
        let Some(operation) = kind.stop() else {
            let server = Server::start(|_, _| ok(json!({}))).await;
            let error = server.port().await.stop(&arn).await.unwrap_err();
            assert!(matches!(error, SageMakerError::Unsupported { operation: "stop", .. }));
            assert!(server.asked().is_empty(), "{kind}");
            continue;
        };
        let operations_of_kind = kind.spec().operations.unwrap();
        let running = match kind {
            Kind::NotebookInstance => "InService",
            Kind::MonitoringSchedule => "Scheduled",
            Kind::MlflowTrackingServer => "Started",
            Kind::InferenceExperiment => "Running",
            _ => "Pending",
        };
        let statuses: &'static [&'static str] = Box::leak(Box::new([running]));
        let (operations, outcome, server) = stop(&arn, statuses, None).await;
        outcome.unwrap();
        assert_eq!(operations, [operations_of_kind.describe, operation]);
        let named = if operations_of_kind.key_is_arn { arn.as_str() } else { "x" };
        assert_eq!(server.asked()[1].input[operations_of_kind.key], named);
    }
}

#[tokio::test]
async fn what_is_stopping_or_over_is_left_alone() {
    for status in ["Stopping", "Stopped", "Completed", "Failed"] {
        let statuses: &'static [&'static str] = Box::leak(Box::new([status]));
        let (operations, outcome, _) = stop(&sample(Kind::Training), statuses, None).await;
        outcome.unwrap();
        assert_eq!(operations, ["DescribeTrainingJob"], "{status}");
    }
}

#[tokio::test]
async fn a_job_that_ends_meanwhile_is_no_error() {
    let why = "The request was rejected because the training job is in status Completed.";
    let (operations, outcome, _) =
        stop(&sample(Kind::Training), &["InProgress", "", "Completed"], Some(why)).await;
    outcome.unwrap();
    assert_eq!(operations, ["DescribeTrainingJob", "StopTrainingJob", "DescribeTrainingJob"]);
}

#[tokio::test]
async fn a_job_that_can_not_be_stopped_is_an_error() {
    let why = "Something else is wrong";
    let (_, outcome, _) = stop(&sample(Kind::Training), &["InProgress"], Some(why)).await;
    assert!(matches!(outcome, Err(SageMakerError::Refused(said)) if said.contains(why)));
}

#[tokio::test]
async fn an_execution_is_stopped_with_a_token_that_sagemaker_takes() {
    let arn = sample(Kind::PipelineExecution);
    let (_, outcome, server) = stop(&arn, &["Executing"], None).await;
    outcome.unwrap();
    let asked = server.asked();
    let token = asked[1].input["ClientRequestToken"].as_str().unwrap();
    assert!((32..=128).contains(&token.len()), "{token}");
}

#[tokio::test]
async fn no_such_job_is_not_found() {
    let server =
        Server::start(|_, _| refuse("ValidationException", "Requested resource not found.")).await;
    let outcome = server.port().await.stop(&sample(Kind::Training)).await;
    assert!(matches!(outcome, Err(SageMakerError::NotFound)));
}
