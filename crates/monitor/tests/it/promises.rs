//! The promises of the design, one by one, over the in-memory store and fakes.

use std::time::Duration;

use sagebell_monitor::arn::JobArn;
use sagebell_monitor::deliver::SignalOutcome;
use sagebell_monitor::job::Change;
use sagebell_monitor::phase::Phase;
use sagebell_monitor::policy::Policy;
use sagebell_monitor::ports::{Clock as _, Failure, SageMakerError, SendOutcome, Store as _};
use sagebell_monitor::principal::Principal;
use sagebell_monitor::record::{RecordError, Taken};
use sagebell_monitor::signal::Announcement;
use sagebell_monitor::testing::world::{Described, FakeWorld, TRAINING_ARN, callback};
use sagebell_monitor::time::CLOCK_SKEW;
use sagebell_monitor::wait::{FailureClass, OnAbandon, SignalOn, Wait, WaitId, WaitKey, WaitState};
use sagebell_monitor::wait_registry::{Field, Registration, Stop, WaitError};
use serde_json::json;

fn arn() -> JobArn {
    JobArn::parse(TRAINING_ARN).unwrap()
}

fn key(id: &str) -> WaitKey {
    WaitKey::of(arn(), FakeWorld::owner(), WaitId::parse(id).unwrap())
}

async fn wait(world: &FakeWorld, id: &str) -> Wait {
    world.store.load_wait(&key(id)).await.unwrap().unwrap().value
}

async fn take(world: &FakeWorld, status: &str, secondary: &str, age: i64) -> (Change, usize) {
    let event = FakeWorld::training_event(status, secondary, age);
    match world.recorder().take(&event).await.unwrap() {
        Taken::Recorded { change, signal_requests, .. } => (change, signal_requests),
        other => panic!("{other:?}"),
    }
}

async fn register(world: &FakeWorld, id: &str) -> WaitState {
    world.waits().register(world.registration(id)).await.unwrap().wait.state
}

fn pass(world: &FakeWorld, seconds: u64) {
    world.clock.advance(Duration::from_secs(seconds));
}

// 1. No lost wake-up

#[tokio::test]
async fn a_wait_hears_of_its_settled_job_once() {
    let world = FakeWorld::default();
    assert_eq!(register(&world, "w").await, WaitState::Waiting);
    assert_eq!(take(&world, "InProgress", "Training", 10).await, (Change::Advanced, 0));
    assert_eq!(take(&world, "Completed", "Completed", 20).await, (Change::Advanced, 1));
    assert_eq!(world.deliver_all().await, [SignalOutcome::Signalled]);
    assert_eq!(wait(&world, "w").await.state, WaitState::Signalled);
    let signals = world.sender.signals();
    assert_eq!(signals.len(), 1);
    assert_eq!(signals[0].job.phase, Phase::Succeeded);
    assert_eq!((signals[0].wait_id.as_str(), signals[0].seq), ("w", 1));

    assert_eq!(take(&world, "Completed", "Completed", 20).await, (Change::Duplicate, 0));
    assert!(world.deliver_all().await.is_empty());
}

#[tokio::test]
async fn a_wait_registered_after_the_end_is_answered_at_once() {
    let world = FakeWorld::default();
    take(&world, "Failed", "Failed", 20).await;
    let answer = world.waits().register(world.registration("w")).await.unwrap();
    assert_eq!(answer.wait.state, WaitState::Signalled);
    assert_eq!(answer.job.phase, Phase::Failed);
    let again = world.waits().register(world.registration("w")).await.unwrap();
    assert_eq!(again, answer, "the same call gives the same answer");
    assert!(world.sender.sent().is_empty());
}

#[tokio::test]
async fn an_end_recorded_but_not_queued_is_rung_when_the_event_comes_again() {
    let world = FakeWorld::default();
    register(&world, "w").await;
    world.queue.refuse(1);
    let event = FakeWorld::training_event("Completed", "Completed", 20);
    let error = world.recorder().take(&event).await.unwrap_err();
    assert!(matches!(error, RecordError::Queue(_)));
    assert_eq!(take(&world, "Completed", "Completed", 20).await, (Change::Duplicate, 1));
    assert_eq!(world.deliver_all().await, [SignalOutcome::Signalled]);
}

#[tokio::test]
async fn a_lost_signal_request_is_rung_again_by_the_sweep() {
    let world = FakeWorld::default();
    register(&world, "w").await;
    take(&world, "Completed", "Completed", 20).await;
    world.queue.pop().unwrap();
    pass(&world, 301);
    assert_eq!(world.sweep().sweep().await.unwrap().signal_requests, 1);
    assert_eq!(world.deliver_all().await, [SignalOutcome::Signalled]);
}

#[tokio::test]
async fn a_kind_without_events_or_lists_is_looked_at_every_few_minutes() {
    let world = FakeWorld::default();
    let mut asked = world.registration("w");
    let arn = "arn:aws:sagemaker:us-east-1:111122223333:ai-benchmark-job/b";
    asked.arn = JobArn::parse(arn).unwrap();
    world.waits().register(asked).await.unwrap();
    for _ in 0..10 {
        pass(&world, 60);
        world.sweep().sweep().await.unwrap();
    }
    assert_eq!(world.sagemaker.count("describe"), 4, "after 1, 2, 4 and 8 minutes");
}

