//! Events that say that something changed, and not what: what is known is in doubt, and
//! whoever is waited for is looked at. A model's is sent on its deletion as on its creation
//! ("Automating Amazon SageMaker AI with Amazon EventBridge", SageMaker guide).

use std::time::Duration;

use sagebell_monitor::arn::JobArn;
use sagebell_monitor::deliver::SignalOutcome;
use sagebell_monitor::job::Job;
use sagebell_monitor::phase::Phase;
use sagebell_monitor::ports::{SageMakerError, Store as _};
use sagebell_monitor::record::Taken;
use sagebell_monitor::testing::world::{Described, FakeWorld};
use sagebell_monitor::wait::WaitState;
use serde_json::json;

const MODEL: &str = "arn:aws:sagemaker:us-east-1:111122223333:model/digits";
/// When the world's clock starts.
const START: i64 = 1_767_225_600;

fn model() -> JobArn {
    JobArn::parse(MODEL).unwrap()
}

/// A model's event, so many seconds after the start; how many waits it made due.
async fn event(world: &FakeWorld, age: i64) -> usize {
    let event = json!({
        "source": "aws.sagemaker", "detail-type": "SageMaker Model State Change",
        "time": START + age,
        "detail": {"ModelArn": MODEL, "ModelName": "digits", "CreationTime": START * 1_000},
    });
    match world.recorder().take(&event).await.unwrap() {
        Taken::InDoubt { arn, due } if arn == model() => due,
        other => panic!("{other:?}"),
    }
}

async fn register(world: &FakeWorld, id: &str) -> WaitState {
    let mut asked = world.registration(id);
    asked.arn = model();
    world.waits().register(asked).await.unwrap().wait.state
}

/// Registers, and has the sweep look at the model.
async fn look(world: &FakeWorld, id: &str) {
    assert_eq!(register(world, id).await, WaitState::Waiting);
    world.sweep().sweep().await.unwrap();
}

fn there(world: &FakeWorld) {
    world.sagemaker.answer(Described::Answer(json!({"ModelArn": MODEL, "CreationTime": START})));
}

fn gone(world: &FakeWorld) {
    world.sagemaker.answer(Described::Error(|| SageMakerError::NotFound));
}

async fn job(world: &FakeWorld) -> Option<Job> {
    world.store.load_job(&model()).await.unwrap().map(|found| found.value.job)
}

fn pass(world: &FakeWorld, seconds: u64) {
    world.clock.advance(Duration::from_secs(seconds));
}

#[tokio::test]
async fn a_wait_is_told_of_what_the_look_saw_not_of_the_event() {
    let world = FakeWorld::default();
    gone(&world);
    assert_eq!(register(&world, "w").await, WaitState::Waiting);
    pass(&world, 10);
    there(&world);
    assert_eq!(event(&world, 10).await, 1);
    assert!(world.deliver_all().await.is_empty(), "the event alone is no news");
    let report = world.sweep().sweep().await.unwrap();
    assert_eq!((report.due, report.checked), (1, 1), "long before its time");
    assert_eq!(world.deliver_all().await, [SignalOutcome::Signalled]);
    assert_eq!(job(&world).await.unwrap().phase, Phase::Succeeded);
}

#[tokio::test]
async fn a_deleted_model_is_not_told_as_there() {
    let world = FakeWorld::default();
    there(&world);
    look(&world, "first").await;
    assert_eq!(world.deliver_all().await, [SignalOutcome::Signalled]);
    pass(&world, 100);
    gone(&world);
    assert_eq!(event(&world, 90).await, 0, "nobody waits any more");
    let doubted = job(&world).await.unwrap();
    assert_eq!((doubted.phase, doubted.status), (Phase::Unknown, None));
    assert_eq!(register(&world, "second").await, WaitState::Waiting);
    world.sweep_for(10).await;
    let known = job(&world).await.unwrap();
    assert_eq!((known.phase, known.status.as_deref()), (Phase::Stopped, Some("Deleted")));
}

#[tokio::test]
async fn a_model_that_is_still_there_is_told_by_the_next_sweep_when_somebody_asks() {
    let world = FakeWorld::default();
    there(&world);
    look(&world, "first").await;
    world.deliver_all().await;
    pass(&world, 100);
    event(&world, 90).await;
    let checks = world.sagemaker.count("describe");
    look(&world, "second").await;
    assert_eq!(world.deliver_all().await, [SignalOutcome::Signalled]);
    assert_eq!(world.sagemaker.count("describe"), checks + 1);
    assert_eq!(register(&world, "third").await, WaitState::Signalled);
    assert_eq!(world.sagemaker.count("describe"), checks + 1, "there is no doubt any more");
}

#[tokio::test]
async fn what_was_looked_at_since_the_event_is_in_no_doubt() {
    let world = FakeWorld::default();
    pass(&world, 100);
    there(&world);
    look(&world, "w").await;
    event(&world, 90).await;
    assert_eq!(job(&world).await.unwrap().phase, Phase::Succeeded);
}

#[tokio::test]
async fn an_event_whose_time_was_cut_to_the_second_of_the_look_may_be_later() {
    let world = FakeWorld::default();
    pass(&world, 100);
    there(&world);
    look(&world, "w").await;
    event(&world, 100).await;
    assert_eq!(job(&world).await.unwrap().phase, Phase::Unknown);
}

#[tokio::test]
async fn the_event_of_its_own_creation_puts_a_model_in_no_doubt() {
    let world = FakeWorld::default();
    there(&world);
    look(&world, "w").await;
    event(&world, 0).await;
    assert_eq!(job(&world).await.unwrap().phase, Phase::Succeeded);
}

#[tokio::test]
async fn what_nobody_asked_for_is_not_looked_at() {
    let world = FakeWorld::default();
    assert_eq!(event(&world, 0).await, 0);
    pass(&world, 60);
    assert_eq!(world.sweep().sweep().await.unwrap().due, 0);
    assert_eq!(world.sagemaker.count("describe"), 0);
    assert!(job(&world).await.is_none());
}
