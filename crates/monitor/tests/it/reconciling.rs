//! The sweep reads SageMaker's lists, and asks about no single job whose list tells what changed.

use std::time::Duration;

use sagebell_monitor::arn::JobArn;
use sagebell_monitor::deliver::SignalOutcome;
use sagebell_monitor::job::Job;
use sagebell_monitor::job_list::ListProgress;
use sagebell_monitor::limits::Limits;
use sagebell_monitor::observation::Source;
use sagebell_monitor::phase::Phase;
use sagebell_monitor::policy::Policy;
use sagebell_monitor::ports::{SageMakerError, Store as _};
use sagebell_monitor::testing::world::{Described, FakeWorld, TRAINING_ARN};
use sagebell_monitor::wait::WaitState;
use serde_json::{Value, json};

/// When the world's clock starts.
const START: i64 = 1_767_225_600;
const MINUTE: u64 = 60;
/// Until the list of a job that is known was read: after its first check, and a pause.
const READ: u64 = 6 * MINUTE;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

fn arn_of(name: &str) -> String {
    format!("arn:aws:sagemaker:us-east-1:111122223333:training-job/{name}")
}

/// What a list says of a training job in this state since so many seconds after the start.
fn summary(name: &str, status: &str, age: i64) -> Value {
    json!({
        "TrainingJobArn": arn_of(name).to_ascii_lowercase(), "TrainingJobName": name,
        "TrainingJobStatus": status, "SecondaryStatus": status,
        "CreationTime": START, "LastModifiedTime": START + age,
    })
}

async fn register(world: &FakeWorld, name: &str) -> WaitState {
    let mut asked = world.registration("w");
    asked.arn = JobArn::parse(&arn_of(name)).unwrap();
    asked.lease_seconds = 86_400;
    world.waits().register(asked).await.unwrap().wait.state
}

/// The event that tells that a job runs.
async fn begins(world: &FakeWorld, name: &str) {
    let mut event = FakeWorld::training_event("InProgress", "Training", 10);
    event["detail"]["TrainingJobArn"] = arn_of(name).into();
    event["detail"]["TrainingJobName"] = name.into();
    world.recorder().take(&event).await.unwrap();
}

async fn job(world: &FakeWorld, name: &str) -> Job {
    let arn = JobArn::parse(&arn_of(name)).unwrap();
    world.store.load_job(&arn).await.unwrap().unwrap().value.job
}

async fn lists(world: &FakeWorld) -> Vec<ListProgress> {
    world.store.load_heartbeat().await.unwrap().unwrap().value.lists
}

/// A sweep every minute for so many seconds; those who are told answer, and renew once an hour.
async fn pass(world: &FakeWorld, seconds: u64) {
    for minute in 0..seconds / MINUTE {
        world.clock.advance(Duration::from_secs(MINUTE));
        world.sweep().sweep().await.unwrap();
        world.deliver_all().await;
        assert!(minute < 30 * DAY, "for ever");
    }
}

async fn running(name: &str) -> FakeWorld {
    let world = FakeWorld::default();
    register(&world, name).await;
    begins(&world, name).await;
    world
}

#[tokio::test]
async fn an_event_that_was_lost_is_made_up_for_within_one_interval() {
    let world = running("mnist").await;
    pass(&world, 10 * MINUTE).await;
    world.sagemaker.list(Ok(vec![summary("mnist", "Completed", 601)]));
    for _ in 0..4 {
        world.clock.advance(Duration::from_secs(MINUTE));
        world.sweep().sweep().await.unwrap();
    }
    world.clock.advance(Duration::from_secs(MINUTE));
    let report = world.sweep().sweep().await.unwrap();
    assert!(report.found == 1 || world.queue.len() == 1, "{report:?}");
    assert_eq!(world.deliver_all().await, [SignalOutcome::Signalled]);
    let record = world.store.load_job(&JobArn::parse(TRAINING_ARN).unwrap()).await;
    let timeline = record.unwrap().unwrap().value.timeline;
    assert_eq!(timeline.last().unwrap().source, Source::List);
    assert_eq!(world.sagemaker.count("describe"), 0);
}