#[tokio::test]
async fn many_waits_on_one_job_cost_one_describe() {
    let world = FakeWorld::default();
    for id in ["a", "b", "c"] {
        register(&world, id).await;
    }
    for describes in [0, 1] {
        pass(&world, 61);
        assert_eq!(world.sweep().sweep().await.unwrap().checked, 3);
        assert_eq!(world.sagemaker.count("describe"), describes, "first its list is read");
    }
}

#[tokio::test]
async fn failed_callbacks_are_retried_until_they_are_heard() {
    let world = FakeWorld::default();
    register(&world, "w").await;
    world.sender.fail(6);
    take(&world, "Completed", "Completed", 20).await;
    assert_eq!(world.deliver_all().await, [SignalOutcome::Later], "four tries at once, then later");
    assert_eq!(world.sender.sent().len(), 4);
    let mut rounds = 0;
    while wait(&world, "w").await.state == WaitState::Waiting {
        pass(&world, 60);
        world.sweep().sweep().await.unwrap();
        world.deliver_all().await;
        rounds += 1;
        assert!(rounds < 20);
    }
    let sent = world.sender.sent();
    assert_eq!(sent.len(), 7);
    assert!(sent.iter().all(|one| one.id == sent[0].id && one.message == sent[0].message));
}

#[tokio::test]
async fn what_cannot_be_told_by_the_deadline_is_reported() {
    let world = FakeWorld::default();
    let mut asked = world.registration("w");
    asked.deadline = Some(world.clock.now() + Duration::from_secs(30));
    world.waits().register(asked).await.unwrap();
    take(&world, "Completed", "Completed", 20).await;
    world.sender.fail(100);
    world.deliver_all().await;
    for _ in 0..5 {
        pass(&world, 60);
        world.sweep().sweep().await.unwrap();
        world.deliver_all().await;
    }
    assert_eq!(wait(&world, "w").await.state, WaitState::Undeliverable);
    let found = world.announcer.0.lock().unwrap();
    let reason = |one: &Announcement| match one {
        Announcement::WaitUndeliverable { reason, .. } => Some(reason.clone()),
        _ => None,
    };
    assert_eq!(found.iter().filter_map(reason).collect::<Vec<_>>(), ["connection refused"]);
}

#[tokio::test]
async fn a_job_deleted_before_its_end_was_seen_settles_as_stopped() {
    let world = FakeWorld::default();
    world.sagemaker.answer(Described::Error(|| SageMakerError::NotFound));
    register(&world, "w").await;
    for _ in 0..20 {
        pass(&world, 60);
        register(&world, "w").await;
        world.sweep().sweep().await.unwrap();
    }
    let job = world.store.load_job(&arn()).await.unwrap().unwrap().value.job;
    assert_eq!((job.phase, job.status.as_deref()), (Phase::Stopped, Some("Deleted")));
    assert!(job.failure_reason.unwrap().contains("deleted"));
}

#[tokio::test]
async fn a_signal_request_leaves_the_later_tries_to_the_sweep() {
    let world = FakeWorld::default();
    register(&world, "w").await;
    world.sender.fail(6);
    take(&world, "Completed", "Completed", 20).await;
    assert_eq!(world.deliver_all().await, [SignalOutcome::Later]);
    pass(&world, 60);
    world.sweep().sweep().await.unwrap();
    let begun = world.clock.now();
    assert_eq!(world.deliver_all().await, [SignalOutcome::Later]);
    assert_eq!(world.clock.now(), begun, "the fifth try is the only one");
    assert_eq!(world.sender.sent().len(), 5);
}

#[tokio::test]
async fn progress_that_nobody_hears_brings_no_look_forward() {
    let world = FakeWorld::default();
    let mut asked = world.registration("w");
    (asked.signal_on, asked.lease_seconds) = (SignalOn::Progress, 86_400);
    world.waits().register(asked).await.unwrap();
    world.sender.fail(1_000);
    take(&world, "InProgress", "Training", 10).await;
    let before = world.sagemaker.count("describe");
    for _ in 0..70 {
        world.deliver_all().await;
        pass(&world, 60);
        world.sweep().sweep().await.unwrap();
    }
    assert!(world.sender.sent().len() > 10, "it is told again and again");
    assert_eq!(world.sagemaker.count("describe"), before);
    assert_eq!(world.sagemaker.count("list"), 13, "every five minutes");
}

