//! Promise 6, the other half: only its owner has a job stopped, and nothing is
//! stopped on a silence or an error.

use std::time::Duration;

use sagebell_monitor::arn::JobArn;
use sagebell_monitor::job_queries::RefreshError;
use sagebell_monitor::ports::{Clock as _, SageMakerError, Store as _};
use sagebell_monitor::principal::Principal;
use sagebell_monitor::testing::world::{FakeWorld, TRAINING_ARN};
use sagebell_monitor::wait::{OnAbandon, Wait, WaitId, WaitKey, WaitState};
use sagebell_monitor::wait_registry::{Field, Registration, Stop, WaitAndJob, WaitError};

fn stranger() -> Principal {
    Principal("111122223333:role/stranger".to_owned())
}

fn key(owner: Principal) -> WaitKey {
    let arn = JobArn::parse(TRAINING_ARN).unwrap();
    WaitKey::of(arn, owner, WaitId::parse("w").unwrap())
}

fn asked(world: &FakeWorld, owner: Principal, on_abandon: OnAbandon) -> Registration {
    Registration { owner, on_abandon, ..world.registration("w") }
}

async fn register(
    world: &FakeWorld,
    owner: Principal,
    on_abandon: OnAbandon,
) -> Result<WaitAndJob, WaitError> {
    world.waits().register(asked(world, owner, on_abandon)).await
}

async fn wait(world: &FakeWorld, owner: Principal) -> Option<Wait> {
    world.store.load_wait(&key(owner)).await.unwrap().map(|found| found.value)
}

/// Lets all waiters be gone, their leases run out and the sweep run for hours.
async fn abandon(world: &FakeWorld) {
    world.sender.nobody(true);
    world.sweep_for(200).await;
}

fn stops(world: &FakeWorld) -> usize {
    world.sagemaker.count("stop")
}

#[tokio::test]
async fn who_registered_first_owns_the_job() {
    let world = FakeWorld::default();
    register(&world, FakeWorld::owner(), OnAbandon::Keep).await.unwrap();
    register(&world, stranger(), OnAbandon::Keep).await.unwrap();
    let refused = world.waits().cancel(&key(stranger()), Stop::Forced).await.unwrap_err();
    assert!(matches!(refused, WaitError::NotOwner(_)), "{refused}");
    assert_eq!(wait(&world, stranger()).await.unwrap().state, WaitState::Waiting);
    assert_eq!(stops(&world), 0);
    world.waits().cancel(&key(FakeWorld::owner()), Stop::Forced).await.unwrap();
    assert_eq!(stops(&world), 1);
}

#[tokio::test]
async fn a_stranger_that_goes_away_takes_no_job_with_it() {
    let world = FakeWorld::default();
    let lasting = Registration {
        lease_seconds: 86_400,
        ..asked(&world, FakeWorld::owner(), OnAbandon::Keep)
    };
    world.waits().register(lasting).await.unwrap();
    let refused = register(&world, stranger(), OnAbandon::Stop).await.unwrap_err();
    assert!(matches!(refused, WaitError::NotOwner(_)), "{refused}");
    let left = wait(&world, stranger()).await.unwrap();
    assert_eq!((left.state, left.due_at), (WaitState::Cancelled, None));
    abandon(&world).await;
    assert_eq!(stops(&world), 0);
}

#[tokio::test]
async fn a_wish_that_was_refused_is_refused_again() {
    let world = FakeWorld::default();
    register(&world, FakeWorld::owner(), OnAbandon::Keep).await.unwrap();
    for _ in 0..3 {
        let refused = register(&world, stranger(), OnAbandon::Stop).await.unwrap_err();
        assert!(matches!(refused, WaitError::NotOwner(_)), "{refused}");
    }
}