#[tokio::test]
async fn the_first_event_may_be_lost_as_well() {
    let world = FakeWorld::default();
    register(&world, "mnist").await;
    world.sagemaker.list(Ok(vec![summary("mnist", "Completed", 5)]));
    world.clock.advance(Duration::from_secs(MINUTE));
    world.sweep().sweep().await.unwrap();
    assert_eq!(world.deliver_all().await, [SignalOutcome::Signalled]);
    assert_eq!(world.sagemaker.count("describe"), 0);
}

#[tokio::test]
async fn a_job_that_ended_long_ago_is_described_once() {
    let world = FakeWorld::default();
    world.clock.advance(Duration::from_secs(10 * DAY));
    world.sagemaker.answer(Described::Answer(summary("mnist", "Completed", 5)));
    assert_eq!(register(&world, "mnist").await, WaitState::Waiting);
    assert_eq!(world.sagemaker.calls.lock().unwrap().len(), 0, "a registration asks nothing");
    pass(&world, 2 * MINUTE).await;
    assert_eq!(job(&world, "mnist").await.phase, Phase::Succeeded);
    pass(&world, HOUR).await;
    assert_eq!(world.sagemaker.count("describe"), 1);
}

#[tokio::test]
async fn nothing_is_described_in_the_life_of_a_job_of_any_age() {
    for (hours, describes) in [(1, 0), (30, 0), (7 * 24, 3)] {
        let world = running("mnist").await;
        world.sagemaker.answer(Described::Answer(summary("mnist", "InProgress", 10)));
        for _ in 0..hours {
            pass(&world, HOUR).await;
            register(&world, "mnist").await;
        }
        // A list does not tell that a job was deleted: after days of silence it is looked at.
        let seen = world.sagemaker.count("describe");
        assert!(seen <= describes, "{seen} after {hours} hours");
    }
}

#[tokio::test]
async fn calls_do_not_grow_with_the_number_of_quiet_jobs() {
    let mut calls = Vec::new();
    for count in [10, 10_000] {
        let world = FakeWorld::with(Policy { limits: Limits::NONE, ..Policy::default() });
        for number in 0..count {
            register(&world, &format!("job-{number}")).await;
            begins(&world, &format!("job-{number}")).await;
        }
        pass(&world, 2 * HOUR).await;
        assert_eq!(world.sagemaker.count("describe"), 0);
        calls.push(world.sagemaker.count("list"));
    }
    assert_eq!(calls[0], calls[1], "one reading every five minutes tells of all");
    assert!((22..=25).contains(&calls[0]), "{calls:?}");
}

#[tokio::test]
async fn of_jobs_that_nobody_waited_for_nothing_is_recorded() {
    let world = running("mnist").await;
    world.sagemaker.list(Ok(vec![summary("other", "Completed", 20)]));
    pass(&world, 10 * MINUTE).await;
    let other = JobArn::parse(&arn_of("other")).unwrap();
    assert_eq!(world.store.load_job(&other).await.unwrap(), None);
}

#[tokio::test]
async fn a_failure_is_described_where_the_list_does_not_tell_why() {
    let world = running("mnist").await;
    world.sagemaker.list(Ok(vec![summary("mnist", "Failed", 20)]));
    let mut answer = summary("mnist", "Failed", 20);
    answer["FailureReason"] = "AlgorithmError: out of memory".into();
    world.sagemaker.answer(Described::Answer(answer));
    pass(&world, READ).await;
    let job = job(&world, "mnist").await;
    assert_eq!(job.failure_reason.as_deref(), Some("AlgorithmError: out of memory"));
    assert_eq!(world.sagemaker.count("describe"), 1);
}

#[tokio::test]
async fn a_failure_is_told_without_its_reason_if_nobody_tells_it() {
    let world = running("mnist").await;
    world.sagemaker.list(Ok(vec![summary("mnist", "Failed", 20)]));
    world.sagemaker.answer(Described::Error(|| SageMakerError::Throttled("Rate".to_owned())));
    pass(&world, READ).await;
    let job = job(&world, "mnist").await;
    assert_eq!((job.phase, job.failure_reason), (Phase::Failed, None));
}

#[tokio::test]
async fn a_list_that_was_not_read_is_read_by_the_next_sweep_from_the_same_time_on() {
    let world = running("mnist").await;
    pass(&world, READ).await;
    let before = lists(&world).await;
    world.sagemaker.list(Err(|| SageMakerError::Throttled("Rate exceeded".to_owned())));
    pass(&world, 10 * MINUTE).await;
    assert_eq!(lists(&world).await[0].until, before[0].until);
    world.sagemaker.list(Ok(vec![summary("mnist", "Completed", 180)]));
    pass(&world, MINUTE).await;
    assert_eq!(job(&world, "mnist").await.phase, Phase::Succeeded);
}

