//! What a registration may ask for, what it leaves on the job's record, and what becomes of
//! it when others write meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::job::JobRecord;
use sagebell_monitor::job_list::JobList;
use sagebell_monitor::observation::Observation;
use sagebell_monitor::policy::Policy;
use sagebell_monitor::ports::{Clock as _, Listed, SageMaker, SageMakerError, Store as _};
use sagebell_monitor::principal::Principal;
use sagebell_monitor::testing::samples;
use sagebell_monitor::testing::world::{FakeWorld, callback};
use sagebell_monitor::time::{CLOCK_SKEW, later};
use sagebell_monitor::wait::{OnAbandon, SignalOn, Wait, WaitKey, WaitState};
use sagebell_monitor::wait_registry::{Field, Registration, Stop, WaitError, WaitRegistry};

use crate::act::{Act, Waiter};

const DAY: Duration = Duration::from_secs(86_400);

fn asked(world: &FakeWorld) -> Registration {
    world.registration("w")
}

fn labelled(world: &FakeWorld, labels: &[(&str, &str)]) -> Registration {
    let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    Registration { labels: labels.collect(), ..asked(world) }
}

/// With a deadline in so many days.
fn until(world: &FakeWorld, days: u32) -> Registration {
    Registration { deadline: Some(later(world.clock.now(), DAY * days)), ..asked(world) }
}

fn key(world: &FakeWorld) -> WaitKey {
    let asked = asked(world);
    WaitKey::of(asked.arn, asked.owner, asked.id)
}

async fn wait(world: &FakeWorld) -> Wait {
    world.store.load_wait(&key(world)).await.unwrap().unwrap().value
}

async fn record(world: &FakeWorld) -> JobRecord {
    world.store.load_job(&key(world).arn).await.unwrap().unwrap().value
}