#[tokio::test]
async fn a_wish_whose_refusal_was_not_written_is_refused_when_it_comes_again() {
    let world = FakeWorld::default();
    register(&world, FakeWorld::owner(), OnAbandon::Keep).await.unwrap();
    register(&world, stranger(), OnAbandon::Keep).await.unwrap();
    // As a function leaves it that dies before it has judged.
    let found = world.store.load_wait(&key(stranger())).await.unwrap().unwrap();
    let wished = Wait { on_abandon: OnAbandon::Stop, ..found.value };
    world.store.save_wait(&wished, Some(found.version)).await.unwrap();
    let refused = register(&world, stranger(), OnAbandon::Stop).await.unwrap_err();
    assert!(matches!(refused, WaitError::NotOwner(_)), "{refused}");
    abandon(&world).await;
    assert_eq!(stops(&world), 0);
}

#[tokio::test]
async fn what_the_tag_allowed_once_is_renewed_without_reading_it_again() {
    let world = FakeWorld::default();
    register(&world, stranger(), OnAbandon::Keep).await.unwrap();
    world.sagemaker.tag(Ok(Some(FakeWorld::owner())));
    register(&world, FakeWorld::owner(), OnAbandon::Stop).await.unwrap();
    world.sagemaker.tag(Err(|| SageMakerError::Throttled("Rate exceeded".to_owned())));
    register(&world, FakeWorld::owner(), OnAbandon::Stop).await.unwrap();
    assert_eq!(world.sagemaker.count("owner"), 1);
}

#[tokio::test]
async fn the_tags_owner_may_have_the_job_looked_at_whoever_came_first() {
    let world = FakeWorld::default();
    register(&world, stranger(), OnAbandon::Keep).await.unwrap();
    let arn = JobArn::parse(TRAINING_ARN).unwrap();
    let refresh = || async { world.jobs().refresh(&arn, &FakeWorld::owner()).await };
    let refused = refresh().await.unwrap_err();
    assert!(matches!(refused, RefreshError::NotOwner(_)), "{refused}");
    world.sagemaker.tag(Err(|| SageMakerError::Throttled("Rate exceeded".to_owned())));
    let refused = refresh().await.unwrap_err();
    assert!(matches!(refused, RefreshError::SageMaker(_)), "{refused}");
    world.sagemaker.tag(Ok(Some(FakeWorld::owner())));
    let seen = refresh().await;
    assert!(!matches!(seen, Err(RefreshError::NotOwner(_))), "{seen:?}");
}

#[tokio::test]
async fn a_refused_change_leaves_the_wait_as_it_was() {
    let world = FakeWorld::default();
    register(&world, FakeWorld::owner(), OnAbandon::Keep).await.unwrap();
    register(&world, stranger(), OnAbandon::Keep).await.unwrap();
    let before = wait(&world, stranger()).await;
    world.clock.advance(Duration::from_secs(60));
    register(&world, stranger(), OnAbandon::Stop).await.unwrap_err();
    assert_eq!(wait(&world, stranger()).await, before);
}

#[tokio::test]
async fn the_tag_goes_before_who_came_first() {
    let world = FakeWorld::default();
    world.sagemaker.tag(Ok(Some(stranger())));
    register(&world, FakeWorld::owner(), OnAbandon::Keep).await.unwrap();
    register(&world, stranger(), OnAbandon::Stop).await.unwrap();
    let refused = world.waits().cancel(&key(FakeWorld::owner()), Stop::Forced).await.unwrap_err();
    assert!(matches!(refused, WaitError::NotOwner(_)), "{refused}");
    world.waits().cancel(&key(stranger()), Stop::Forced).await.unwrap();
    assert_eq!(stops(&world), 1);
}

#[tokio::test]
async fn the_sweep_stops_nothing_that_the_tag_gives_to_another() {
    let world = FakeWorld::default();
    register(&world, FakeWorld::owner(), OnAbandon::Stop).await.unwrap();
    world.sagemaker.tag(Ok(Some(stranger())));
    abandon(&world).await;
    assert_eq!(stops(&world), 0);
    let over = wait(&world, FakeWorld::owner()).await.unwrap();
    assert_eq!((over.state, over.stop_pending), (WaitState::Abandoned, false));
}