#[tokio::test]
async fn a_look_at_a_running_step_does_not_hide_its_end() {
    let step = "arn:aws:sagemaker:us-east-1:111122223333:pipeline/p/execution/e/step/train";
    let world = FakeWorld::default();
    let mut asked = world.registration("w");
    asked.arn = JobArn::parse(step).unwrap();
    pass(&world, 100);
    let running =
        json!({"StepName": "train", "StepStatus": "Executing", "StartTime": 1_767_225_610});
    world.sagemaker.answer(Described::Answer(running));
    world.waits().register(asked).await.unwrap();
    // Its end, told to the second, is not after the time of the look.
    let end = json!({
        "source": "aws.sagemaker",
        "detail-type": "SageMaker Model Building Pipeline Execution Step Status Change",
        "detail": {
            "pipelineExecutionArn": "arn:aws:sagemaker:us-east-1:111122223333:pipeline/p/execution/e",
            "stepName": "train", "currentStepStatus": "Succeeded",
            "stepStartTime": "2026-01-01T00:00:10Z", "stepEndTime": "2026-01-01T00:01:39Z",
        },
    });
    world.recorder().take(&end).await.unwrap();
    assert_eq!(world.deliver_all().await, [SignalOutcome::Signalled]);
}

#[tokio::test]
async fn an_end_is_announced_once_and_nothing_else_is() {
    let world = FakeWorld::default();
    register(&world, "w").await;
    let announced = || world.announcer.0.lock().unwrap().len();
    take(&world, "InProgress", "Training", 10).await;
    assert_eq!(announced(), 0);
    for _ in 0..3 {
        take(&world, "Completed", "Completed", 20).await;
        assert_eq!(announced(), 1);
    }
}

// 2. No wrong wake-up

#[tokio::test]
async fn a_job_is_not_taken_for_the_deleted_one_before_it() {
    let world = FakeWorld::default();
    register(&world, "old").await;
    world.sagemaker.answer(Described::Error(|| SageMakerError::NotFound));
    pass(&world, 240);
    world.sweep().sweep().await.unwrap();
    pass(&world, 61);
    world.sweep().sweep().await.unwrap();
    assert_eq!(world.deliver_all().await, [SignalOutcome::Signalled], "it was deleted");

    // Created just as the old one was found missing.
    let mut asked = world.registration("new");
    asked.not_before = Some(world.clock.now());
    assert_eq!(world.waits().register(asked).await.unwrap().wait.state, WaitState::Waiting);
    let mut running = FakeWorld::training_event("InProgress", "Starting", 302);
    running["detail"]["CreationTime"] = json!((1_767_225_600_i64 + 301) * 1_000);
    world.recorder().take(&running).await.unwrap();
    assert_eq!(wait(&world, "new").await.state, WaitState::Waiting);
    let job = world.store.load_job(&arn()).await.unwrap().unwrap().value.job;
    assert_eq!(job.phase, Phase::Running);
}

#[tokio::test]
async fn a_job_just_created_is_not_deleted_because_reads_trail() {
    let world = FakeWorld::default();
    register(&world, "old").await;
    pass(&world, 301);
    let mut created = FakeWorld::training_event("InProgress", "Starting", 300);
    created["detail"]["CreationTime"] = json!((1_767_225_600_i64 + 300) * 1_000);
    world.recorder().take(&created).await.unwrap();
    world.sagemaker.answer(Described::Error(|| SageMakerError::NotFound));
    assert_eq!(world.sweep().sweep().await.unwrap().checked, 1);
    assert!(world.queue.is_empty());
}

/// Steps have no creation time, and waits may be registered before there is a step.
#[tokio::test]
async fn a_step_that_an_event_told_of_is_not_deleted_because_reads_trail() {
    let world = FakeWorld::default();
    let step = "arn:aws:sagemaker:us-east-1:111122223333:pipeline/p/execution/e/step/train";
    let asked = Registration { arn: JobArn::parse(step).unwrap(), ..world.registration("w") };
    world.sagemaker.answer(Described::Error(|| SageMakerError::NotFound));
    world.waits().register(asked).await.unwrap();
    pass(&world, 301);
    let running = json!({
        "source": "aws.sagemaker",
        "detail-type": "SageMaker Model Building Pipeline Execution Step Status Change",
        "detail": {
            "pipelineExecutionArn": "arn:aws:sagemaker:us-east-1:111122223333:pipeline/p/execution/e",
            "stepName": "train", "currentStepStatus": "Executing", "stepStartTime": "2026-01-01T00:05:00Z",
        },
    });
    world.recorder().take(&running).await.unwrap();
    world.sweep_for(4).await;
    assert!(world.sender.sent().is_empty());
    world.sweep_for(30).await;
    assert_eq!(world.sender.sent().len(), 1, "it is deleted after all");
}

#[tokio::test]
async fn a_wait_is_not_told_of_an_older_job_of_the_same_name() {
    let world = FakeWorld::default();
    take(&world, "Completed", "Completed", 20).await;
    pass(&world, 86_400);
    let mut asked = world.registration("w");
    asked.not_before = Some(world.clock.now());
    let answer = world.waits().register(asked).await.unwrap();
    assert_eq!(answer.wait.state, WaitState::Waiting);
    take(&world, "Completed", "Completed", 20).await;
    assert!(world.queue.is_empty(), "the old job's event came again");

    let mut new = FakeWorld::training_event("Completed", "Completed", 86_500);
    new["detail"]["CreationTime"] = json!((1_767_225_600_i64 + 86_401) * 1_000);
    world.recorder().take(&new).await.unwrap();
    assert_eq!(world.deliver_all().await, [SignalOutcome::Signalled]);
}

