//! A monitor whose clock is set by an hour while it runs: no signal is late, no wait ends
//! too soon, and no job is stopped.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::deliver::SignalOutcome;
use sagebell_monitor::job_list::JobList;
use sagebell_monitor::observation::Observation;
use sagebell_monitor::policy::Policy;
use sagebell_monitor::ports::{Clock as _, Listed, SageMaker, SageMakerError, Store as _};
use sagebell_monitor::principal::Principal;
use sagebell_monitor::testing::ManualClock;
use sagebell_monitor::testing::world::{Described, FakeWorld};
use sagebell_monitor::time::later;
use sagebell_monitor::wait::{OnAbandon, Wait, WaitId, WaitKey, WaitState};
use sagebell_monitor::wait_registry::{Registration, Stop, WaitError};

const MINUTE: Duration = Duration::from_secs(60);
const JUMPS: [i64; 2] = [1, -1];
/// When the job was created, and the clock began.
const CREATED_AT: Timestamp = Timestamp::constant(1_767_225_600, 0);

/// A wait of half an hour at most, whose job is to be stopped without it.
fn asked(world: &FakeWorld) -> Registration {
    let mut asked = world.registration("w");
    asked.on_abandon = OnAbandon::Stop;
    asked.not_before = Some(CREATED_AT);
    asked.deadline = Some(later(world.clock.now(), 30 * MINUTE));
    asked
}

fn key(world: &FakeWorld) -> WaitKey {
    let asked = world.registration("w");
    WaitKey::of(asked.arn, asked.owner, asked.id)
}

async fn wait(world: &FakeWorld) -> Wait {
    world.store.load_wait(&key(world)).await.unwrap().unwrap().value
}

async fn state(world: &FakeWorld) -> (WaitState, usize) {
    (wait(world).await.state, world.sagemaker.count("stop"))
}

/// A monitor that runs, and a wait that is registered with it.
async fn waited_for() -> (FakeWorld, Registration) {
    let world = FakeWorld::default();
    world.sweep_for(2).await;
    let asked = asked(&world);
    world.waits().register(asked.clone()).await.unwrap();
    (world, asked)
}

/// The job ends, at this second of its life by SageMaker's clock.
async fn settles(world: &FakeWorld, age: i64) {
    let event = FakeWorld::training_event("Completed", "Completed", age);
    world.recorder().take(&event).await.unwrap();
}

#[tokio::test]
async fn the_end_is_told_at_once_however_the_clock_was_set() {
    for hours in JUMPS {
        let (world, _) = waited_for().await;
        world.clock.jump(hours);
        world.sweep_for(1).await;
        settles(&world, 240).await;
        assert_eq!(world.deliver_all().await, [SignalOutcome::Signalled], "{hours} h");
        assert_eq!(state(&world).await, (WaitState::Signalled, 0), "{hours} h");
    }
}

#[tokio::test]
async fn the_times_of_events_are_believed_by_a_clock_that_was_set_back() {
    let (world, asked) = waited_for().await;
    // Known, and its time of creation too, from before the clock is set.
    let event = FakeWorld::training_event("InProgress", "Training", 130);
    world.recorder().take(&event).await.unwrap();
    world.clock.jump(-1);
    settles(&world, 200).await;
    let record = world.store.load_job(&asked.arn).await.unwrap().unwrap().value;
    let modified_at = record.job.modified_at.unwrap();
    assert_eq!(modified_at.duration_since(record.job.created_at.unwrap()).as_secs(), 200);
    assert_eq!(world.deliver_all().await, [SignalOutcome::Signalled]);
}

#[tokio::test]
async fn what_is_taken_is_taken_again_however_the_clock_was_set() {
    for hours in JUMPS {
        let (world, asked) = waited_for().await;
        world.clock.jump(hours);
        let renewed = world.waits().register(asked).await.unwrap();
        assert_eq!(renewed.wait.state, WaitState::Waiting, "{hours} h");
    }
}

