//! Waits that are told through a connection, and waits that are not told at all.

use std::time::Duration;

use sagebell_monitor::arn::JobArn;
use sagebell_monitor::connections::OpenError;
use sagebell_monitor::deliver::{Deliver, Senders, SignalOutcome};
use sagebell_monitor::policy::Policy;
use sagebell_monitor::ports::{Clock as _, Store as _, StoreError};
use sagebell_monitor::principal::Principal;
use sagebell_monitor::signal::{Purpose, SignalRequest};
use sagebell_monitor::testing::world::{Described, FakeQueue, FakeWorld};
use sagebell_monitor::wait::{
    Channel, ConnectionId, OnAbandon, SignalOn, Wait, WaitId, WaitKey, WaitState,
};
use sagebell_monitor::wait_registry::{ChannelAsked, Registration, WaitAndJob, WaitError};
use std::sync::Arc;

fn id(text: &str) -> ConnectionId {
    ConnectionId::parse(text).unwrap()
}

/// The waiter opens a connection.
async fn open(world: &FakeWorld, text: &str) -> ConnectionId {
    let id = id(text);
    world.gateway.open(&id);
    let (connections, now) = (world.connections(), world.clock.now());
    connections.open(id.clone(), FakeWorld::owner(), now).await.unwrap();
    id
}

/// The gateway closes it, and reports it.
async fn close(world: &FakeWorld, id: &ConnectionId) {
    world.gateway.close(id);
    world.connections().close(id).await.unwrap();
}

fn asked(world: &FakeWorld, channel: ChannelAsked) -> Registration {
    let lease_seconds = match channel {
        ChannelAsked::Connection(_) => Policy::CONNECTION_LEASE_SECONDS,
        ChannelAsked::Callback { .. } | ChannelAsked::None => Policy::LEASE_SECONDS_DEFAULT,
    };
    let on_abandon = OnAbandon::Stop;
    Registration { channel, lease_seconds, on_abandon, ..world.registration("w") }
}

async fn register(world: &FakeWorld, id: &ConnectionId) -> Result<WaitAndJob, WaitError> {
    world.waits().register(asked(world, ChannelAsked::Connection(id.clone()))).await
}

async fn register_untold(world: &FakeWorld) -> WaitAndJob {
    world.waits().register(asked(world, ChannelAsked::None)).await.unwrap()
}

fn key(world: &FakeWorld) -> WaitKey {
    let Registration { arn, id, owner, .. } = world.registration("w");
    WaitKey::of(arn, owner, id)
}

async fn wait(world: &FakeWorld) -> Wait {
    world.store.load_wait(&key(world)).await.unwrap().unwrap().value
}

async fn settle(world: &FakeWorld) -> Vec<SignalOutcome> {
    let event = FakeWorld::training_event("Completed", "Completed", 60);
    world.recorder().take(&event).await.unwrap();
    world.deliver_all().await
}

fn stops(world: &FakeWorld) -> usize {
    world.sagemaker.count("stop")
}

async fn registered() -> (FakeWorld, ConnectionId) {
    let world = FakeWorld::default();
    let held = open(&world, "c1").await;
    register(&world, &held).await.unwrap();
    (world, held)
}

#[tokio::test]
async fn a_wait_is_told_through_the_connection_that_it_was_registered_on() {
    let (world, held) = registered().await;
    assert_eq!(settle(&world).await, [SignalOutcome::Signalled]);
    let pushed = world.gateway.pushed();
    let [(to, signal)] = pushed.as_slice() else { panic!("{pushed:?}") };
    assert_eq!((to, signal.wait_id.as_str(), signal.seq), (&held, "w", 1));
    assert!(signal.job.phase.is_settled());
    assert_eq!(wait(&world).await.state, WaitState::Signalled);
    assert!(world.sender.probes().is_empty() && world.sender.sent().is_empty());
}

#[tokio::test]
async fn progress_is_pushed_too() {
    let world = FakeWorld::default();
    let held = open(&world, "c1").await;
    let channel = ChannelAsked::Connection(held);
    let asked = Registration { signal_on: SignalOn::Progress, ..asked(&world, channel) };
    world.waits().register(asked).await.unwrap();
    let event = FakeWorld::training_event("InProgress", "Training", 10);
    world.recorder().take(&event).await.unwrap();
    assert_eq!(world.deliver_all().await, [SignalOutcome::Progress]);
    assert_eq!(settle(&world).await, [SignalOutcome::Signalled]);
    let seqs: Vec<u64> = world.gateway.pushed().iter().map(|(_, signal)| signal.seq).collect();
    assert_eq!(seqs, [1, 2]);
}