#[tokio::test]
async fn a_tag_that_cannot_be_read_is_no_evidence_and_is_asked_for_again() {
    let errors: [fn() -> SageMakerError; 2] = [
        || SageMakerError::Throttled("Rate exceeded".to_owned()),
        || SageMakerError::Refused("AccessDenied".to_owned()),
    ];
    for error in errors {
        let world = FakeWorld::default();
        register(&world, FakeWorld::owner(), OnAbandon::Stop).await.unwrap();
        world.sagemaker.tag(Err(error));
        let asked = world.waits().cancel(&key(FakeWorld::owner()), Stop::Forced).await;
        assert!(matches!(asked, Err(WaitError::NotStopped(_))));
        abandon(&world).await;
        assert_eq!(stops(&world), 0);
        assert!(wait(&world, FakeWorld::owner()).await.unwrap().stop_pending);
        world.sagemaker.tag(Ok(None));
        abandon(&world).await;
        assert_eq!(stops(&world), 1);
    }
}

#[tokio::test]
async fn a_registration_that_is_allowed_asks_sagemaker_nothing_of_owners() {
    let world = FakeWorld::default();
    for _ in 0..3 {
        register(&world, FakeWorld::owner(), OnAbandon::Stop).await.unwrap();
    }
    assert_eq!(world.sagemaker.count("owner"), 0);
}

#[tokio::test]
async fn a_job_that_others_wait_for_is_stopped_by_force_only() {
    let world = FakeWorld::default();
    register(&world, FakeWorld::owner(), OnAbandon::Stop).await.unwrap();
    register(&world, stranger(), OnAbandon::Keep).await.unwrap();
    let own = key(FakeWorld::owner());
    let held = world.waits().cancel(&own, Stop::Unwanted).await.unwrap_err();
    assert!(matches!(held, WaitError::OthersWait), "{held}");
    assert_eq!(wait(&world, FakeWorld::owner()).await.unwrap().state, WaitState::Waiting);
    world.waits().cancel(&key(stranger()), Stop::No).await.unwrap();
    world.waits().cancel(&own, Stop::Unwanted).await.unwrap();
    assert_eq!(stops(&world), 1);
}

#[tokio::test]
async fn not_before_may_not_lie_in_the_future() {
    let world = FakeWorld::default();
    for (seconds, taken) in [(0, true), (299, true), (301, false), (365 * 86_400, false)] {
        let mut asked = asked(&world, FakeWorld::owner(), OnAbandon::Keep);
        asked.not_before = Some(world.clock.now() + Duration::from_secs(seconds));
        match world.waits().register(asked).await {
            Err(WaitError::Invalid { field: Field::NotBefore, .. }) => assert!(!taken, "{seconds}"),
            other => assert!(taken && other.is_ok(), "{seconds}: {other:?}"),
        }
    }
}

/// As 0.1.0 recorded jobs: without an owner.
async fn forget_the_owner(world: &FakeWorld) {
    let arn = JobArn::parse(TRAINING_ARN).unwrap();
    let mut found = world.store.load_job(&arn).await.unwrap().unwrap();
    found.value.owner = None;
    world.store.save_job(&found.value, Some(found.version)).await.unwrap();
}

#[tokio::test]
async fn of_a_job_that_nobody_is_known_to_own_only_a_wait_of_0_1_0_is_its_owners() {
    for (keyed_by_owner, expected) in [(true, 0), (false, 1)] {
        let world = FakeWorld::default();
        register(&world, FakeWorld::owner(), OnAbandon::Stop).await.unwrap();
        let wait = wait(&world, FakeWorld::owner()).await.unwrap();
        world.waits().cancel(&key(FakeWorld::owner()), Stop::No).await.unwrap();
        let id = WaitId::parse("left").unwrap();
        let left = Wait { keyed_by_owner, id, ..wait };
        world.store.save_wait(&left, None).await.unwrap();
        forget_the_owner(&world).await;
        abandon(&world).await;
        assert_eq!(stops(&world), expected, "keyed by its owner: {keyed_by_owner}");
    }
}
