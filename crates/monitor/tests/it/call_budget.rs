//! The SageMaker calls of all functions of a deployment together.

use std::time::Duration;

use sagebell_monitor::call_budget::Call;
use sagebell_monitor::counter::CountKey;
use sagebell_monitor::ports::{Clock as _, Store as _};
use sagebell_monitor::testing::world::FakeWorld;

const REGION: &str = "eu-west-1";

/// How many turns two functions get between them without a wait.
async fn at_once(world: &FakeWorld, call: Call) -> usize {
    let functions = [world.budget(), world.budget()];
    let start = world.clock.now();
    let mut taken = 0;
    loop {
        let turn = functions.get(taken % 2).unwrap().take(REGION, call).await;
        if turn.is_err() || world.clock.now() > start {
            return taken;
        }
        taken += 1;
    }
}

#[tokio::test]
async fn functions_share_two_describes_a_second_and_a_quarter_of_the_rest() {
    for (call, expected) in [(Call::Describe, 6), (Call::List, 1), (Call::Stop, 1)] {
        let world = FakeWorld::default();
        assert_eq!(at_once(&world, call).await, expected, "{call:?} in three seconds");
    }
}

#[tokio::test]
async fn who_finds_it_spent_waits_for_the_next_window() {
    let world = FakeWorld::default();
    let (one, other) = (world.budget(), world.budget());
    let start = world.clock.now();
    one.take(REGION, Call::Stop).await.unwrap();
    other.take(REGION, Call::Stop).await.unwrap();
    let waited = Duration::try_from(world.clock.now().duration_since(start)).unwrap();
    assert!((Duration::from_secs(3)..Duration::from_secs(4)).contains(&waited), "{waited:?}");
}

#[tokio::test]
async fn who_would_wait_for_longer_than_one_window_is_told_at_once() {
    let world = FakeWorld::default();
    let budget = world.budget();
    let start = world.clock.now();
    // Others are first in each window.
    for window in 0..3 {
        let at = start + Duration::from_secs(3 * window);
        let key = CountKey::at(REGION, "describe", Duration::from_secs(3), at);
        for _ in 0..6 {
            world.store.count(&key).await.unwrap();
        }
    }
    let spent = budget.take(REGION, Call::Describe).await.unwrap_err();
    assert!(spent.wait > Duration::ZERO);
    assert!(world.clock.now().duration_since(start).as_secs() <= 4);
}

#[tokio::test]
async fn regions_have_quotas_of_their_own() {
    let world = FakeWorld::default();
    let budget = world.budget();
    let start = world.clock.now();
    for region in ["eu-west-1", "us-east-1", "cn-north-1"] {
        budget.take(region, Call::Stop).await.unwrap();
    }
    assert_eq!(world.clock.now(), start);
}

#[tokio::test]
async fn a_store_that_fails_holds_no_call_up() {
    let world = FakeWorld::default();
    world.store.fail_counts();
    let start = world.clock.now();
    for _ in 0..10 {
        world.budget().take(REGION, Call::Stop).await.unwrap();
    }
    assert_eq!(world.clock.now(), start);
}

#[test]
fn calls_that_make_something_are_not_counted() {
    for operation in ["CreateTrainingJob", "UpdateEndpoint", "RetryPipelineExecution", ""] {
        assert_eq!(Call::of(operation), None, "{operation}");
    }
    assert_eq!(Call::of("DescribeTrainingJob"), Some(Call::Describe));
    assert_eq!(Call::of("ListTags"), Some(Call::List));
    assert_eq!(Call::of("StopPipelineExecution"), Some(Call::Stop));
}