#[tokio::test]
async fn only_who_opened_a_connection_registers_on_it() {
    let world = FakeWorld::default();
    let held = open(&world, "c1").await;
    let other = Principal("111122223333:role/other".to_owned());
    let channel = ChannelAsked::Connection(held.clone());
    let foreign = Registration { owner: other.clone(), ..asked(&world, channel) };
    let refused = world.waits().register(foreign).await;
    assert!(matches!(refused, Err(WaitError::ConnectionNotOpen)), "{refused:?}");
    let taken = world.connections().open(held, other, world.clock.now()).await;
    assert!(matches!(taken, Err(OpenError::Taken)));
    let unknown = register(&world, &id("nobody")).await;
    assert!(matches!(unknown, Err(WaitError::ConnectionNotOpen)), "{unknown:?}");
    assert_eq!(world.store.load_wait(&key(&world)).await.unwrap(), None, "nothing was written");
}

#[tokio::test]
async fn a_closed_connection_takes_no_registration() {
    let (world, held) = registered().await;
    close(&world, &held).await;
    let before = wait(&world).await;
    let late = register(&world, &held).await;
    assert!(matches!(late, Err(WaitError::ConnectionNotOpen)), "{late:?}");
    assert_eq!(wait(&world).await, before);
    assert!(world.connections().holder(&held).await.unwrap().is_none());
}

#[tokio::test]
async fn a_connection_holds_a_bounded_number_of_waits() {
    let world = FakeWorld::default();
    let held = open(&world, "c1").await;
    let mut full = world.store.load_connection(&held).await.unwrap().unwrap();
    let arn = JobArn::parse(sagebell_monitor::testing::world::TRAINING_ARN).unwrap();
    let numbered = |n: usize| sagebell_monitor::testing::samples::key(&arn, &n.to_string());
    full.value.waits = (0..Policy::CONNECTION_WAITS).map(numbered).collect();
    world.store.save_connection(&full.value, Some(full.version)).await.unwrap();
    let refused = register(&world, &held).await;
    assert!(matches!(refused, Err(WaitError::ConnectionFull)), "{refused:?}");
}

#[tokio::test]
async fn a_lost_waiter_is_told_by_the_answer_when_it_registers_again() {
    let (world, held) = registered().await;
    close(&world, &held).await;
    assert!(wait(&world).await.gone_since.is_some());
    assert_eq!(settle(&world).await, [], "nothing is pushed into the void");
    let next = open(&world, "c2").await;
    let answer = register(&world, &next).await.unwrap();
    assert!(answer.job.phase.is_settled());
    assert_eq!(answer.wait.state, WaitState::Signalled);
}

#[tokio::test]
async fn a_push_into_a_closed_connection_is_noted_and_repaired_by_the_next_registration() {
    let (world, held) = registered().await;
    world.gateway.close(&held);
    assert_eq!(settle(&world).await, [SignalOutcome::Disconnected]);
    let lost = wait(&world).await;
    assert_eq!((lost.state, lost.gone_since.is_some()), (WaitState::Waiting, true));
    let next = open(&world, "c2").await;
    let answer = register(&world, &next).await.unwrap();
    assert_eq!(answer.wait.state, WaitState::Signalled);
}

#[tokio::test]
async fn a_signal_that_was_lost_in_a_half_dead_connection_is_told_again() {
    let (world, _) = registered().await;
    assert_eq!(settle(&world).await, [SignalOutcome::Signalled]);
    let next = open(&world, "c2").await;
    let answer = register(&world, &next).await.unwrap();
    assert!(answer.job.phase.is_settled(), "whoever registers again is answered the state");
}

#[tokio::test]
async fn a_late_report_about_an_old_connection_changes_nothing() {
    let (world, old) = registered().await;
    world.clock.advance(Duration::from_secs(10));
    let next = open(&world, "c2").await;
    register(&world, &next).await.unwrap();
    close(&world, &old).await;
    let wait = wait(&world).await;
    assert_eq!(wait.gone_since, None);
    assert!(wait.channel.is_connection(&next));
    assert_eq!(settle(&world).await, [SignalOutcome::Signalled]);
}

