//! People stop jobs and have them looked at: who may, and how often it happens.

use std::time::Duration;

use sagebell_monitor::arn::JobArn;
use sagebell_monitor::job_queries::act::{Act, StopError};
use sagebell_monitor::phase::Phase;
use sagebell_monitor::ports::{Clock as _, SageMakerError};
use sagebell_monitor::principal::Principal;
use sagebell_monitor::testing::world::{FakeWorld, TRAINING_ARN};
use sagebell_monitor::wait_registry::Registration;
use serde_json::json;

fn arn() -> JobArn {
    JobArn::parse(TRAINING_ARN).unwrap()
}

fn stranger() -> Principal {
    Principal("111122223333:role/stranger".to_owned())
}

/// A running job on which its owner waits.
async fn running() -> FakeWorld {
    let world = FakeWorld::default();
    world.waits().register(world.registration("w")).await.unwrap();
    let event = FakeWorld::training_event("InProgress", "Training", 60);
    world.recorder().take(&event).await.unwrap();
    world
}

#[tokio::test]
async fn the_owner_stops_a_job_on_which_only_the_owner_waits() {
    let world = running().await;
    world.jobs().stop(&arn(), &FakeWorld::owner()).await.unwrap();
    assert_eq!(world.sagemaker.count("stop"), 1);
    // A stop sends no event of its own: the state is asked for.
    assert_eq!(world.sagemaker.count("describe"), 1);
}

#[tokio::test]
async fn nobody_else_stops_it() {
    let world = running().await;
    let refused = world.jobs().stop(&arn(), &stranger()).await.unwrap_err();
    assert!(matches!(refused, StopError::NotOwner(_)), "{refused}");
    // A job without a tag or a registration has no owner.
    let other = JobArn::parse(&TRAINING_ARN.replace("mnist", "other")).unwrap();
    let refused = world.jobs().stop(&other, &FakeWorld::owner()).await.unwrap_err();
    assert!(matches!(refused, StopError::NotOwner(_)), "{refused}");
    world.sagemaker.tag(Err(|| SageMakerError::Throttled("Rate exceeded".to_owned())));
    let refused = world.jobs().stop(&arn(), &FakeWorld::owner()).await.unwrap_err();
    assert!(matches!(refused, StopError::SageMaker(_)), "{refused}");
    assert_eq!(world.sagemaker.count("stop"), 0);
}

#[tokio::test]
async fn a_job_for_which_other_principals_wait_is_not_stopped() {
    let world = running().await;
    let mut theirs = world.registration("w");
    theirs.owner = stranger();
    world.waits().register(theirs).await.unwrap();
    let refused = world.jobs().stop(&arn(), &FakeWorld::owner()).await.unwrap_err();
    assert!(matches!(refused, StopError::OthersWait), "{refused}");
    assert_eq!(world.sagemaker.count("stop"), 0);
}

#[tokio::test]
async fn a_job_that_is_over_is_left_alone() {
    let world = running().await;
    let event = FakeWorld::training_event("Stopping", "Stopping", 70);
    world.recorder().take(&event).await.unwrap();
    world.jobs().stop(&arn(), &FakeWorld::owner()).await.unwrap();
    assert_eq!(world.sagemaker.count("stop"), 0);
    let record = world.jobs().get(&arn()).await.unwrap().unwrap();
    assert_eq!(record.job.phase, Phase::Stopping);
}

/// A notebook instance that came up well is settled, and runs on: until somebody stops it.
#[tokio::test]
async fn what_came_up_well_and_runs_on_is_stopped() {
    let world = FakeWorld::default();
    let resource = "notebook-instance/notes";
    let arn = JobArn::parse(&TRAINING_ARN.replace("training-job/mnist", resource)).unwrap();
    let asked = Registration { arn: arn.clone(), ..world.registration("w") };
    world.waits().register(asked).await.unwrap();
    let event = json!({
        "source": "aws.sagemaker",
        "detail-type": "SageMaker Notebook Instance State Change",
        "detail": {
            "NotebookInstanceArn": arn.as_str(), "NotebookInstanceName": "notes",
            "NotebookInstanceStatus": "InService",
            "CreationTime": 1_767_225_600_000_i64, "LastModifiedTime": 1_767_225_660_000_i64,
        },
    });
    world.recorder().take(&event).await.unwrap();
    assert!(world.jobs().get(&arn).await.unwrap().unwrap().job.phase.is_settled());
    world.jobs().stop(&arn, &FakeWorld::owner()).await.unwrap();
    assert_eq!(world.sagemaker.count("stop"), 1);
}

#[tokio::test]
async fn a_second_click_is_not_a_first_one_and_a_later_one_is() {
    let world = running().await;
    let jobs = world.jobs();
    assert!(jobs.is_first_click(&arn(), Act::Stop).await.unwrap());
    assert!(!jobs.is_first_click(&arn(), Act::Stop).await.unwrap());
    assert!(jobs.is_first_click(&arn(), Act::Refresh).await.unwrap());
    // Wherever in a window of time the first click was.
    for _ in 0..8 {
        world.clock.advance(Duration::from_secs(13));
        assert!(jobs.is_first_click(&arn(), Act::Stop).await.unwrap(), "{}", world.clock.now());
        world.clock.advance(Duration::from_secs(2));
        assert!(!jobs.is_first_click(&arn(), Act::Stop).await.unwrap(), "{}", world.clock.now());
    }
}

#[tokio::test]
async fn only_the_owner_reads_why_a_callback_failed() {
    let world = running().await;
    world.sender.fail(50);
    world.recorder().take(&FakeWorld::training_event("Completed", "Completed", 90)).await.unwrap();
    world.deliver_all().await;
    let record = world.jobs().get(&arn()).await.unwrap().unwrap();
    let reasons = async |who| {
        let page = world.jobs().waits(&record, &who, None, 10).await.unwrap();
        page.items[0].delivery.last_error.clone()
    };
    let (owners, strangers) = (reasons(FakeWorld::owner()).await, reasons(stranger()).await);
    assert!(owners.is_some() && strangers.is_some() && owners != strangers, "{owners:?}");
    assert!(world.jobs().may_act(&record, &FakeWorld::owner()));
    assert!(!world.jobs().may_act(&record, &stranger()));
}
