//! Who may be taken for gone: only a waiter that was looked for in vain.

use std::time::Duration;

use sagebell_monitor::arn::JobArn;
use sagebell_monitor::deliver::SignalOutcome;
use sagebell_monitor::policy::Policy;
use sagebell_monitor::ports::{SendOutcome, Store as _};
use sagebell_monitor::principal::Principal;
use sagebell_monitor::signal::{Purpose, SignalRequest};
use sagebell_monitor::testing::world::{FakeWorld, TRAINING_ARN, callback};
use sagebell_monitor::wait::{Channel, OnAbandon, Wait, WaitKey, WaitState};
use sagebell_monitor::wait_registry::Registration;

const MINUTE: Duration = Duration::from_secs(60);
/// With the default lease of ten minutes and the grace of five.
const LAPSES_AFTER: u32 = 15;

fn key(world: &FakeWorld) -> WaitKey {
    let asked = world.registration("w");
    WaitKey { arn: asked.arn, id: asked.id, owner: Some(asked.owner) }
}

async fn wait(world: &FakeWorld) -> Wait {
    world.store.load_wait(&key(world)).await.unwrap().unwrap().value
}

async fn register(world: &FakeWorld) {
    let mut asked = world.registration("w");
    asked.on_abandon = OnAbandon::Stop;
    world.waits().register(asked).await.unwrap();
}

fn stops(world: &FakeWorld) -> usize {
    world.sagemaker.count("stop")
}

#[tokio::test]
async fn a_waiter_that_answers_probes_keeps_its_wait_though_no_renewal_comes_through() {
    let world = FakeWorld::default();
    register(&world).await;
    world.sweep_for(24 * 60).await;
    assert_eq!((wait(&world).await.state, stops(&world)), (WaitState::Waiting, 0));
    let probes = world.sender.probes().len();
    // Each answer is worth a lease and the grace.
    assert!((90..=100).contains(&probes), "{probes}");
    assert!(world.sender.sent().is_empty(), "a probe is no signal");
}

#[tokio::test]
async fn a_waiter_that_is_gone_is_found_to_be_within_minutes_of_its_grace() {
    let world = FakeWorld::default();
    register(&world).await;
    world.sender.nobody(true);
    world.sweep_for(LAPSES_AFTER + Policy::PROBES).await;
    assert_eq!((wait(&world).await.state, stops(&world)), (WaitState::Waiting, 0));
    world.sweep_for(1).await;
    assert_eq!((wait(&world).await.state, stops(&world)), (WaitState::Abandoned, 1));
    let probes = world.sender.probes();
    assert_eq!(probes.len(), Policy::PROBES as usize);
    for probe in probes {
        assert_eq!(probe.message.wait_id.as_str(), "w");
        let to = Channel::Callback { url: probe.url, secret: probe.secret };
        assert_eq!(to, wait(&world).await.channel);
    }
}

#[tokio::test]
async fn one_answer_sets_the_search_back_to_its_beginning() {
    let world = FakeWorld::default();
    register(&world).await;
    world.sender.nobody(true);
    world.sweep_for(LAPSES_AFTER + Policy::PROBES - 1).await;
    assert_eq!(wait(&world).await.search.unanswered, Policy::PROBES - 1);
    world.sender.nobody(false);
    world.sweep_for(1).await;
    assert_eq!(wait(&world).await.search.unanswered, 0);
    world.sender.nobody(true);
    world.sweep_for(LAPSES_AFTER).await;
    assert_eq!(stops(&world), 0);
}

#[tokio::test]
async fn probes_that_are_never_sent_are_no_evidence() {
    let world = FakeWorld::default();
    register(&world).await;
    world.sender.nobody(true);
    for _ in 0..24 * 60 {
        world.sweep().sweep().await.unwrap();
        // `signals` is not there: what is queued is lost.
        while world.queue.pop().is_some() {}
        world.clock.advance(MINUTE);
    }
    assert_eq!((wait(&world).await.state, stops(&world)), (WaitState::Waiting, 0));
    world.sweep_for(Policy::PROBES + 2).await;
    assert_eq!(stops(&world), 1, "once it is there again, the search goes on");
}

#[tokio::test]
async fn a_doubled_request_is_one_probe_that_counts() {
    let world = FakeWorld::default();
    register(&world).await;
    world.sender.nobody(true);
    world.clock.advance(11 * MINUTE);
    let request = SignalRequest::probe(key(&world));
    for _ in 0..10 {
        assert_eq!(world.deliver().handle(&request).await.unwrap(), SignalOutcome::Missed);
    }
    assert_eq!(wait(&world).await.search.unanswered, 1);
}

#[tokio::test]
async fn a_request_that_comes_late_does_not_count_against_a_lease_that_runs() {
    let world = FakeWorld::default();
    register(&world).await;
    world.sender.nobody(true);
    let late = world.deliver().handle(&SignalRequest::probe(key(&world))).await.unwrap();
    assert_eq!((late, world.sender.probes().len()), (SignalOutcome::Nothing, 0));
}