#[tokio::test]
async fn a_late_registration_of_an_old_connection_does_not_move_the_wait_back() {
    let (world, old) = registered().await;
    world.clock.advance(Duration::from_secs(10));
    let next = open(&world, "c2").await;
    register(&world, &next).await.unwrap();
    let before = wait(&world).await;
    let answer = register(&world, &old).await.unwrap();
    assert_eq!(answer.wait, before);
    close(&world, &old).await;
    assert_eq!(wait(&world).await, before);
    close(&world, &next).await;
    let lost = wait(&world).await;
    assert!(lost.gone_since.is_some(), "the new one counts");
}

#[tokio::test]
async fn a_closing_that_is_reported_twice_starts_no_second_grace() {
    let (world, held) = registered().await;
    close(&world, &held).await;
    let before = wait(&world).await;
    world.clock.advance(Duration::from_secs(60));
    close(&world, &held).await;
    assert_eq!(wait(&world).await, before);
    close(&world, &id("never-opened")).await;
}

#[tokio::test]
async fn whoever_does_not_come_back_is_gone_and_the_job_is_stopped_once() {
    for seconds_before_sweep in [1, 20, 40, 59] {
        let (world, held) = registered().await;
        world.sweep().sweep().await.unwrap();
        world.clock.advance(Duration::from_secs(60 - seconds_before_sweep));
        close(&world, &held).await;
        world.clock.advance(Duration::from_secs(seconds_before_sweep));
        let gone_for = async |minutes| {
            world.sweep_for(minutes).await;
            (wait(&world).await.state, stops(&world))
        };
        assert_eq!(gone_for(1).await, (WaitState::Waiting, 0), "{seconds_before_sweep}");
        // The third sweep is two minutes after the first, so at most three after the loss.
        assert_eq!(gone_for(2).await, (WaitState::Abandoned, 1), "{seconds_before_sweep}");
        assert_eq!(gone_for(10).await, (WaitState::Abandoned, 1));
    }
}

#[tokio::test]
async fn whoever_comes_back_within_the_grace_keeps_the_job() {
    let (world, held) = registered().await;
    close(&world, &held).await;
    world.clock.advance(Duration::from_secs(1));
    world.sweep_for(1).await;
    world.clock.advance(Duration::from_secs(40));
    let next = open(&world, "c2").await;
    register(&world, &next).await.unwrap();
    world.sweep_for(60).await;
    assert_eq!((wait(&world).await.state, stops(&world)), (WaitState::Waiting, 0));
}

#[tokio::test]
async fn nobody_is_gone_while_the_api_is_out_of_reach() {
    let (world, held) = registered().await;
    close(&world, &held).await;
    world.reachability.cut(true);
    world.sweep_for(60).await;
    assert_eq!((wait(&world).await.state, stops(&world)), (WaitState::Waiting, 0));
    world.reachability.cut(false);
    world.sweep_for(1).await;
    assert_eq!(wait(&world).await.state, WaitState::Waiting, "it gets its time again");
    world.sweep_for(4).await;
    assert_eq!((wait(&world).await.state, stops(&world)), (WaitState::Abandoned, 1));
}

#[tokio::test]
async fn after_a_break_of_the_sweep_a_lost_waiter_gets_its_time_again() {
    let (world, held) = registered().await;
    world.sweep_for(5).await;
    close(&world, &held).await;
    world.clock.advance(Duration::from_secs(3_600));
    world.sweep_for(2).await;
    assert_eq!(wait(&world).await.state, WaitState::Waiting);
    world.sweep_for(3).await;
    assert_eq!(wait(&world).await.state, WaitState::Abandoned);
}

#[tokio::test]
async fn a_held_connection_renews_the_lease_and_a_silent_gateway_ends_nothing() {
    let (world, held) = registered().await;
    let lease = Duration::from_secs(Policy::CONNECTION_LEASE_SECONDS.into());
    let minutes = u32::try_from(lease.as_secs() / 60).unwrap() + 10;
    world.sweep_for(minutes).await;
    let renewed = wait(&world).await;
    assert!(renewed.lease_until > world.clock.now(), "the gateway says that it is open");
    world.gateway.silent(true);
    world.sweep_for(minutes + 60).await;
    assert_eq!((wait(&world).await.state, stops(&world)), (WaitState::Waiting, 0));
    world.gateway.silent(false);
    world.gateway.close(&held);
    world.sweep_for(6).await;
    assert_eq!((wait(&world).await.state, stops(&world)), (WaitState::Abandoned, 1));
}