#[tokio::test]
async fn a_new_wait_is_taken_by_a_clock_that_was_set_back() {
    let world = FakeWorld::default();
    let asked = asked(&world);
    world.clock.jump(-1);
    world.waits().register(asked).await.unwrap();
}

#[tokio::test]
async fn a_deadline_that_was_jumped_over_ends_no_wait_whose_waiter_renews_it() {
    let (world, asked) = waited_for().await;
    world.clock.jump(1);
    for _ in 0..25 {
        world.sweep_for(1).await;
        world.waits().register(asked.clone()).await.unwrap();
        assert_eq!(state(&world).await, (WaitState::Waiting, 0));
    }
    settles(&world, 240).await;
    assert_eq!(world.deliver_all().await, [SignalOutcome::Signalled]);
}

#[tokio::test]
async fn a_deadline_that_was_jumped_over_ends_the_wait_when_it_comes() {
    let (world, _) = waited_for().await;
    world.clock.jump(1);
    world.sweep_for(29).await;
    assert_eq!(state(&world).await, (WaitState::Waiting, 0));
    world.sweep_for(3).await;
    assert_eq!(state(&world).await, (WaitState::Expired, 1));
}

#[tokio::test]
async fn a_break_before_the_clock_went_back_puts_no_later_deadline_off() {
    let world = FakeWorld::default();
    world.sweep_for(1).await;
    world.clock.advance(20 * MINUTE);
    world.sweep_for(1).await;
    world.clock.jump(-1);
    world.sweep_for(1).await;
    world.waits().register(asked(&world)).await.unwrap();
    world.sweep_for(32).await;
    assert_eq!(state(&world).await, (WaitState::Expired, 1));
}

#[tokio::test]
async fn a_waiter_that_is_gone_is_found_to_be_before_a_deadline_that_was_jumped_over() {
    let (world, _) = waited_for().await;
    world.sender.nobody(true);
    world.clock.jump(1);
    world.sweep_for(16).await;
    assert_eq!(state(&world).await, (WaitState::Waiting, 0), "its lease and the grace");
    world.sweep_for(Policy::PROBES + 1).await;
    assert_eq!(state(&world).await, (WaitState::Abandoned, 1));
}

#[tokio::test]
async fn a_deadline_ends_a_wait_at_once_while_the_clock_goes_as_it_should() {
    let (world, _) = waited_for().await;
    world.sweep_for(31).await;
    assert_eq!(state(&world).await, (WaitState::Expired, 1));
    assert!(world.sender.probes().len() <= 1, "only for the lease");
}

/// The clock is set while a sweep looks at a job.
struct Meanwhile(Arc<ManualClock>);

#[async_trait::async_trait]
impl SageMaker for Meanwhile {
    async fn describe(&self, _: &JobArn) -> Result<Observation, SageMakerError> {
        self.0.jump(1);
        Err(SageMakerError::Unavailable)
    }

    async fn changed(
        &self,
        _: &JobList,
        _: Timestamp,
        _: Option<&str>,
    ) -> Result<Listed, SageMakerError> {
        Err(SageMakerError::Unavailable)
    }

    async fn owner(&self, _: &JobArn) -> Result<Option<Principal>, SageMakerError> {
        Err(SageMakerError::Unavailable)
    }

    async fn stop(&self, _: &JobArn) -> Result<(), SageMakerError> {
        panic!("a job is stopped")
    }
}