#[tokio::test]
async fn a_monitor_that_was_away_gives_every_lease_its_time_anew() {
    let world = FakeWorld::default();
    world.sweep_for(1).await;
    register(&world).await;
    world.sender.nobody(true);
    world.clock.advance(6 * 60 * MINUTE);
    world.sweep_for(LAPSES_AFTER).await;
    assert!(world.sender.probes().is_empty(), "nobody is looked for yet");
    let found = wait(&world).await;
    assert_eq!((found.state, found.search.unanswered), (WaitState::Waiting, 0));
    world.sweep_for(Policy::PROBES + 2).await;
    assert_eq!((wait(&world).await.state, stops(&world)), (WaitState::Abandoned, 1));
}

#[tokio::test]
async fn a_clock_that_jumps_gives_every_lease_its_time_anew() {
    for hours in [1, -1] {
        let world = FakeWorld::default();
        world.sweep_for(2).await;
        register(&world).await;
        world.sender.nobody(true);
        world.clock.jump(hours);
        world.sweep_for(LAPSES_AFTER).await;
        assert!(world.sender.probes().is_empty(), "{hours} h");
        world.sweep_for(Policy::PROBES + 2).await;
        assert_eq!(stops(&world), 1, "{hours} h");
    }
}

#[tokio::test]
async fn a_clock_that_jumps_back_delays_no_signal() {
    let world = FakeWorld::default();
    world.sweep_for(1).await;
    register(&world).await;
    let event = FakeWorld::training_event("Completed", "Completed", 20);
    world.sender.fail(4);
    world.recorder().take(&event).await.unwrap();
    assert_eq!(world.deliver_all().await, [SignalOutcome::Later]);
    world.clock.jump(-1);
    // The next try was due an hour from now.
    world.sweep_for(2).await;
    assert_eq!(wait(&world).await.state, WaitState::Signalled);
}

#[tokio::test]
async fn a_target_is_sent_nothing_before_it_has_proved_itself() {
    let world = FakeWorld::default();
    world.waits().register(world.registration("w")).await.unwrap();
    world.sender.nobody(true);
    let event = FakeWorld::training_event("Completed", "Completed", 20);
    world.recorder().take(&event).await.unwrap();
    assert_eq!(world.deliver_all().await, [SignalOutcome::Later]);
    assert!(world.sender.sent().is_empty());
    let error = wait(&world).await.delivery.last_error.unwrap();
    assert_eq!(error, "connection refused");
    world.sender.nobody(false);
    world.clock.advance(MINUTE);
    world.sweep_for(1).await;
    assert_eq!((wait(&world).await.state, world.sender.sent().len()), (WaitState::Signalled, 1));
}

#[tokio::test]
async fn what_a_callback_met_is_told_to_the_jobs_owner_and_its_class_to_others() {
    let world = FakeWorld::default();
    let asked = world.registration("w");
    let mut others = asked.clone();
    others.owner = Principal("111122223333:role/stranger".to_owned());
    for asked in [&asked, &others] {
        world.waits().register(asked.clone()).await.unwrap();
    }
    world.sender.nobody(true);
    let event = FakeWorld::training_event("Completed", "Completed", 20);
    world.recorder().take(&event).await.unwrap();
    assert_eq!(world.deliver_all().await, [SignalOutcome::Later; 2]);
    let waits = world.waits();
    let shown = async |asked: &Registration| {
        let key = WaitKey::of(asked.arn.clone(), asked.owner.clone(), asked.id.clone());
        waits.inspect(&key).await.unwrap().wait.delivery.last_error.unwrap()
    };
    assert_eq!(shown(&asked).await, "connection refused");
    assert_eq!(shown(&others).await, "no connection");
}

#[tokio::test]
async fn a_target_proves_itself_once_and_anew_when_it_moves() {
    let world = FakeWorld::default();
    let mut asked = world.registration("w");
    asked.signal_on = sagebell_monitor::wait::SignalOn::Progress;
    let probes = || world.sender.probes().len();
    world.waits().register(asked.clone()).await.unwrap();
    for (age, secondary) in [(10, "Starting"), (20, "Downloading"), (30, "Training")] {
        let event = FakeWorld::training_event("InProgress", secondary, age);
        world.recorder().take(&event).await.unwrap();
        world.deliver_all().await;
        world.waits().register(asked.clone()).await.unwrap();
    }
    assert_eq!((probes(), world.sender.sent().len()), (1, 3));
    asked.channel = callback("http://10.9.9.9:7070/", 7);
    world.waits().register(asked).await.unwrap();
    world.sender.script([SendOutcome::Delivered]);
    let event = FakeWorld::training_event("InProgress", "Uploading", 40);
    world.recorder().take(&event).await.unwrap();
    world.deliver_all().await;
    assert_eq!((probes(), world.sender.sent().len()), (2, 4));
}

#[test]
fn what_0_1_0_stored_is_read() {
    let arn = JobArn::parse(TRAINING_ARN).unwrap();
    let request = format!(r#"{{"arn": "{arn}", "wait_id": "w"}}"#);
    let request: SignalRequest = serde_json::from_str(&request).unwrap();
    assert_eq!(request.purpose, Purpose::Signal);
    assert!(!serde_json::to_string(&request).unwrap().contains("purpose"));
    // Its waiters know no probe: they are told as they were.
    let delivery = r#"{"seq":1,"telling":null,"heard":null,"attempts":0,"claimed_until":null,"retry_at":null,"last_error":null}"#;
    let delivery: sagebell_monitor::wait::Delivery = serde_json::from_str(delivery).unwrap();
    assert!(delivery.proven);
}