#[tokio::test]
async fn a_silent_gateway_is_tried_again() {
    let (world, _) = registered().await;
    world.gateway.silent(true);
    assert_eq!(settle(&world).await, [SignalOutcome::Later]);
    world.gateway.silent(false);
    world.sweep_for(2).await;
    assert_eq!(wait(&world).await.state, WaitState::Signalled);
}

#[tokio::test]
async fn a_stack_that_starts_again_looks_for_the_waiters_of_its_last_run() {
    let (world, held) = registered().await;
    let lost = world.connections().close_lost(&*world.gateway).await.unwrap();
    assert_eq!((lost, wait(&world).await.gone_since), (0, None));
    world.gateway.close(&held);
    let lost = world.connections().close_lost(&*world.gateway).await.unwrap();
    assert_eq!((lost, wait(&world).await.gone_since), (1, Some(world.clock.now())));
}

#[tokio::test]
async fn a_wait_without_a_channel_is_told_by_its_renewals_alone() {
    let world = FakeWorld::default();
    register_untold(&world).await;
    let event = FakeWorld::training_event("InProgress", "Training", 10);
    world.recorder().take(&event).await.unwrap();
    assert_eq!(settle(&world).await, []);
    world.sagemaker.answer(Described::Error(|| panic!("a settled job is not described")));
    world.sweep_for(8).await;
    assert!(world.queue.is_empty());
    let answer = register_untold(&world).await;
    assert_eq!((answer.wait.state, answer.job.phase.is_settled()), (WaitState::Signalled, true));
}

#[tokio::test]
async fn a_wait_without_a_channel_lives_by_its_lease() {
    let world = FakeWorld::default();
    register_untold(&world).await;
    // The lease of ten minutes, the grace of five, and two more sweeps.
    world.sweep_for(17).await;
    assert_eq!((wait(&world).await.state, stops(&world)), (WaitState::Waiting, 0));
    register_untold(&world).await;
    world.sweep_for(17).await;
    assert_eq!((wait(&world).await.state, stops(&world)), (WaitState::Waiting, 0));
    world.reachability.cut(true);
    world.sweep_for(60).await;
    assert_eq!(wait(&world).await.state, WaitState::Waiting, "nobody could renew");
    world.reachability.cut(false);
    world.sweep_for(20).await;
    assert_eq!((wait(&world).await.state, stops(&world)), (WaitState::Abandoned, 1));
}

#[tokio::test]
async fn a_request_goes_to_the_program_that_sends_on_the_channel() {
    let (world, _) = registered().await;
    let (other, request) = (Arc::new(FakeQueue::default()), SignalRequest::from(key(&world)));
    let senders = Senders { gateway: None, other: Some(other.clone()), ..world.senders() };
    let callbacks_only = Deliver { senders, ..world.deliver() };
    let event = FakeWorld::training_event("Completed", "Completed", 60);
    world.recorder().take(&event).await.unwrap();
    let outcome = callbacks_only.handle(&request).await.unwrap();
    assert_eq!(outcome, SignalOutcome::HandedOver);
    assert_eq!(other.pop(), Some(request.clone()));
    other.refuse(1);
    let failed = callbacks_only.handle(&request).await;
    assert!(matches!(failed, Err(StoreError::Retryable(_))), "the request is repeated");
    assert_eq!(world.deliver().handle(&request).await.unwrap(), SignalOutcome::Signalled);
}

#[tokio::test]
async fn a_question_about_a_waiter_goes_there_too() {
    let (world, _) = registered().await;
    let other = Arc::new(FakeQueue::default());
    let senders = Senders { gateway: None, other: Some(other.clone()), ..world.senders() };
    let callbacks_only = Deliver { senders, ..world.deliver() };
    world.clock.advance(Duration::from_secs(u64::from(Policy::CONNECTION_LEASE_SECONDS) + 1));
    let outcome = callbacks_only.handle(&SignalRequest::probe(key(&world))).await.unwrap();
    assert_eq!(outcome, SignalOutcome::HandedOver);
    assert_eq!(other.pop().unwrap().purpose, Purpose::Probe);
}

#[tokio::test]
async fn a_monitor_without_callbacks_judges_no_callback_waiter() {
    let world = FakeWorld::default();
    world
        .waits()
        .register(Registration { on_abandon: OnAbandon::Stop, ..world.registration("w") })
        .await
        .unwrap();
    let senders = Senders { callbacks: None, ..world.senders() };
    let deliver = Deliver { senders, ..world.deliver() };
    for _ in 0..60 {
        world.sweep().sweep().await.unwrap();
        while let Some(request) = world.queue.pop() {
            assert_eq!(deliver.handle(&request).await.unwrap(), SignalOutcome::Later);
        }
        world.clock.advance(Duration::from_secs(60));
    }
    assert_eq!((wait(&world).await.state, stops(&world)), (WaitState::Waiting, 0));
}