#[tokio::test]
async fn a_clock_that_is_set_while_the_sweep_runs_ends_nothing() {
    let (world, mut asked) = waited_for().await;
    asked.lease_seconds = 3_600;
    for id in ["w", "later"] {
        asked.id = WaitId::parse(id).unwrap();
        world.waits().register(asked.clone()).await.unwrap();
    }
    let mut sweep = world.sweep();
    sweep.sagemaker = Arc::new(Meanwhile(world.clock.clone()));
    sweep.policy = Arc::new(Policy { concurrency: 1, ..Policy::default() });
    let set = later(world.clock.now(), 60 * MINUTE);
    while world.clock.now() < set {
        sweep.sweep().await.unwrap();
        world.clock.advance(MINUTE);
    }
    let waits = world.store.list_waits(&key(&world).arn, None, 9).await.unwrap().items;
    assert_eq!(waits.len(), 2);
    assert!(waits.iter().all(|wait| wait.state == WaitState::Waiting), "{waits:?}");
}

#[tokio::test]
async fn who_waits_beyond_a_deadline_that_was_jumped_over_is_waited_with() {
    let (world, _) = waited_for().await;
    let mut other = asked(&world);
    other.id = WaitId::parse("other").unwrap();
    other.on_abandon = OnAbandon::Keep;
    world.waits().register(other).await.unwrap();
    world.clock.jump(1);
    // Before the sweep has come round, and after.
    for _ in 0..2 {
        let cancelled = world.waits().cancel(&key(&world), Stop::Unwanted).await;
        assert!(matches!(cancelled, Err(WaitError::OthersWait)));
        world.sweep_for(1).await;
    }
    assert_eq!(world.sagemaker.count("stop"), 0);
}

#[tokio::test]
async fn a_look_that_was_due_soon_is_still_due_soon_when_the_clock_goes_back() {
    let (world, _) = waited_for().await;
    world.sweep().sweep().await.unwrap();
    let due_at = wait(&world).await.due_at.unwrap();
    let rest = due_at.duration_since(world.clock.now());
    world.clock.jump(-1);
    world.sweep_for(1).await;
    let due_at = wait(&world).await.due_at.unwrap();
    assert_eq!(due_at.duration_since(world.clock.now()), rest - SignedDuration::from_mins(1));
    // Its events are lost: the look tells.
    let answer =
        serde_json::json!({"TrainingJobStatus": "Completed", "CreationTime": 1_767_225_600});
    world.sagemaker.answer(Described::Answer(answer));
    world.sweep_for(7).await;
    assert_eq!(state(&world).await, (WaitState::Signalled, 0));
}

#[tokio::test]
async fn a_job_is_not_taken_for_deleted_because_the_clock_made_it_old() {
    let (world, _) = waited_for().await;
    world.sagemaker.answer(Described::Error(|| SageMakerError::NotFound));
    world.clock.jump(1);
    world.sweep_for(2).await;
    assert_eq!(state(&world).await, (WaitState::Waiting, 0));
    assert!(world.sender.sent().is_empty());
}

#[tokio::test]
async fn what_a_clock_dates_that_was_set_does_not_stand_against_what_sagemaker_tells() {
    let world = FakeWorld::default();
    world.sweep_for(2).await;
    world.clock.jump(1);
    world.waits().register(world.registration("w")).await.unwrap();
    world.sagemaker.answer(Described::Error(|| SageMakerError::NotFound));
    let load = || async { world.store.load_job(&key(&world).arn).await.unwrap().unwrap().value };
    for _ in 0..20 {
        if load().await.job.status.as_deref() == Some("Deleted") {
            break;
        }
        world.sweep_for(1).await;
    }
    assert_eq!(load().await.job.status.as_deref(), Some("Deleted"), "as far as it is known");
    // Then it is created, a second later by SageMaker's clock.
    let age = world.clock.earliest().duration_since(CREATED_AT).as_secs() + 1;
    let mut event = FakeWorld::training_event("InProgress", "Training", age);
    let created_at = (CREATED_AT.as_second() + age) * 1_000;
    *event.pointer_mut("/detail/CreationTime").unwrap() = created_at.into();
    world.recorder().take(&event).await.unwrap();
    assert_eq!(load().await.job.status.as_deref(), Some("InProgress"));
}
