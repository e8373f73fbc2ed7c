//! Against the fake SageMaker that the whole system is tested with.

use std::sync::Arc;
use std::time::Duration;

use sagebell_fake_sagemaker::{DEFAULT_ACCOUNT, Fake, Options};
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::kind::Kind;
use sagebell_monitor::phase::Phase;
use sagebell_monitor::ports::{SageMaker as _, SageMakerError};
use sagebell_monitor::testing::ManualClock;
use sagebell_sagemaker::{Api, Budget, Class, Rate, SageMakerApi};
use serde_json::{Value, json};

use crate::kinds::sample;
use crate::server::{config, no_jitter};

/// Polls before a test gives up.
const PATIENCE: u32 = 600;

async fn start(options: Options) -> (Fake, Api, SageMakerApi) {
    let fake = Fake::start(options).await.unwrap();
    let clock = Arc::new(ManualClock::default());
    let budget = Budget::new(Rate::default(), clock.clone(), no_jitter());
    let api = Api::new(&config(Some(&fake.url())).await, Arc::new(budget));
    let port = SageMakerApi::new(api.clone(), clock);
    (fake, api, port)
}

fn processing() -> Value {
    json!({
        "ProcessingJobName": "x", "ProcessingResources": {}, "AppSpecification": {}, "RoleArn": "r",
    })
}

async fn create(api: &Api) -> JobArn {
    let made = api.call("CreateProcessingJob", &processing()).await.unwrap();
    JobArn::parse(made["ProcessingJobArn"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn a_job_is_seen_to_its_end() {
    let clock = Arc::new(ManualClock::default());
    let (fake, api, port) = start(Options { clock, ..Options::default() }).await;
    let arn = create(&api).await;
    assert_eq!((arn.account(), arn.region()), (DEFAULT_ACCOUNT, "us-east-1"));
    for _ in 0..PATIENCE {
        let seen = port.describe(&arn).await.unwrap();
        if seen.phase.is_settled() {
            assert_eq!((seen.phase, seen.name.as_deref()), (Phase::Succeeded, Some("x")));
            assert!(seen.created_at < seen.ended_at);
            return fake.stop().await;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the job never ended");
}

#[tokio::test]
async fn a_job_is_stopped_and_stopped_again() {
    let step = Duration::from_secs(3_600);
    let (fake, api, port) = start(Options { step, ..Options::default() }).await;
    let arn = create(&api).await;
    port.stop(&arn).await.unwrap();
    assert_eq!(port.describe(&arn).await.unwrap().phase, Phase::Stopping);
    port.stop(&arn).await.unwrap();
    fake.stop().await;
}

#[tokio::test]
async fn a_second_job_of_the_name_exists_already() {
    let (fake, api, _) = start(Options::default()).await;
    create(&api).await;
    let error = api.call("CreateProcessingJob", &processing()).await.unwrap_err();
    assert_eq!((error.class, error.code.as_deref()), (Class::AlreadyExists, Some("ResourceInUse")));
    fake.stop().await;
}

#[tokio::test]
async fn a_missing_job_of_any_kind_is_not_found() {
    let (fake, _, port) = start(Options::default()).await;
    let asked_for = |kind: &Kind| ![Kind::HumanLoop, Kind::Evaluation].contains(kind);
    for kind in Kind::all().filter(asked_for) {
        let error = port.describe(&sample(kind)).await.unwrap_err();
        assert!(matches!(error, SageMakerError::NotFound), "{kind}: {error}");
    }
    fake.stop().await;
}
