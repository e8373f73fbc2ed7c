//! Fair shares: a principal's new waits are limited, and nothing else is.

use std::time::Duration;

use sagebell_monitor::limits::{Limit, Limits, TooMany};
use sagebell_monitor::policy::Policy;
use sagebell_monitor::ports::{Clock as _, Store as _};
use sagebell_monitor::principal::Principal;
use sagebell_monitor::testing::world::FakeWorld;
use sagebell_monitor::wait::{WaitKey, WaitState};
use sagebell_monitor::wait_registry::{Registration, Stop, WaitError};

fn world(limits: Limits) -> FakeWorld {
    FakeWorld::with(Policy { limits, ..Policy::default() })
}

fn stranger() -> Principal {
    Principal("111122223333:role/stranger".to_owned())
}

fn key(world: &FakeWorld, id: &str) -> WaitKey {
    let asked = world.registration(id);
    WaitKey::of(asked.arn, asked.owner, asked.id)
}

async fn register(world: &FakeWorld, id: &str) -> Result<(), WaitError> {
    world.waits().register(world.registration(id)).await.map(|_| ())
}

async fn refused(world: &FakeWorld, id: &str) -> TooMany {
    match register(world, id).await {
        Err(WaitError::TooMany(too_many)) => too_many,
        other => panic!("{id}: {other:?}"),
    }
}

/// One more than was counted so far.
async fn counted(world: &FakeWorld, limit: Limit) -> u64 {
    let key = limit.counter(&FakeWorld::owner(), world.clock.now());
    world.store.count(&key).await.unwrap() - 1
}

#[tokio::test]
async fn each_limit_refuses_one_more_and_takes_it_in_the_next_window() {
    let minute = Limits { registrations_per_minute: 2, ..Limits::NONE };
    let hour = Limits { unseen_per_hour: 2, ..Limits::NONE };
    let day = Limits { waits_per_day: 2, ..Limits::NONE };
    for (limits, limit, seconds) in [
        (minute, Limit::Registrations, 60),
        (hour, Limit::Unseen, 3_600),
        (day, Limit::Waits, 86_400),
    ] {
        let world = world(limits);
        for id in ["a", "b"] {
            register(&world, id).await.unwrap();
        }
        let refused = refused(&world, "c").await;
        assert_eq!((refused.limit, refused.most), (limit, 2));
        assert!(refused.retry_after > Duration::ZERO);
        assert!(refused.retry_after <= Duration::from_secs(seconds + 1));
        let left = world.store.load_wait(&key(&world, "c")).await.unwrap();
        // Only the job's record tells whether it was seen, and the wait is written before that is read.
        let expected = (limit == Limit::Unseen).then_some(WaitState::Cancelled);
        assert_eq!(left.map(|left| left.value.state), expected);
        world.clock.advance(refused.retry_after);
        register(&world, "c").await.unwrap();
    }
}

#[tokio::test]
async fn a_renewal_and_a_reattachment_are_never_refused_nor_counted() {
    let world = world(Limits { registrations_per_minute: 1, unseen_per_hour: 1, waits_per_day: 1 });
    for _ in 0..5 {
        register(&world, "a").await.unwrap();
    }
    for limit in Limit::ALL {
        assert_eq!(counted(&world, limit).await, 1, "{limit:?}");
    }
}

#[tokio::test]
async fn a_wait_that_is_made_anew_after_its_life_is_counted() {
    let world = world(Limits { registrations_per_minute: 1, ..Limits::NONE });
    register(&world, "a").await.unwrap();
    world.waits().cancel(&key(&world, "a"), Stop::No).await.unwrap();
    assert_eq!(refused(&world, "a").await.limit, Limit::Registrations);
}

#[tokio::test]
async fn one_principal_s_share_is_not_another_s() {
    let world = world(Limits { registrations_per_minute: 1, ..Limits::NONE });
    register(&world, "a").await.unwrap();
    refused(&world, "b").await;
    let asked = Registration { owner: stranger(), ..world.registration("b") };
    world.waits().register(asked).await.unwrap();
}

#[tokio::test]
async fn what_one_limit_refuses_is_not_counted_by_longer_ones() {
    let world = world(Limits { registrations_per_minute: 1, ..Limits::default() });
    register(&world, "a").await.unwrap();
    for _ in 0..3 {
        refused(&world, "b").await;
    }
    assert_eq!(counted(&world, Limit::Unseen).await, 1);
    assert_eq!(counted(&world, Limit::Waits).await, 1);
}

#[tokio::test]
async fn waits_on_a_job_that_was_seen_do_not_count_as_unseen() {
    let world = world(Limits { unseen_per_hour: 1, ..Limits::NONE });
    let event = FakeWorld::training_event("InProgress", "Training", 10);
    world.recorder().take(&event).await.unwrap();
    for id in ["a", "b", "c"] {
        register(&world, id).await.unwrap();
    }
    assert_eq!(counted(&world, Limit::Unseen).await, 0);
}

#[tokio::test]
async fn a_store_that_cannot_count_refuses_nobody() {
    let world = world(Limits { registrations_per_minute: 1, unseen_per_hour: 1, waits_per_day: 1 });
    world.store.fail_counts();
    for id in ["a", "b", "c"] {
        register(&world, id).await.unwrap();
    }
}

#[tokio::test]
async fn a_thousand_steps_that_begin_at_once_are_within_every_share() {
    let world = world(Limits::default());
    for step in 0..1_000 {
        register(&world, &format!("step-{step}")).await.unwrap();
    }
}

#[tokio::test]
async fn without_a_limit_nothing_is_counted() {
    let world = world(Limits::NONE);
    register(&world, "a").await.unwrap();
    for limit in Limit::ALL {
        assert_eq!(counted(&world, limit).await, 0, "{limit:?}");
    }
}
