//! Describe, kind by kind.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::kind::Kind;
use sagebell_monitor::observation::Source;
use sagebell_monitor::phase::Phase;
use sagebell_monitor::ports::{SageMaker as _, SageMakerError};
use serde_json::{Map, Value, json};

use crate::server::{Server, arn, ok, refuse};

/// A job of the kind, by its ARN.
pub(crate) fn sample(kind: Kind) -> JobArn {
    let resource = kind.spec().resource;
    arn(&match kind {
        Kind::PipelineExecution => "pipeline/p/execution/e".to_owned(),
        Kind::PipelineStep => "pipeline/p/execution/e/step/s".to_owned(),
        Kind::ImageVersion => format!("{resource}/img/3"),
        Kind::ModelPackage => format!("{resource}/group/3"),
        Kind::Job => format!("{resource}/AgentRFT/x"),
        Kind::ModelCardExport => format!("{resource}/card/export-job/x"),
        _ => format!("{resource}/x"),
    })
}

/// A Describe answer with what the kind's row wants first.
fn answer(arn: &JobArn, status: &str) -> Value {
    let fields = &arn.kind().spec().fields;
    let mut answer = Map::new();
    for (pointers, text) in [(fields.arn, arn.as_str()), (fields.status, status)] {
        for pointer in pointers {
            answer.insert(pointer.trim_start_matches('/').to_owned(), text.into());
        }
    }
    for pointer in fields.created {
        answer.insert(pointer.trim_start_matches('/').to_owned(), json!(1_767_225_600));
    }
    answer.insert("LastModifiedTime".to_owned(), json!(1_767_225_660.5));
    answer.into()
}

#[tokio::test]
async fn every_kind_is_described_by_its_own_operation() {
    for kind in Kind::all().filter(|kind| ![Kind::HumanLoop, Kind::PipelineStep].contains(kind)) {
        let spec = kind.spec();
        let Some(operations) = spec.operations else { continue };
        let arn = sample(kind);
        let (status, phase) = spec.statuses[0];
        let (status, phase) = match kind.fixed_status() {
            Some(status) => (status, Phase::Succeeded),
            None => (status, phase),
        };
        let described = answer(&arn, status);
        let server = Server::start(move |_, _| ok(described.clone())).await;
        let seen = server.port().await.describe(&arn).await.unwrap();
        assert_eq!(server.operations(), [operations.describe]);
        let named = if operations.key_is_arn { arn.as_str() } else { "x" };
        let named = if kind == Kind::ImageVersion { "img" } else { named };
        assert_eq!(server.asked()[0].input[operations.key], named);
        for member in operations.also {
            assert!(server.asked()[0].input[*member].is_string(), "{kind} {member}");
        }
        assert_eq!((seen.arn, seen.source), (arn, Source::Describe));
        assert_eq!((seen.status.as_str(), seen.phase), (status, phase), "{kind}");
        assert_eq!(seen.created_at.unwrap().as_second(), 1_767_225_600);
        assert!(seen.modified_at.as_second() >= 1_767_225_600);
    }
}

#[tokio::test]
async fn what_is_of_another_service_or_of_none_is_not_asked_for() {
    for kind in [Kind::HumanLoop, Kind::Evaluation] {
        let server = Server::start(|_, _| ok(json!({}))).await;
        let error = server.port().await.describe(&sample(kind)).await.unwrap_err();
        let expected = SageMakerError::Unsupported { operation: "describe", kind };
        assert_eq!(error.to_string(), expected.to_string());
        assert!(server.asked().is_empty());
    }
}

#[tokio::test]
async fn a_job_of_the_same_name_in_another_account_is_another_job() {
    let server = Server::start(|_, _| {
        ok(json!({
            "TrainingJobArn": "arn:aws:sagemaker:us-east-1:999900009999:training-job/x",
            "TrainingJobStatus": "Completed",
        }))
    })
    .await;
    let port = server.port().await;
    for error in [
        port.describe(&arn("training-job/x")).await.unwrap_err(),
        port.stop(&arn("training-job/x")).await.unwrap_err(),
    ] {
        assert!(matches!(&error, SageMakerError::Refused(why) if why.contains("999900009999")));
    }
    assert!(!server.operations().contains(&"StopTrainingJob".to_owned()));
}

async fn failing(answer: fn() -> Response) -> SageMakerError {
    let server = Server::start(move |_, _| answer()).await;
    server.port().await.describe(&arn("training-job/x")).await.unwrap_err()
}

#[tokio::test]
async fn failures_are_told_by_what_to_do() {
    let error = failing(|| refuse("ValidationException", "Requested resource not found.")).await;
    assert!(matches!(error, SageMakerError::NotFound));

    let error = failing(|| refuse("ThrottlingException", "Rate exceeded")).await;
    assert!(matches!(error, SageMakerError::Throttled(_)));

    let error = failing(|| StatusCode::BAD_GATEWAY.into_response()).await;
    assert!(matches!(error, SageMakerError::Throttled(_)), "it passes, like a throttle");

    let error = failing(|| refuse("AccessDeniedException", "User x is not authorized")).await;
    let SageMakerError::Refused(why) = error else { panic!("{error}") };
    assert!(why.contains("User x is not authorized"), "{why}");
    assert!(why.ends_with("needs sagemaker:DescribeTrainingJob"), "{why}");

    let error = failing(|| refuse("ValidationException", "1 validation error detected")).await;
    assert!(matches!(error, SageMakerError::Refused(why) if why.contains("1 validation error")));

    let error = failing(|| ok(json!({"TrainingJobName": "x"}))).await;
    assert!(matches!(error, SageMakerError::Refused(why) if why.contains("TrainingJobStatus")));
}