/// The field that is refused, if one is.
async fn refused(world: &FakeWorld, asked: Registration) -> Option<Field> {
    match world.waits().register(asked).await {
        Ok(_) => None,
        Err(WaitError::Invalid { field, .. }) => Some(field),
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_deadline_lies_ahead_and_not_too_far() {
    let world = FakeWorld::default();
    let latest = later(world.clock.now(), Policy::DEADLINE_LONGEST);
    let until = |at| Registration { deadline: Some(at), ..asked(&world) };
    assert_eq!(refused(&world, until(latest)).await, None);
    for at in [later(latest, Duration::from_millis(1)), later(latest, DAY), world.clock.now()] {
        assert_eq!(refused(&world, until(at)).await, Some(Field::Deadline), "{at}");
    }
}

#[tokio::test]
async fn a_creation_time_does_not_lie_in_the_future() {
    let world = FakeWorld::default();
    let newest = later(world.clock.now(), CLOCK_SKEW);
    let since = |at| Registration { not_before: Some(at), ..asked(&world) };
    assert_eq!(refused(&world, since(newest)).await, None);
    let at = later(newest, Duration::from_millis(1));
    assert_eq!(refused(&world, since(at)).await, Some(Field::NotBefore));
}

#[tokio::test]
async fn labels_are_few_and_short_and_have_names() {
    let world = FakeWorld::default();
    let longest = "x".repeat(Policy::LABEL_LEN);
    let too_long = "x".repeat(Policy::LABEL_LEN + 1);
    assert_eq!(refused(&world, labelled(&world, &[(&longest, &longest), ("a", "")])).await, None);
    for wrong in [("", "value"), ("key", too_long.as_str()), (too_long.as_str(), "value")] {
        assert_eq!(
            refused(&world, labelled(&world, &[wrong])).await,
            Some(Field::Labels),
            "{wrong:?}"
        );
    }
    let labels = |count: usize| {
        let labels: BTreeMap<_, _> =
            (0..count).map(|number| (number.to_string(), String::new())).collect();
        Registration { labels, ..asked(&world) }
    };
    assert_eq!(refused(&world, labels(Policy::LABELS_LIMIT)).await, None);
    assert_eq!(refused(&world, labels(Policy::LABELS_LIMIT + 1)).await, Some(Field::Labels));
}

#[tokio::test]
async fn only_who_asks_for_progress_makes_the_job_tell_of_it() {
    let world = FakeWorld::default();
    world.waits().register(asked(&world)).await.unwrap();
    assert!(!record(&world).await.progress_wanted);
    let progress = Registration { signal_on: SignalOn::Progress, ..asked(&world) };
    world.waits().register(progress).await.unwrap();
    assert!(record(&world).await.progress_wanted);
}

#[tokio::test]
async fn who_asked_for_progress_and_cancelled_asks_for_nothing() {
    let world = FakeWorld::default();
    let progress = Registration { signal_on: SignalOn::Progress, ..asked(&world) };
    world.waits().register(progress).await.unwrap();
    world.waits().cancel(&key(&world), Stop::No).await.unwrap();
    let mut stored = world.store.load_job(&key(&world).arn).await.unwrap().unwrap();
    stored.value.progress_wanted = false;
    world.store.save_job(&stored.value, Some(stored.version)).await.unwrap();
    world.waits().inspect(&key(&world)).await.unwrap();
    assert!(!record(&world).await.progress_wanted);
}

#[tokio::test]
async fn a_job_is_listed_by_the_runs_of_its_waits_each_once_and_so_many() {
    let world = FakeWorld::default();
    for run in ["first", "first", "second"] {
        world.waits().register(labelled(&world, &[("run", run)])).await.unwrap();
    }
    assert_eq!(record(&world).await.runs, ["first", "second"]);
    for number in 0..Policy::RUNS_LIMIT {
        let run = format!("run-{number}");
        world.waits().register(labelled(&world, &[("run", &run)])).await.unwrap();
    }
    let runs = record(&world).await.runs;
    assert_eq!(runs.len(), Policy::RUNS_LIMIT);
    assert_eq!(runs[..3], ["first", "second", "run-0"], "the first stay");
}

#[tokio::test]
async fn a_job_is_kept_longer_than_its_waits() {
    let world = FakeWorld::default();
    world.waits().register(until(&world, 2)).await.unwrap();
    let kept_until = later(wait(&world).await.expires_at, Policy::EXPIRY_SLACK);
    assert_eq!(record(&world).await.expires_at, kept_until);
    // An earlier one, and one that ends just when the job would be forgotten.
    let slack_days = u32::try_from(Policy::EXPIRY_SLACK.as_secs() / DAY.as_secs()).unwrap();
    for days in [1, 2 + slack_days] {
        world.waits().register(until(&world, days)).await.unwrap();
        assert_eq!(record(&world).await.expires_at, kept_until, "{days} days");
    }
    world.waits().register(until(&world, 3 + slack_days)).await.unwrap();
    assert!(record(&world).await.expires_at > kept_until);
}

#[tokio::test]
async fn who_asks_again_after_the_end_is_answered_and_writes_nothing() {
    let world = FakeWorld::default();
    let event = FakeWorld::training_event("Completed", "Completed", 20);
    world.recorder().take(&event).await.unwrap();
    let first = world.waits().register(asked(&world)).await.unwrap();
    assert_eq!(first.wait.state, WaitState::Signalled);
    world.clock.advance(Duration::from_secs(60));
    let again = world.waits().register(asked(&world)).await.unwrap();
    assert_eq!(again, first);
    assert_eq!(wait(&world).await, first.wait);
}

#[tokio::test]
async fn who_asks_for_another_update_after_the_end_is_registered_anew() {
    let world = FakeWorld::default();
    let event = FakeWorld::training_event("Completed", "Completed", 20);
    world.recorder().take(&event).await.unwrap();
    world.waits().register(asked(&world)).await.unwrap();
    world.clock.advance(Duration::from_secs(600));
    let not_before = Some(world.clock.now());
    let again = Registration { not_before, ..asked(&world) };
    let again = world.waits().register(again).await.unwrap();
    assert_eq!((again.wait.state, again.wait.not_before), (WaitState::Waiting, not_before));
}

/// A SageMaker during whose answer somebody acts once.
struct Meanwhile {
    waiter: Waiter,
    owner: Principal,
}

#[async_trait]
impl SageMaker for Meanwhile {
    async fn describe(&self, _: &JobArn) -> Result<Observation, SageMakerError> {
        panic!("a registration describes nothing")
    }

    async fn changed(
        &self,
        _: &JobList,
        _: Timestamp,
        _: Option<&str>,
    ) -> Result<Listed, SageMakerError> {
        panic!("a registration lists nothing")
    }

    async fn owner(&self, _: &JobArn) -> Result<Option<Principal>, SageMakerError> {
        self.waiter.act().await;
        Ok(Some(self.owner.clone()))
    }

    async fn stop(&self, _: &JobArn) -> Result<(), SageMakerError> {
        panic!("a registration stops nothing")
    }
}

/// A wait is registered on a job that has ended, while somebody acts: its tag is read.
async fn registered_while(world: &FakeWorld, act: Act) -> Wait {
    let event = FakeWorld::training_event("Completed", "Completed", 20);
    world.recorder().take(&event).await.unwrap();
    let first = Principal("111122223333:role/first".to_owned());
    let first = Registration { owner: first, ..world.registration("first") };
    world.waits().register(first).await.unwrap();
    let asked = Registration { on_abandon: OnAbandon::Stop, ..asked(world) };
    let sagemaker = Meanwhile {
        waiter: Waiter::who(act, world.waits(), key(world)),
        owner: asked.owner.clone(),
    };
    let waits = WaitRegistry { sagemaker: Arc::new(sagemaker), ..world.waits() };
    waits.register(asked).await.unwrap().wait
}

#[tokio::test]
async fn a_wait_that_moved_meanwhile_is_signalled_by_the_answer_where_it_is() {
    let world = FakeWorld::default();
    let moved = Registration { channel: callback("http://10.9.9.9:8080/", 7), ..asked(&world) };
    let answered = registered_while(&world, Act::Registers(Box::new(moved))).await;
    let channel = samples::callback("http://10.9.9.9:8080/", &[7; 32]);
    assert_eq!((answered.state, &answered.channel), (WaitState::Signalled, &channel));
    assert_eq!(wait(&world).await, answered);
}

#[tokio::test]
async fn a_wait_that_is_cancelled_meanwhile_stays_cancelled() {
    let world = FakeWorld::default();
    let answered = registered_while(&world, Act::Cancels).await;
    assert_eq!(answered.state, WaitState::Cancelled);
    assert_eq!(wait(&world).await.state, WaitState::Cancelled);
}

#[tokio::test]
async fn a_renewal_while_a_signal_is_retried_makes_no_other_signal_of_it() {
    let world = FakeWorld::default();
    let asked = Registration { signal_on: SignalOn::Progress, ..asked(&world) };
    world.waits().register(asked.clone()).await.unwrap();
    world.sender.fail(4);
    let event = FakeWorld::training_event("InProgress", "Training", 20);
    world.recorder().take(&event).await.unwrap();
    world.deliver_all().await;
    assert_eq!(world.sender.sent().len(), 4);
    world.waits().register(asked).await.unwrap();
    world.clock.advance(Duration::from_secs(60));
    world.sweep().sweep().await.unwrap();
    world.deliver_all().await;
    let ids = world.sender.sent().into_iter().map(|sent| sent.id);
    assert_eq!(ids.collect::<std::collections::BTreeSet<_>>().len(), 1, "one signal, tried anew");
}

#[tokio::test]
async fn a_deadline_that_counts_later_does_so_until_another_is_asked_for() {
    let world = FakeWorld::default();
    world.waits().register(until(&world, 1)).await.unwrap();
    let mut stored = world.store.load_wait(&key(&world)).await.unwrap().unwrap();
    let overtime = Some(later(stored.value.deadline, Duration::from_secs(60)));
    stored.value.overtime = overtime;
    world.store.save_wait(&stored.value, Some(stored.version)).await.unwrap();
    world.waits().register(until(&world, 1)).await.unwrap();
    assert_eq!(wait(&world).await.overtime, overtime);
    world.waits().register(until(&world, 2)).await.unwrap();
    assert_eq!(wait(&world).await.overtime, None);
}
