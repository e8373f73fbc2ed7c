//! How the monitor says it is.

use std::time::Duration;

use sagebell_monitor::arn::JobArn;
use sagebell_monitor::call_budget::{Call, Used};
use sagebell_monitor::health::{Health, HealthQuery};
use sagebell_monitor::heartbeat::{GivenUp, Heartbeat};
use sagebell_monitor::policy::Policy;
use sagebell_monitor::ports::Clock as _;
use sagebell_monitor::testing::world::{FakeWorld, TRAINING_ARN};
use sagebell_monitor::wait::{ConnectionId, WaitState};

const REGION: &str = "us-east-1";

fn world() -> FakeWorld {
    FakeWorld::with(Policy { regions: vec![REGION.to_owned()], ..Policy::default() })
}

async fn health(world: &FakeWorld) -> Health {
    world.health().read().await.unwrap()
}

async fn given_up(world: &FakeWorld) -> Vec<GivenUp> {
    health(world).await.heartbeat.unwrap().given_up
}

/// So many waits on a job whose signals reach nobody until their deadline.
async fn lose_signals(world: &FakeWorld, job: &str, waits: usize) {
    let arn = TRAINING_ARN.replace("mnist", job);
    for place in 0..waits {
        let mut asked = world.registration(&format!("w{place}"));
        asked.arn = JobArn::parse(&arn).unwrap();
        asked.deadline = Some(world.clock.now() + Duration::from_secs(30));
        world.waits().register(asked).await.unwrap();
    }
    let mut event = FakeWorld::training_event("Completed", "Completed", 20);
    event["detail"]["TrainingJobArn"] = arn.into();
    event["detail"]["TrainingJobName"] = job.into();
    world.recorder().take(&event).await.unwrap();
    world.sender.fail(10_000);
    world.sweep_for(5).await;
}

#[tokio::test]
async fn an_undeliverable_wait_is_named_for_a_day() {
    let world = world();
    lose_signals(&world, "mnist", 1).await;
    let [one] = &given_up(&world).await[..] else { panic!() };
    let registration = world.registration("w0");
    assert_eq!((&one.arn, &one.wait), (&registration.arn, &registration.id));
    assert_eq!(one.state, WaitState::Undeliverable);
    world.sweep_for(2).await;
    assert_eq!(given_up(&world).await, std::slice::from_ref(one), "named once");
    world.clock.advance(Duration::from_secs(86_400));
    world.sweep_for(1).await;
    assert_eq!(given_up(&world).await, []);
}

#[tokio::test]
async fn an_abandoned_wait_is_named() {
    let world = world();
    world.waits().register(world.registration("gone")).await.unwrap();
    world.sender.nobody(true);
    world.sweep_for(200).await;
    let named = given_up(&world).await;
    assert_eq!(named.iter().map(|one| one.state).collect::<Vec<_>>(), [WaitState::Abandoned]);
}

#[tokio::test]
async fn of_many_given_up_the_latest_are_named() {
    let world = world();
    lose_signals(&world, "first", Heartbeat::GIVEN_UP + 3).await;
    let named = given_up(&world).await;
    assert_eq!(named.len(), Heartbeat::GIVEN_UP);
    lose_signals(&world, "second", 2).await;
    let now = given_up(&world).await;
    assert_eq!(now[..8], named[2..], "the oldest made room");
    assert!(now[8..].iter().all(|one| one.arn.id() == "second"), "{now:?}");
}

#[tokio::test]
async fn the_fullest_budget_of_the_last_minute_is_told() {
    let world = world();
    let used = async || health(&world).await.budget.unwrap();
    let nothing = Used { call: Call::Describe, whose: REGION.to_owned(), calls: 0, most: 120 };
    assert_eq!(used().await, nothing);
    for _ in 0..3 {
        world.budget().take(REGION, Call::Describe).await.unwrap();
    }
    let stop = world.budget().in_account("222233334444");
    let two = HealthQuery { budgets: vec![world.budget(), stop.clone()], ..world.health() };
    stop.take(REGION, Call::Stop).await.unwrap();
    // 1 of 20 is more than 3 of 120, and not told by who has no budget there.
    assert_eq!(used().await, Used { calls: 3, ..nothing.clone() });
    let whose = format!("222233334444/{REGION}");
    let fullest = Used { call: Call::Stop, whose, calls: 1, most: 20 };
    assert_eq!(two.read().await.unwrap().budget, Some(fullest.clone()));
    assert_eq!((used().await.percent(), fullest.percent()), (3, 5));
    world.clock.advance(Duration::from_secs(63));
    assert_eq!(used().await, nothing);
    let nowhere = HealthQuery { budgets: Vec::new(), ..world.health() };
    assert_eq!(nowhere.read().await.unwrap().budget, None);
}

#[tokio::test]
async fn connections_and_dead_letters_are_told_as_far_as_they_are_known() {
    let world = world();
    let ids = ["a", "b", "c"].map(|id| ConnectionId::parse(id).unwrap());
    for id in &ids {
        let now = world.clock.now();
        world.connections().open(id.clone(), FakeWorld::owner(), now).await.unwrap();
    }
    world.connections().close(&ids[1]).await.unwrap();
    world.dead_letters.add("events", Some(2));
    world.dead_letters.add("sweep", None);
    let health = health(&world).await;
    assert_eq!(health.connections, 2);
    let told = health.dead_letters.iter().map(|queue| (queue.name.as_str(), queue.messages));
    assert_eq!(told.collect::<Vec<_>>(), [("events", Some(2)), ("sweep", None)]);
}