#[tokio::test]
async fn an_endpoint_update_is_told_of_this_update_only() {
    let endpoint = "arn:aws:sagemaker:us-east-1:111122223333:endpoint/e";
    let world = FakeWorld::default();
    let event = |status: &str, age: i64| {
        json!({
            "source": "aws.sagemaker", "detail-type": "SageMaker Endpoint State Change", "time": 1_767_225_600 + age,
            "detail": {
                "EndpointArn": endpoint, "EndpointName": "e", "EndpointStatus": status,
                "CreationTime": 1_767_225_600_000_i64, "LastModifiedTime": (1_767_225_600 + age) * 1_000,
            },
        })
    };
    world.recorder().take(&event("IN_SERVICE", 60)).await.unwrap();
    pass(&world, 100);
    let mut asked = world.registration("update");
    asked.arn = JobArn::parse(endpoint).unwrap();
    asked.not_before = Some(world.clock.now());
    let answer = world.waits().register(asked).await.unwrap();
    assert_eq!((answer.wait.state, answer.job.phase), (WaitState::Waiting, Phase::Succeeded));
    for (status, age, requested) in [
        ("IN_SERVICE", 60, 0), // an old event, again
        ("UPDATING", 101, 0),
        ("ROLLING_BACK", 200, 0),
        ("IN_SERVICE", 300, 1),
    ] {
        match world.recorder().take(&event(status, age)).await.unwrap() {
            Taken::Recorded { signal_requests, .. } => {
                assert_eq!(signal_requests, requested, "{status}@{age}")
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(world.deliver_all().await, [SignalOutcome::Signalled]);
}

#[tokio::test]
async fn a_second_update_under_the_same_wait_id_is_another_signal() {
    let endpoint = "arn:aws:sagemaker:us-east-1:111122223333:endpoint/e";
    let world = FakeWorld::default();
    for age in [60_i64, 300] {
        let mut asked = world.registration("update");
        asked.arn = JobArn::parse(endpoint).unwrap();
        asked.not_before = Some(world.clock.now());
        world.waits().register(asked).await.unwrap();
        // Of each update, only the last event arrives.
        let event = json!({
            "source": "aws.sagemaker", "detail-type": "SageMaker Endpoint State Change",
            "detail": {
                "EndpointArn": endpoint, "EndpointStatus": "IN_SERVICE",
                "CreationTime": 1_767_225_600_000_i64, "LastModifiedTime": (1_767_225_600 + age) * 1_000,
            },
        });
        world.recorder().take(&event).await.unwrap();
        assert_eq!(world.deliver_all().await, [SignalOutcome::Signalled]);
        pass(&world, 240);
    }
    let sent = world.sender.sent();
    assert_eq!(sent.len(), 2);
    assert_ne!(sent[0].id, sent[1].id, "the waiter would take it for a repetition");
}

#[tokio::test]
async fn progress_is_coalesced_and_the_end_comes_last() {
    let world = FakeWorld::default();
    let mut asked = world.registration("w");
    asked.signal_on = SignalOn::Progress;
    world.waits().register(asked).await.unwrap();
    for (secondary, age) in [("Starting", 1), ("Downloading", 2), ("Training", 3)] {
        take(&world, "InProgress", secondary, age).await;
    }
    assert_eq!(world.queue.len(), 3);
    assert_eq!(
        world.deliver_all().await,
        [SignalOutcome::Progress, SignalOutcome::Nothing, SignalOutcome::Nothing]
    );
    take(&world, "Completed", "Completed", 4).await;
    take(&world, "InProgress", "Uploading", 3).await;
    assert_eq!(world.deliver_all().await, [SignalOutcome::Signalled]);
    let received: Vec<_> = world
        .sender
        .signals()
        .into_iter()
        .map(|b| (b.seq, b.job.secondary_status.unwrap()))
        .collect();
    assert_eq!(received, [(1, "Training".to_owned()), (2, "Completed".to_owned())]);
}

#[tokio::test]
async fn a_wait_for_the_end_hears_nothing_else() {
    let world = FakeWorld::default();
    register(&world, "w").await;
    assert_eq!(take(&world, "InProgress", "Training", 3).await, (Change::Advanced, 0));
    assert!(world.deliver_all().await.is_empty());
}

// 4. No orphan

async fn register_to_stop(world: &FakeWorld, id: &str) {
    let mut asked = world.registration(id);
    asked.on_abandon = OnAbandon::Stop;
    world.waits().register(asked).await.unwrap();
}

/// The waiters are gone, and the sweep runs until they are found to be.
async fn let_the_lease_run_out(world: &FakeWorld) {
    world.sender.nobody(true);
    world.sweep_for(19).await;
    world.sender.nobody(false);
}

#[tokio::test]
async fn the_job_of_a_waiter_that_is_gone_is_stopped() {
    let world = FakeWorld::default();
    register_to_stop(&world, "w").await;
    let_the_lease_run_out(&world).await;
    assert_eq!(world.sagemaker.count("stop"), 1);
    assert_eq!(wait(&world, "w").await.state, WaitState::Abandoned);
    assert!(matches!(
        world.announcer.0.lock().unwrap()[..],
        [Announcement::WaitAbandoned { stopping: true, .. }]
    ));
}

#[tokio::test]
async fn a_stop_that_fails_is_tried_again() {
    let world = FakeWorld::default();
    register_to_stop(&world, "w").await;
    world.sagemaker.refuse_stop(Some(|| SageMakerError::Throttled("slow down".to_owned())));
    let_the_lease_run_out(&world).await;
    assert!(wait(&world, "w").await.stop_pending);
    world.sagemaker.refuse_stop(None);
    pass(&world, 61);
    assert_eq!(world.sweep().sweep().await.unwrap().stopped, 1);
    assert_eq!(world.sagemaker.count("stop"), 2);
    assert!(!wait(&world, "w").await.stop_pending);
}

#[tokio::test]
async fn a_job_that_others_wait_for_or_that_is_to_be_kept_is_not_stopped() {
    let world = FakeWorld::default();
    register_to_stop(&world, "gone").await;
    register(&world, "kept").await;
    world.sender.nobody(true);
    world.sweep_for(10).await;
    register(&world, "other").await;
    world.sweep_for(10).await;
    assert_eq!(wait(&world, "gone").await.state, WaitState::Abandoned);
    assert_eq!(wait(&world, "kept").await.state, WaitState::Abandoned);
    assert_eq!(world.sagemaker.count("stop"), 0);
}

#[tokio::test]
async fn waiters_that_go_together_do_not_leave_the_job_to_each_other() {
    let world = FakeWorld::default();
    register_to_stop(&world, "one").await;
    register_to_stop(&world, "other").await;
    let_the_lease_run_out(&world).await;
    assert!(world.sagemaker.count("stop") > 0);
}

#[tokio::test]
async fn a_stop_is_not_tried_again_once_somebody_waits() {
    let world = FakeWorld::default();
    register_to_stop(&world, "gone").await;
    world.sagemaker.refuse_stop(Some(|| SageMakerError::Throttled("slow down".to_owned())));
    let_the_lease_run_out(&world).await;
    register(&world, "new").await;
    world.sagemaker.refuse_stop(None);
    pass(&world, 61);
    world.sweep().sweep().await.unwrap();
    assert_eq!(world.sagemaker.count("stop"), 1, "the one that failed");
    assert!(!wait(&world, "gone").await.stop_pending);
}

#[tokio::test]
async fn a_rescheduled_pod_takes_its_wait_up_again() {
    let world = FakeWorld::default();
    register_to_stop(&world, "w").await;
    pass(&world, u64::from(Policy::LEASE_SECONDS_DEFAULT) + 200);
    world.sweep().sweep().await.unwrap();
    let mut asked = world.registration("w");
    asked.channel = callback("http://10.9.9.9:7070/", 8);
    world.waits().register(asked).await.unwrap();
    pass(&world, 400);
    world.sweep().sweep().await.unwrap();
    assert_eq!(world.sagemaker.count("stop"), 0);
    take(&world, "Completed", "Completed", 20).await;
    assert_eq!(world.deliver_all().await, [SignalOutcome::Signalled]);
    assert_eq!(world.sender.sent()[0].url.as_url().as_str(), "http://10.9.9.9:7070/");
}

#[tokio::test]
async fn an_abandoned_wait_can_be_taken_up_while_the_job_runs() {
    let world = FakeWorld::default();
    register(&world, "w").await;
    let_the_lease_run_out(&world).await;
    assert_eq!(wait(&world, "w").await.state, WaitState::Abandoned);
    assert_eq!(register(&world, "w").await, WaitState::Waiting);
    take(&world, "Completed", "Completed", 20).await;
    assert_eq!(world.deliver_all().await, [SignalOutcome::Signalled]);
}

// 5. Bounded cost

#[tokio::test]
async fn a_claim_left_behind_does_not_keep_its_wait_due() {
    let world = FakeWorld::default();
    register(&world, "w").await;
    take(&world, "InProgress", "Training", 10).await;
    let found = world.store.load_wait(&key("w")).await.unwrap().unwrap();
    let mut claimed = found.value;
    claimed.delivery.claimed_until = Some(world.clock.now());
    claimed.due_at = claimed.delivery.claimed_until;
    world.store.save_wait(&claimed, Some(found.version)).await.unwrap();
    assert_eq!(world.sweep().sweep().await.unwrap().checked, 1);
    pass(&world, 60);
    assert_eq!(world.sweep().sweep().await.unwrap().due, 0);
}

#[tokio::test]
async fn another_wait_on_a_job_does_not_write_the_job_again() {
    let world = FakeWorld::default();
    register(&world, "first").await;
    let before = world.store.load_job(&arn()).await.unwrap().unwrap().version;
    for number in 0..100 {
        pass(&world, 1);
        register(&world, &format!("w{number}")).await;
    }
    assert_eq!(world.store.load_job(&arn()).await.unwrap().unwrap().version, before);
}

#[tokio::test]
async fn a_sweep_that_fails_for_one_wait_goes_on_with_the_next() {
    let world = FakeWorld::default();
    register(&world, "a").await;
    register(&world, "b").await;
    take(&world, "Completed", "Completed", 20).await;
    while world.queue.pop().is_some() {}
    pass(&world, 301);
    world.queue.refuse(1);
    let report = world.sweep().sweep().await.unwrap();
    assert_eq!((report.due, report.failed, report.signal_requests), (2, 1, 1));
}

// 6. Nobody in who does not belong

async fn refusal(world: &FakeWorld, change: impl FnOnce(&mut Registration)) -> WaitError {
    let mut asked = world.registration("w");
    change(&mut asked);
    world.waits().register(asked).await.unwrap_err()
}

#[tokio::test]
async fn a_wait_belongs_to_who_registered_it() {
    let world = FakeWorld::default();
    register(&world, "w").await;
    let before = wait(&world, "w").await;
    let other = Principal("111122223333:role/other".to_owned());
    let theirs = WaitKey { owner: Some(other.clone()), ..key("w") };
    assert!(matches!(world.waits().inspect(&theirs).await, Err(WaitError::NotFound)));
    assert!(matches!(
        world.waits().cancel(&theirs, Stop::Unwanted).await,
        Err(WaitError::NotFound)
    ));
    assert_eq!(world.sagemaker.count("stop"), 0);
    let mut asked = world.registration("w");
    (asked.owner, asked.signal_on) = (other, SignalOn::Progress);
    world.waits().register(asked).await.unwrap();
    assert_eq!(wait(&world, "w").await, before, "a name is each principal's own");
}

#[tokio::test]
async fn a_wait_of_0_1_0_is_its_owners_still() {
    let world = FakeWorld::default();
    register(&world, "w").await;
    let mut old = wait(&world, "w").await;
    (old.keyed_by_owner, old.id) = (false, WaitId::parse("old").unwrap());
    world.store.save_wait(&old, None).await.unwrap();
    let stranger = Principal("111122223333:role/other".to_owned());
    let theirs = WaitKey { owner: Some(stranger), ..key("old") };
    assert!(matches!(world.waits().inspect(&theirs).await, Err(WaitError::NotFound)));
    assert_eq!(world.waits().inspect(&key("old")).await.unwrap().wait, old);
    take(&world, "Completed", "Completed", 20).await;
    assert_eq!(world.deliver_all().await, [SignalOutcome::Signalled, SignalOutcome::Signalled]);
    let found = world.waits().cancel(&key("old"), Stop::No).await.unwrap().wait;
    assert_eq!(found.state, WaitState::Signalled);
}

#[tokio::test]
async fn a_signal_request_that_does_not_say_whose_finds_the_wait() {
    let world = FakeWorld::default();
    register(&world, "w").await;
    take(&world, "Completed", "Completed", 20).await;
    let mut request = world.queue.pop().unwrap();
    request.owner = None;
    assert_eq!(world.deliver().handle(&request).await.unwrap(), SignalOutcome::Signalled);
}

#[tokio::test]
async fn a_signal_request_of_a_wait_that_is_gone_rings_nobody_elses() {
    let world = FakeWorld::default();
    register(&world, "w").await;
    take(&world, "Completed", "Completed", 20).await;
    let mut request = world.queue.pop().unwrap();
    request.owner = Some(Principal("111122223333:role/gone".to_owned()));
    assert_eq!(world.deliver().handle(&request).await.unwrap(), SignalOutcome::Nothing);
    assert!(world.sender.sent().is_empty());
}

/// Whatever the case of its name in an ARN, a job is one job.
#[tokio::test]
async fn a_job_is_found_by_its_arn_in_any_case_and_named_by_a_name_field() {
    let world = FakeWorld::default();
    let mut asked = world.registration("w");
    asked.arn = JobArn::parse(&TRAINING_ARN.replace("mnist", "MNIST")).unwrap();
    let answer = world.waits().register(asked).await.unwrap();
    assert_eq!(answer.job.name, "MNIST", "the registered spelling, for want of a better");
    take(&world, "InProgress", "Training", 10).await;
    let job = world.jobs().get(&arn()).await.unwrap().unwrap().job;
    assert_eq!((job.name.as_str(), job.arn.as_str()), ("mnist", TRAINING_ARN));
    take(&world, "Completed", "Completed", 20).await;
    assert_eq!(world.deliver_all().await, [SignalOutcome::Signalled]);
}

// Times from the future

/// Takes an event of the training job with these members of its detail changed.
async fn take_with(
    world: &FakeWorld,
    status: &str,
    members: &[(&str, serde_json::Value)],
) -> Change {
    let mut event = FakeWorld::training_event(status, status, 20);
    for (member, value) in members {
        event["detail"][*member] = value.clone();
    }
    match world.recorder().take(&event).await.unwrap() {
        Taken::Recorded { change, .. } => change,
        other => panic!("{other:?}"),
    }
}

const IN_2031: i64 = 1_924_992_000_000;

#[tokio::test]
async fn an_event_from_the_future_does_not_make_the_true_end_late() {
    for member in ["CreationTime", "LastModifiedTime", "TrainingEndTime"] {
        let world = FakeWorld::default();
        pass(&world, 60);
        register(&world, "w").await;
        take_with(&world, "InProgress", &[(member, json!(IN_2031))]).await;
        assert_eq!(
            take(&world, "Completed", "Completed", 50).await,
            (Change::Advanced, 1),
            "{member}"
        );
        assert_eq!(world.deliver_all().await, [SignalOutcome::Signalled], "{member}");
        let record = world.store.load_job(&arn()).await.unwrap().unwrap().value;
        let times = [record.job.created_at, record.job.modified_at, record.job.settled_at];
        let latest = world.clock.now() + CLOCK_SKEW;
        assert!(times.into_iter().flatten().all(|at| at <= latest), "{member}: {times:?}");
        assert!(record.timeline.iter().all(|entry| entry.at.max(entry.seen_at) <= latest));
    }
}

#[tokio::test]
async fn an_update_told_from_the_future_does_not_hide_its_true_end() {
    let arn = "arn:aws:sagemaker:us-east-1:111122223333:endpoint/live";
    let world = FakeWorld::default();
    let born = world.clock.now();
    pass(&world, 600);
    let mut asked = world.registration("w");
    asked.arn = JobArn::parse(arn).unwrap();
    world.waits().register(asked).await.unwrap();
    let event = |status: &str, modified: i64| {
        json!({
            "source": "aws.sagemaker", "detail-type": "SageMaker Endpoint State Change",
            "detail": {
                "EndpointArn": arn, "EndpointName": "live", "EndpointStatus": status,
                "CreationTime": born.as_millisecond(), "LastModifiedTime": modified,
            },
        })
    };
    world.recorder().take(&event("UPDATING", IN_2031)).await.unwrap();
    // SageMaker's clock, a little behind ours.
    let true_end = world.clock.now().as_millisecond() - 200;
    world.recorder().take(&event("IN_SERVICE", true_end)).await.unwrap();
    assert_eq!(world.deliver_all().await, [SignalOutcome::Signalled]);
}

#[tokio::test]
async fn a_settled_job_is_not_made_anew_by_an_event_from_the_future() {
    let world = FakeWorld::default();
    take(&world, "Completed", "Completed", 20).await;
    let change = take_with(&world, "InProgress", &[("CreationTime", json!(IN_2031))]).await;
    assert_eq!(change, Change::Late);
    let job = world.store.load_job(&arn()).await.unwrap().unwrap().value.job;
    assert_eq!(job.phase, Phase::Succeeded);
}

#[tokio::test]
async fn a_clock_that_is_minutes_ahead_is_believed() {
    let world = FakeWorld::default();
    let ahead = world.clock.now() + Duration::from_secs(290);
    let millis = json!(ahead.as_millisecond());
    take_with(&world, "InProgress", &[("LastModifiedTime", millis)]).await;
    let job = world.store.load_job(&arn()).await.unwrap().unwrap().value.job;
    assert_eq!(job.modified_at, Some(ahead));
}

// Contention

#[tokio::test]
async fn events_of_one_job_in_one_batch_are_recorded_in_their_order() {
    let world = FakeWorld::default();
    register(&world, "w").await;
    let end = FakeWorld::training_event("Completed", "Completed", 40);
    let mut events: Vec<_> = (0..9)
        .map(|step| FakeWorld::training_event("InProgress", &format!("s{step}"), 10 + step))
        .collect();
    events.insert(4, json!({"source": "aws.s3"}));
    events.insert(5, json!({"source": 1}));
    events.push(end);
    let taken = world.recorder().take_all(&events).await;
    assert_eq!(taken.len(), events.len());
    for (place, taken) in taken.iter().enumerate() {
        match (place, taken) {
            (4, Ok(Taken::Ignored(_))) | (5, Err(RecordError::Refused(_))) => {}
            (_, Ok(Taken::Recorded { change, .. })) => assert_eq!(*change, Change::Advanced),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(world.deliver_all().await, [SignalOutcome::Signalled]);
}

#[test]
fn writers_that_met_pause_for_a_random_part_of_what_doubles() {
    let millis = |conflicts, unit| Policy::cas_pause(conflicts, unit).as_millis();
    let longest: Vec<_> = (1..=8).map(|conflicts| millis(conflicts, 1.0)).collect();
    assert_eq!(longest, [10, 20, 40, 80, 160, 320, 320, 320]);
    assert_eq!((millis(3, 0.0), millis(3, 0.5), millis(u32::MAX, 1.0)), (0, 20, 320));
}

#[tokio::test]
async fn bad_fields_are_refused_by_name() {
    let world = FakeWorld::default();
    let field = |error: WaitError| {
        let text = error.to_string();
        match error {
            WaitError::Invalid { field, problem } => {
                assert_eq!(text, format!("{field}: {problem}"));
                field
            }
            other => panic!("{other}"),
        }
    };
    let now = world.clock.now();
    let denied = callback("http://denied/", 7);
    assert_eq!(field(refusal(&world, |a| a.channel = denied).await), Field::CallbackUrl);
    assert_eq!(field(refusal(&world, |a| a.lease_seconds = 1).await), Field::LeaseSeconds);
    assert_eq!(field(refusal(&world, |a| a.deadline = Some(now)).await), Field::Deadline);
    assert_eq!(Field::LeaseSeconds.to_string(), "lease", "its name for people");
    let endpoint = "arn:aws:sagemaker:us-east-1:111122223333:endpoint/e";
    let unstoppable = refusal(&world, |a| {
        a.arn = JobArn::parse(endpoint).unwrap();
        a.on_abandon = OnAbandon::Stop;
    });
    assert_eq!(field(unstoppable.await), Field::OnAbandon);
    let many = (0..17).map(|n| (n.to_string(), String::new())).collect();
    assert_eq!(field(refusal(&world, |a| a.labels = many).await), Field::Labels);
    assert!(world.store.load_wait(&key("w")).await.unwrap().is_none());
}

#[tokio::test]
async fn jobs_out_of_scope_are_refused_and_their_events_counted() {
    let policy = Policy { accounts: vec!["999999999999".to_owned()], ..Policy::default() };
    let world = FakeWorld::with(policy);
    assert!(matches!(refusal(&world, |_| ()).await, WaitError::OutOfScope(_)));
    let event = FakeWorld::training_event("Completed", "Completed", 1);
    let taken = world.recorder().take(&event).await.unwrap();
    assert!(matches!(taken, Taken::Ignored(_)));
    assert!(world.store.load_job(&arn()).await.unwrap().is_none());
}

// Cancelling, and waiters that say that they are gone

#[tokio::test]
async fn a_cancelled_wait_hears_nothing() {
    let world = FakeWorld::default();
    register(&world, "w").await;
    let answer = world.waits().cancel(&key("w"), Stop::Unwanted).await.unwrap();
    assert_eq!((answer.wait.state, world.sagemaker.count("stop")), (WaitState::Cancelled, 1));
    assert_eq!(take(&world, "Stopped", "Stopped", 20).await, (Change::Advanced, 0));
}

#[tokio::test]
async fn a_stop_that_fails_leaves_the_wait() {
    let world = FakeWorld::default();
    register(&world, "w").await;
    world.sagemaker.refuse_stop(Some(|| SageMakerError::Refused("AccessDenied".to_owned())));
    let error = world.waits().cancel(&key("w"), Stop::Unwanted).await.unwrap_err();
    assert!(matches!(error, WaitError::NotStopped(_)));
    assert_eq!(wait(&world, "w").await.state, WaitState::Waiting);
}

#[tokio::test]
async fn a_waiter_that_answers_410_is_dropped() {
    let world = FakeWorld::default();
    register(&world, "w").await;
    world.sender.script([SendOutcome::Gone]);
    take(&world, "Completed", "Completed", 20).await;
    assert_eq!(world.deliver_all().await, [SignalOutcome::Gone]);
    assert_eq!(wait(&world, "w").await.state, WaitState::Cancelled);
}

#[tokio::test]
async fn a_wait_past_its_deadline_with_the_job_still_running_expires() {
    let world = FakeWorld::default();
    let mut asked = world.registration("w");
    asked.deadline = Some(world.clock.now() + Duration::from_secs(120));
    world.waits().register(asked).await.unwrap();
    pass(&world, 121);
    assert_eq!(world.sweep().sweep().await.unwrap().expired, 1);
    assert_eq!(wait(&world, "w").await.state, WaitState::Expired);
}

#[tokio::test]
async fn a_job_that_nobody_waits_for_past_the_deadline_is_stopped_if_the_wait_says_so() {
    let world = FakeWorld::default();
    for id in ["a", "b"] {
        let mut asked = world.registration(id);
        asked.deadline = Some(world.clock.now() + Duration::from_secs(120));
        asked.on_abandon = OnAbandon::Stop;
        world.waits().register(asked).await.unwrap();
    }
    pass(&world, 121);
    assert_eq!(world.sweep().sweep().await.unwrap().expired, 2);
    assert!(world.sagemaker.count("stop") > 0);
    assert_eq!(wait(&world, "a").await.state, WaitState::Expired);
}

#[tokio::test]
async fn retry_after_is_waited_for_elsewhere() {
    let world = FakeWorld::default();
    register(&world, "w").await;
    let busy = SendOutcome::Failed {
        failure: Failure::new(FailureClass::BadStatus, "HTTP 503"),
        retry_after: Some(Duration::from_secs(90)),
    };
    world.sender.script([busy]);
    take(&world, "Completed", "Completed", 20).await;
    assert_eq!(world.deliver_all().await, [SignalOutcome::Later]);
    assert_eq!(
        world.deliver().handle(&key("w").into()).await.unwrap(),
        SignalOutcome::Busy,
        "not before its time"
    );
    pass(&world, 91);
    assert_eq!(world.deliver().handle(&key("w").into()).await.unwrap(), SignalOutcome::Signalled);
}
