//! What becomes of connections: they are opened, cut, half-dead, left without a word, and ended by
//! the gateway; and the gateway pushes signals down those that it has open.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use async_trait::async_trait;
use sagebell_monitor::ports::{Failure, Gateway, SendOutcome};
use sagebell_monitor::signal::Signal;
use sagebell_monitor::wait::{ConnectionId, FailureClass};

use crate::checks;
use crate::connections::Mailbox;
use crate::executor::Millis;
use crate::faults::Fault;
use crate::lives::spread;
use crate::lock;
use crate::messages::Message;
use crate::mutation::Mutation;
use crate::network::{TIMEOUT, UnderWay};
use crate::teams::Who;
use crate::world::{Dice, World};

const SECOND: Millis = 1_000;
const MINUTE: Millis = 60_000;
/// When a waiter notices that a connection is dead: it asks for life after 36 to 48 s without a
/// word, and waits 10 s for the answer (`keep_alive.rs` of the client).
const NOTICED: std::ops::Range<Millis> = 10 * SECOND..58 * SECOND;
/// When the gateway notices: after ten minutes without a word (Developer Guide, as above). The last
/// word may be up to eight minutes old.
const IDLE: std::ops::Range<Millis> = 2 * MINUTE..10 * MINUTE;

/// What may become of a connection.
type End = fn(&Arc<World>, &ConnectionId);

/// A connection in the hands of its waiter. Dropping it is the end of the process: without a word.
pub struct Line {
    world: Arc<World>,
    /// Its id.
    pub id: ConnectionId,
    /// When it was opened.
    pub opened_at: Millis,
}

impl Line {
    /// Opens a connection at the gateway, which asks nobody yet.
    #[must_use]
    pub fn open(world: &Arc<World>, who: Who, mailbox: Mailbox) -> Self {
        let id = lock(&world.connections).open(who, mailbox);
        world.note(|| format!("{who:?} opens connection {id}"));
        Self { world: Arc::clone(world), id, opened_at: world.time.now() }
    }

    /// The monitor knows it: from now on it may be lost.
    pub fn begin(&self) {
        let (world, id) = (&self.world, &self.id);
        let ends: [(Fault, End); 3] = [
            (Fault::ConnectionCut, cut),
            (Fault::ConnectionUnseen, close_unseen),
            (Fault::ConnectionDead, die),
        ];
        for (fault, end) in ends {
            if world.strikes(fault) {
                let after = world.roll(Dice::Connections, |rng| until_end(rng, world));
                if world.time.now() + after < world.faults.calm_at {
                    at(world, after, id, end);
                }
            }
        }
        at(world, world.plan.connection_life, id, cut);
    }

    /// Says goodbye, which the gateway hears if the connection is not dead.
    pub fn close(self) {
        if self.is_through() {
            cut(&self.world, &self.id);
        }
    }

    /// It breaks, and its waiter alone sees it.
    pub fn tear(&self) {
        die(&self.world, &self.id);
        lose(&self.world, &self.id);
    }