#[tokio::test]
async fn a_long_list_is_read_over_several_sweeps() {
    let world = running("job-2499").await;
    let all = (0..2_500).map(|number| summary(&format!("job-{number}"), "Completed", 20));
    world.sagemaker.list(Ok(all.collect()));
    pass(&world, READ).await;
    assert_eq!(world.sagemaker.count("list"), 10, "as many pages as one sweep reads");
    assert_eq!(job(&world, "job-2499").await.phase, Phase::Running);
    pass(&world, 2 * MINUTE).await;
    assert_eq!(world.sagemaker.count("list"), 25);
    assert_eq!(job(&world, "job-2499").await.phase, Phase::Succeeded);
    assert_eq!(lists(&world).await[0].rest, None);
}

#[tokio::test]
async fn a_list_that_takes_long_is_left_to_the_next_sweep_in_time() {
    let world = running("job-1499").await;
    let all = (0..1_500).map(|number| summary(&format!("job-{number}"), "Completed", 20));
    world.sagemaker.list(Ok(all.collect()));
    world.sagemaker.take_time(Policy::LIST_FOR / 2);
    pass(&world, READ).await;
    assert_eq!(world.sagemaker.count("list"), 2, "and not as many pages as one sweep may read");
    assert!(lists(&world).await[0].rest.is_some(), "it is written down where to go on");
    world.sagemaker.take_time(Duration::ZERO);
    pass(&world, 2 * MINUTE).await;
    assert_eq!(world.sagemaker.count("list"), 15);
    assert_eq!(job(&world, "job-1499").await.phase, Phase::Succeeded);
}

#[tokio::test]
async fn a_token_that_is_refused_has_the_list_read_from_its_beginning() {
    let world = running("job-1499").await;
    let all = (0..1_500).map(|number| summary(&format!("job-{number}"), "Completed", 20));
    world.sagemaker.list(Ok(all.collect()));
    pass(&world, READ).await;
    assert!(lists(&world).await[0].rest.is_some());
    world.sagemaker.list(Err(|| SageMakerError::Refused("Invalid NextToken".to_owned())));
    pass(&world, MINUTE).await;
    assert!(lists(&world).await[0].rest.is_none());
    world.sagemaker.list(Ok(vec![summary("job-1499", "Completed", 20)]));
    pass(&world, MINUTE).await;
    assert_eq!(job(&world, "job-1499").await.phase, Phase::Succeeded);
}

#[tokio::test]
async fn a_signal_request_that_was_lost_is_made_up_for_by_the_second_reading() {
    let world = running("mnist").await;
    pass(&world, HOUR).await;
    let age = i64::try_from(HOUR + 5).unwrap();
    let end = FakeWorld::training_event("Completed", "Completed", age);
    world.recorder().take(&end).await.unwrap();
    world.queue.pop().unwrap();
    world.sagemaker.list(Ok(vec![summary("mnist", "Completed", age)]));
    pass(&world, 11 * MINUTE).await;
    assert_eq!(world.sender.sent().len(), 1);
}

#[tokio::test]
async fn jobs_are_described_whose_list_cannot_be_read() {
    let world = running("mnist").await;
    world.sagemaker.list(Err(|| SageMakerError::Refused("AccessDeniedException".to_owned())));
    world.sagemaker.answer(Described::Answer(summary("mnist", "Completed", 7_200)));
    pass(&world, 3 * HOUR).await;
    assert_eq!(job(&world, "mnist").await.phase, Phase::Succeeded);
}

#[tokio::test]
async fn a_list_that_nobody_waits_for_is_read_no_more() {
    let world = running("mnist").await;
    pass(&world, MINUTE).await;
    assert_eq!(lists(&world).await.len(), 1);
    let end = FakeWorld::training_event("Completed", "Completed", 70);
    world.recorder().take(&end).await.unwrap();
    world.deliver_all().await;
    pass(&world, DAY / 2).await;
    assert_eq!(lists(&world).await.len(), 0);
    let read = world.sagemaker.count("list");
    pass(&world, DAY).await;
    assert_eq!(world.sagemaker.count("list"), read);
}
