//! What happens to a wait while its waiter is being told.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use sagebell_monitor::deliver::{Deliver, Senders, SignalOutcome};
use sagebell_monitor::ports::{
    Clock as _, Failure, ProbeOutcome, SendOutcome, Sender, Store as _, StoreError,
};
use sagebell_monitor::record::Recorder;
use sagebell_monitor::signal::{Callback, Probe, Signal};
use sagebell_monitor::testing::ManualClock;
use sagebell_monitor::testing::world::{FakeSender, FakeWorld, callback};
use sagebell_monitor::wait::{FailureClass, Secret, SignalOn, Wait, WaitKey, WaitState};
use sagebell_monitor::wait_registry::{ChannelAsked, Registration, WaitRegistry};

use crate::act::{Act, Waiter};

/// `Timeout` of `signals` in infra/template.yaml.
const FUNCTION_TIMEOUT: Duration = Duration::from_secs(60);

/// Sends as the world's sender does, once the waiter has done something.
struct Meanwhile {
    waiter: Waiter,
    sender: Arc<FakeSender>,
}

#[async_trait]
impl Sender for Meanwhile {
    async fn send(&self, callback: &Callback<Signal>) -> SendOutcome {
        self.waiter.act().await;
        self.sender.send(callback).await
    }

    async fn probe(&self, probe: &Callback<Probe>) -> ProbeOutcome {
        self.sender.probe(probe).await
    }
}

fn asked(world: &FakeWorld) -> Registration {
    Registration { signal_on: SignalOn::Progress, ..world.registration("w") }
}

fn key(world: &FakeWorld) -> WaitKey {
    let asked = world.registration("w");
    WaitKey::of(asked.arn, asked.owner, asked.id)
}

fn moved(world: &FakeWorld) -> Registration {
    Registration { channel: callback("http://10.9.9.9:8080/", 7), ..asked(world) }
}

fn with_another_secret(world: &FakeWorld) -> Registration {
    Registration { channel: callback("http://10.1.2.3:8080/", 8), ..asked(world) }
}

async fn wait(world: &FakeWorld) -> Wait {
    world.store.load_wait(&key(world)).await.unwrap().unwrap().value
}

/// Tells a registered wait of this state of its job by this sender.
async fn deliver_by(
    world: &FakeWorld,
    status: &str,
    age: i64,
    sender: impl Sender + 'static,
) -> Result<SignalOutcome, StoreError> {
    let event = FakeWorld::training_event(status, status, age);
    world.recorder().take(&event).await.unwrap();
    let request = world.queue.pop().unwrap();
    let senders = Senders { callbacks: Some(Arc::new(sender)), ..world.senders() };
    Deliver { senders, ..world.deliver() }.handle(&request).await
}

/// Tells a registered wait of this state of its job while its waiter acts.
async fn deliver(world: &FakeWorld, status: &str, age: i64, act: Act) -> SignalOutcome {
    let sender = Meanwhile {
        waiter: Waiter::who(act, world.waits(), key(world)),
        sender: Arc::clone(&world.sender),
    };
    deliver_by(world, status, age, sender).await.unwrap()
}

/// How the function fares that tells a registered wait that its job runs; it ends in its time.
async fn deliver_in_time(
    world: &FakeWorld,
    sender: impl Sender + 'static,
) -> Result<SignalOutcome, StoreError> {
    let begun = world.clock.uptime();
    let outcome = deliver_by(world, "InProgress", 10, sender).await;
    let took = world.clock.uptime() - begun;
    assert!(took < FUNCTION_TIMEOUT, "{took:?}");
    outcome
}

async fn registered() -> FakeWorld {
    let world = FakeWorld::default();
    world.waits().register(asked(&world)).await.unwrap();
    world
}

#[tokio::test]
async fn a_renewal_changes_nothing_of_what_was_told() {
    let world = registered().await;
    let renews = || Act::Registers(Box::new(asked(&world)));
    assert_eq!(deliver(&world, "InProgress", 10, renews()).await, SignalOutcome::Progress);
    assert_eq!(deliver(&world, "Stopping", 20, renews()).await, SignalOutcome::Progress);
    assert_eq!(wait(&world).await.delivery.received, Some(2));
    assert_eq!(world.sender.sent().len(), 2, "each state once");
    assert_eq!(world.sender.probes().len(), 1, "the target has proved itself once");
}

#[tokio::test]
async fn a_failure_is_written_onto_a_renewed_wait() {
    let world = registered().await;
    world.sender.fail(100);
    let renews = Act::Registers(Box::new(asked(&world)));
    assert_eq!(deliver(&world, "InProgress", 10, renews).await, SignalOutcome::Later);
    let delivery = wait(&world).await.delivery;
    assert_eq!(delivery.last_error.as_deref(), Some("connection refused"));
    assert!(delivery.attempts > 0 && delivery.retry_at.is_some(), "{delivery:?}");
}