    /// Waits until the waiter knows that it is lost.
    pub async fn lost(&self) {
        poll_fn(|cx| match lock(&self.world.connections).is_lost(&self.id, cx.waker()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
    }

    /// Whether a frame comes through.
    #[must_use]
    pub fn is_through(&self) -> bool {
        lock(&self.world.connections).is_through(&self.id)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let (world, id) = (&self.world, &self.id);
        if self.is_through() && world.strikes(Fault::FarewellLost) {
            die(world, id);
        } else if self.is_through() {
            cut(world, id);
        }
        lock(&world.connections).lose(id);
    }
}

/// When a connection ends before its time: at any time, or about when the API goes out, which may
/// have the same reason.
fn until_end(rng: &mut fastrand::Rng, world: &World) -> Millis {
    let (now, outage) = (world.time.now(), world.faults.api_down);
    if rng.bool() && now + MINUTE < outage.from {
        return rng.u64(outage.from - MINUTE..=outage.from) - now;
    }
    spread(rng, SECOND, 20 * MINUTE)
}

/// Lets this happen to a connection after a while.
fn at(world: &Arc<World>, after: Millis, id: &ConnectionId, end: End) {
    let (shared, id, sleep) = (Arc::clone(world), id.clone(), world.time.sleep(after));
    world.time.spawn(async move {
        sleep.await;
        end(&shared, &id);
    });
}

/// The gateway closes it, if it is open, and reports that to the monitor.
fn close(world: &Arc<World>, id: &ConnectionId) {
    if lock(&world.connections).close(id) {
        world.note(|| format!("connection {id} is closed"));
        let _ = world.queues.unbounded_send(Message::Disconnected(id.clone()));
    }
}

/// Both sides see its end, if they hear each other at all.
fn cut(world: &Arc<World>, id: &ConnectionId) {
    let is_through = lock(&world.connections).is_through(id);
    close(world, id);
    if is_through {
        lock(&world.connections).lose(id);
    }
}

/// The waiter notices in its own time.
fn close_unseen(world: &Arc<World>, id: &ConnectionId) {
    lock(&world.connections).die(id);
    close(world, id);
    let after = world.roll(Dice::Connections, |rng| rng.u64(NOTICED));
    at(world, after, id, lose);
}

/// Each side notices in its own time.
fn die(world: &Arc<World>, id: &ConnectionId) {
    world.note(|| format!("connection {id} is dead"));
    lock(&world.connections).die(id);
    let after = world.roll(Dice::Connections, |rng| rng.u64(NOTICED));
    at(world, after, id, lose);
    let after = world.roll(Dice::Connections, |rng| rng.u64(IDLE));
    at(world, after, id, close);
}

fn lose(world: &Arc<World>, id: &ConnectionId) {
    lock(&world.connections).lose(id);
}

/// The gateway, as `signals` meets it.
pub struct SimGateway(pub Arc<World>);

fn failure(reason: &str) -> Failure {
    Failure::new(FailureClass::NoAnswer, reason)
}

fn failed(reason: &str) -> SendOutcome {
    SendOutcome::Failed { failure: failure(reason), retry_after: None }
}

#[async_trait]
impl Gateway for SimGateway {
    async fn push(&self, to: &ConnectionId, signal: &Signal) -> SendOutcome {
        let world = &self.0;
        let opener = lock(&world.connections).opener(to);
        let Some(Who::Task(task)) = opener else { return self.attempt(to, signal).await };
        checks::send_begun(world, task, to.as_str(), signal);
        let _under_way = UnderWay { world, task, secret: to.as_str() };
        self.attempt(to, signal).await
    }

    async fn is_open(&self, id: &ConnectionId) -> Result<bool, Failure> {
        let world = &self.0;
        world.hop(Dice::Connections).await;
        if world.strikes(Fault::GatewayFails) {
            let is_gone = world.breaks(Mutation::ErrorIsGone);
            return if is_gone { Ok(false) } else { Err(failure("HTTP 503")) };
        }
        Ok(lock(&world.connections).is_open(id))
    }
}

impl SimGateway {
    async fn attempt(&self, to: &ConnectionId, signal: &Signal) -> SendOutcome {
        let world = &self.0;
        world.hop(Dice::Connections).await;
        if world.strikes(Fault::GatewayFails) {
            let is_gone = world.breaks(Mutation::ErrorIsGone);
            return if is_gone { SendOutcome::Gone } else { failed("HTTP 500") };
        }
        if !lock(&world.connections).is_open(to) {
            return SendOutcome::Gone;
        }
        if world.strikes(Fault::PushLost) {
            cut(world, to);
            return SendOutcome::Delivered;
        }
        if world.strikes(Fault::PushHangs) {
            let late = world.roll(Dice::Connections, |rng| rng.u64(..25_000));
            let (world, to, signal) = (Arc::clone(world), to.clone(), signal.clone());
            let sleep = world.time.sleep(late);
            self.0.time.spawn(async move {
                sleep.await;
                receive(&world, &to, &signal);
            });
            self.0.time.sleep(TIMEOUT).await;
            return failed("no answer within 5 s");
        }
        receive(world, to, signal);
        world.hop(Dice::Connections).await;
        SendOutcome::Delivered
    }
}

/// A signal comes to the end of its way, if anybody is there.
fn receive(world: &World, to: &ConnectionId, signal: &Signal) {
    let opener = {
        let connections = lock(&world.connections);
        connections.opener(to).filter(|_| connections.is_through(to))
    };
    let Some(who) = opener.filter(|who| world.plan.tasks[who.task()].wait_id == signal.wait_id)
    else {
        return;
    };
    lock(&world.connections).receive(to, signal.job.phase.is_settled());
    let Who::Task(task) = who else { return };
    world.note(|| format!("task {task} receives {} #{} by {to}", signal.job.phase, signal.seq));
    checks::received(world, task, &signal.job);
}