#[tokio::test]
async fn a_wait_moves_between_channels() {
    let (world, held) = registered().await;
    world.waits().register(world.registration("w")).await.unwrap();
    close(&world, &held).await;
    let moved = wait(&world).await;
    assert!(matches!(moved.channel, Channel::Callback { .. }));
    assert_eq!(moved.gone_since, None, "it is told elsewhere by now");
    let next = open(&world, "c2").await;
    register(&world, &next).await.unwrap();
    assert!(wait(&world).await.channel.is_connection(&next));
}

#[tokio::test]
async fn a_job_is_not_left_to_another_waiter_that_is_just_being_given_up() {
    let (world, held) = registered().await;
    let channel = ChannelAsked::Connection(held.clone());
    let other = Registration { id: WaitId::parse("v").unwrap(), ..asked(&world, channel) };
    let other_key = WaitKey::of(other.arn.clone(), other.owner.clone(), other.id.clone());
    world.waits().register(other).await.unwrap();
    close(&world, &held).await;
    world.sweep_for(2).await;
    // The sweep judged the other one, and has not ended its wait yet.
    let mut judged = world.store.load_wait(&other_key).await.unwrap().unwrap();
    judged.value.search.unanswered = Policy::CHANCES;
    judged.value.search.probed_at = Some(world.clock.now());
    judged.value.due_at = None;
    world.store.save_wait(&judged.value, Some(judged.version)).await.unwrap();
    world.sweep_for(1).await;
    assert_eq!((wait(&world).await.state, stops(&world)), (WaitState::Abandoned, 1));
}

#[tokio::test]
async fn the_time_of_a_missing_sweep_does_not_count_against_a_lost_waiter() {
    let (world, held) = registered().await;
    world.sweep_for(1).await;
    close(&world, &held).await;
    world.clock.advance(Duration::from_secs(1));
    world.sweep_for(1).await;
    // Whatever kept the sweep away may have kept the waiter away as well.
    world.clock.advance(Duration::from_secs(120));
    world.sweep_for(1).await;
    assert_eq!((wait(&world).await.state, stops(&world)), (WaitState::Waiting, 0));
    world.sweep_for(1).await;
    assert_eq!((wait(&world).await.state, stops(&world)), (WaitState::Abandoned, 1));
}

#[tokio::test]
async fn after_the_clock_was_set_back_a_new_connection_is_still_the_newer_one() {
    let (world, old) = registered().await;
    world.clock.jump(-1);
    let next = open(&world, "c2").await;
    let answer = register(&world, &next).await.unwrap();
    assert!(answer.wait.channel.is_connection(&next));
    close(&world, &old).await;
    assert_eq!(wait(&world).await.gone_since, None);
    assert_eq!(settle(&world).await, [SignalOutcome::Signalled]);
}

#[tokio::test]
async fn a_loss_that_nobody_could_note_is_noted_by_the_next_registration() {
    let (world, held) = registered().await;
    // The closing died when the connection was written, and the waits on it were not.
    let mut closed = world.store.load_connection(&held).await.unwrap().unwrap();
    closed.value.closed_at = Some(world.clock.now());
    world.store.save_connection(&closed.value, Some(closed.version)).await.unwrap();
    let late = register(&world, &held).await;
    assert!(matches!(late, Err(WaitError::ConnectionNotOpen)), "{late:?}");
    assert_eq!(wait(&world).await.gone_since, Some(world.clock.now()));
}

#[tokio::test]
async fn the_answer_to_a_late_registration_of_an_old_connection_tells_nobody() {
    let (world, old) = registered().await;
    world.clock.advance(Duration::from_secs(10));
    let next = open(&world, "c2").await;
    register(&world, &next).await.unwrap();
    let event = FakeWorld::training_event("Completed", "Completed", 60);
    world.recorder().take(&event).await.unwrap();
    let late = register(&world, &old).await.unwrap();
    assert_eq!((late.wait.state, late.job.phase.is_settled()), (WaitState::Waiting, true));
    assert_eq!(world.deliver_all().await, [SignalOutcome::Signalled]);
    let pushed = world.gateway.pushed();
    assert!(matches!(pushed.as_slice(), [(to, _)] if *to == next), "{pushed:?}");
}
