//! A clock that is set back while a signal is under way: it is not told a second time
//! meanwhile, and told again soon if it was left.

use std::time::Duration;

use sagebell_monitor::deliver::SignalOutcome;
use sagebell_monitor::policy::Policy;
use sagebell_monitor::ports::{Clock as _, Store as _};
use sagebell_monitor::signal::SignalRequest;
use sagebell_monitor::testing::world::FakeWorld;
use sagebell_monitor::time::later;
use sagebell_monitor::wait::{WaitKey, WaitState};

fn key(world: &FakeWorld) -> WaitKey {
    let asked = world.registration("w");
    WaitKey::of(asked.arn, asked.owner, asked.id)
}

/// A wait that is to be told of its settled job, by a monitor that runs.
async fn to_be_told() -> FakeWorld {
    let world = FakeWorld::default();
    world.sweep_for(2).await;
    world.waits().register(world.registration("w")).await.unwrap();
    let event = FakeWorld::training_event("Completed", "Completed", 240);
    world.recorder().take(&event).await.unwrap();
    world.queue.pop().unwrap();
    world
}

/// Somebody has begun to tell the wait.
async fn claim(world: &FakeWorld) {
    let mut wait = world.store.load_wait(&key(world)).await.unwrap().unwrap();
    wait.value.delivery.claimed_until = Some(later(world.clock.now(), Policy::CLAIM));
    wait.value.due_at = wait.value.delivery.claimed_until;
    world.store.save_wait(&wait.value, Some(wait.version)).await.unwrap();
}

async fn deliver(world: &FakeWorld) -> SignalOutcome {
    world.deliver().handle(&SignalRequest::from(key(world))).await.unwrap()
}

#[tokio::test]
async fn a_claim_of_before_the_clock_went_back_lasts_its_time_and_no_longer() {
    let world = to_be_told().await;
    claim(&world).await;
    world.clock.jump(-1);
    assert_eq!(deliver(&world).await, SignalOutcome::Busy);
    world.sweep().sweep().await.unwrap();
    assert_eq!(deliver(&world).await, SignalOutcome::Busy, "the sweep has given it its time");
    world.clock.advance(Duration::from_secs(60));
    world.sweep().sweep().await.unwrap();
    assert_eq!(world.deliver_all().await, [SignalOutcome::Signalled]);
    let wait = world.store.load_wait(&key(&world)).await.unwrap().unwrap().value;
    assert_eq!(wait.state, WaitState::Signalled);
}

#[tokio::test]
async fn a_claim_made_after_the_clock_went_back_is_not_brought_forward() {
    let world = to_be_told().await;
    world.clock.jump(-1);
    claim(&world).await;
    world.clock.advance(Duration::from_secs(5));
    world.sweep().sweep().await.unwrap();
    assert!(world.queue.is_empty());
    assert_eq!(deliver(&world).await, SignalOutcome::Busy);
}