fn went_to(sent: &Callback<Signal>) -> ChannelAsked {
    ChannelAsked::Callback { url: sent.url.clone(), secret: sent.secret.clone() }
}

#[tokio::test]
async fn who_moved_has_heard_nothing_at_the_new_address() {
    for new in [moved, with_another_secret] {
        let world = registered().await;
        let asked = new(&world);
        deliver(&world, "InProgress", 10, Act::Registers(Box::new(asked.clone()))).await;
        let sent = world.sender.sent();
        let (first, last) = (sent.first().unwrap(), sent.last().unwrap());
        assert_eq!(sent.len(), 2, "to where it was and to where it is");
        assert_ne!(went_to(first), asked.channel);
        assert_eq!(went_to(last), asked.channel);
        assert_eq!(world.sender.probes().len(), 2, "the new target proves itself anew");
    }
}

#[tokio::test]
async fn a_failure_at_the_old_address_does_not_count_at_the_new_one() {
    for new in [moved, with_another_secret] {
        let world = registered().await;
        world.sender.fail(1);
        let act = Act::Registers(Box::new(new(&world)));
        assert_eq!(deliver(&world, "InProgress", 10, act).await, SignalOutcome::Progress);
        let delivery = wait(&world).await.delivery;
        assert_eq!((delivery.received, delivery.last_error), (Some(1), None));
    }
}

#[tokio::test]
async fn a_wait_that_is_cancelled_stays_cancelled() {
    let world = registered().await;
    deliver(&world, "Completed", 10, Act::Cancels).await;
    assert_eq!(wait(&world).await.state, WaitState::Cancelled);
}

#[test]
fn secrets_are_equal_if_their_bytes_are_and_are_never_printed() {
    let secret = |byte| Secret::from_bytes(&[byte; 32]).unwrap();
    assert_eq!(secret(1), secret(1));
    assert_ne!(secret(1), secret(2));
    assert_eq!(format!("{:?}", secret(1)), "Secret(…)");
}

/// A waiter that moves whenever it is sent to, by a way that always takes five seconds.
struct Restless {
    waits: WaitRegistry,
    clock: Arc<ManualClock>,
    next: Mutex<[Registration; 2]>,
}

#[async_trait]
impl Sender for Restless {
    async fn send(&self, _: &Callback<Signal>) -> SendOutcome {
        let next = {
            let mut next = self.next.lock().unwrap();
            next.swap(0, 1);
            next[0].clone()
        };
        self.waits.register(next).await.unwrap();
        self.clock.advance(Duration::from_secs(5));
        let failure = Failure::new(FailureClass::NoAnswer, "no answer");
        SendOutcome::Failed { failure, retry_after: None }
    }

    async fn probe(&self, _: &Callback<Probe>) -> ProbeOutcome {
        self.clock.advance(Duration::from_secs(5));
        ProbeOutcome::Answered
    }
}

#[tokio::test]
async fn a_waiter_that_keeps_moving_holds_no_function_beyond_its_time() {
    let world = registered().await;
    let sender = Restless {
        waits: world.waits(),
        clock: Arc::clone(&world.clock),
        next: Mutex::new([asked(&world), moved(&world)]),
    };
    let outcome = deliver_in_time(&world, sender).await;
    assert_eq!(outcome.unwrap(), SignalOutcome::Later, "the sweep has the next tries");
}

/// A job that moves on whenever its waiter is told of it, which takes nine seconds.
struct MovesOn {
    recorder: Recorder,
    clock: Arc<ManualClock>,
    age: AtomicI64,
}

#[async_trait]
impl Sender for MovesOn {
    async fn send(&self, _: &Callback<Signal>) -> SendOutcome {
        self.clock.advance(Duration::from_secs(9));
        let age = self.age.fetch_add(10, Ordering::Relaxed);
        let event = FakeWorld::training_event("InProgress", &format!("Stage{age}"), age);
        self.recorder.take(&event).await.unwrap();
        SendOutcome::Delivered
    }

    async fn probe(&self, _: &Callback<Probe>) -> ProbeOutcome {
        ProbeOutcome::Answered
    }
}

#[tokio::test]
async fn a_job_that_keeps_moving_on_holds_no_function_beyond_its_time() {
    let world = registered().await;
    let sender = MovesOn {
        recorder: world.recorder(),
        clock: Arc::clone(&world.clock),
        age: AtomicI64::new(20),
    };
    let outcome = deliver_in_time(&world, sender).await;
    assert!(
        matches!(outcome, Err(StoreError::Retryable(_))),
        "the queue brings it again: {outcome:?}"
    );
}
