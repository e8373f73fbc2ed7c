//! Callbacks on their way to waiters: addresses, listeners, and everything that
//! can happen to a request and its answer.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use async_trait::async_trait;
use sagebell_monitor::ports::{Failure, ProbeOutcome, SendOutcome, Sender};
use sagebell_monitor::signal::{Callback, Probe, Signal};
use sagebell_monitor::wait::{CallbackUrl, Channel, FailureClass, Secret};
use sagebell_monitor::wait_registry::ChannelAsked;

use crate::checks;
use crate::executor::Millis;
use crate::faults::Fault;
use crate::liveness;
use crate::lock;
use crate::mutation::Mutation;
use crate::teams::Who;
use crate::world::{Dice, World};

/// How long a sender waits for an answer.
pub(crate) const TIMEOUT: Millis = 5_000;
/// So few that the address of a pod that is gone is soon another's.
const ADDRESSES: u8 = 12;

/// A pod's address.
pub type Address = u8;

/// What listens at an address.
#[derive(Debug)]
pub struct Listener {
    /// Whose it is.
    pub who: Who,
    /// What callbacks are signed with.
    pub secret: String,
    /// The `webhook-id`s accepted.
    accepted: BTreeSet<String>,
    /// Signals not looked at yet.
    inbox: VecDeque<Signal>,
    /// Who waits for the next.
    waker: Option<Waker>,
    /// It has heard enough.
    pub closed: bool,
}

/// Who listens where.
#[derive(Debug, Default)]
pub struct Network {
    listeners: BTreeMap<Address, Listener>,
    /// Who has made which secret.
    makers: BTreeMap<String, Who>,
}

impl Network {
    /// Listens at a free address.
    pub fn listen(&mut self, rng: &mut fastrand::Rng, who: Who, secret: String) -> Address {
        self.makers.insert(secret.clone(), who);
        let mut address = rng.u8(1..=ADDRESSES);
        while self.listeners.contains_key(&address) {
            address = if address < 250 { address + 1 } else { 1 };
        }
        let listener = Listener {
            who,
            secret,
            accepted: BTreeSet::new(),
            inbox: VecDeque::new(),
            waker: None,
            closed: false,
        };
        self.listeners.insert(address, listener);
        address
    }

    /// Whether this one listens there, and has not heard enough.
    #[must_use]
    pub fn is_home(&self, address: Address, who: Who) -> bool {
        let listener = self.listeners.get(&address);
        listener.is_some_and(|listener| listener.who == who && !listener.closed)
    }

    /// Whose wait a callback is for, by the secret that it is signed with.
    fn maker<M>(&self, callback: &Callback<M>) -> Who {
        self.makers[callback.secret.expose()]
    }

    /// What listens there.
    pub fn at(&mut self, address: Address) -> Option<&mut Listener> {
        self.listeners.get_mut(&address)
    }

    /// Nothing listens there any more.
    pub fn leave(&mut self, address: Address) {
        self.listeners.remove(&address);
    }

    /// The next signal heard there; else wakes whoever asks when there is one.
    pub fn next(&mut self, address: Address, waker: &Waker) -> Option<Signal> {
        let listener = self.listeners.get_mut(&address)?;
        listener.waker = Some(waker.clone());
        listener.inbox.pop_front()
    }
}

/// How a request is answered; `None`: nobody is there.
fn receive(world: &World, address: Address, callback: &Callback<Signal>) -> Option<u16> {
    let signal = &callback.message;
    let mut network = lock(&world.network);
    let listener = network.at(address)?;
    if listener.secret != callback.secret.expose() {
        return Some(401);
    }
    let who = listener.who;
    if world.plan.tasks[who.task()].wait_id != signal.wait_id {
        return Some(400);
    }
    let Who::Task(task) = who else { return Some(204) };
    if listener.closed {
        return Some(410);
    }
    let known = !listener.accepted.insert(callback.id.clone());
    if known && !world.breaks(Mutation::NoDedupe) {
        return Some(204);
    }
    if let Some(waker) = listener.waker.take() {
        waker.wake();
    }
    listener.inbox.push_back(signal.clone());
    drop(network);
    world.note(|| format!("task {task} receives {} #{}", signal.job.phase, signal.seq));
    if known {
        world.broken("5-doubled", || format!("task {task} heard {} twice", callback.id));
    }
    checks::received(world, task, &signal.job);
    Some(204)
}

/// The `signals` function's way to the waiters.
pub struct SimSender(pub Arc<World>);

fn failed(reason: &str) -> SendOutcome {
    SendOutcome::Failed { failure: failure(reason), retry_after: None }
}

fn failure(reason: &str) -> Failure {
    Failure::new(FailureClass::NoAnswer, reason)
}

/// Notes that a send is over, however it ends.
pub(crate) struct UnderWay<'a> {
    pub(crate) world: &'a World,
    pub(crate) task: usize,
    /// What the pod, or its connection, is known by.
    pub(crate) secret: &'a str,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        lock(&self.world.judge).send_ended(self.task, self.secret);
    }
}

#[async_trait]
impl Sender for SimSender {
    async fn send(&self, callback: &Callback<Signal>) -> SendOutcome {
        let world = &self.0;
        let address = address_of(&callback.url);
        let secret = callback.secret.expose();
        let who = lock(&world.network).maker(callback);
        let Who::Task(task) = who else { return self.attempt(address, callback).await };
        checks::send_begun(world, task, secret, &callback.message);
        let _under_way = UnderWay { world, task, secret };
        self.attempt(address, callback).await
    }

    async fn probe(&self, probe: &Callback<Probe>) -> ProbeOutcome {
        let world = &self.0;
        let who = lock(&world.network).maker(probe);
        let address = address_of(&probe.url);
        world.hop(Dice::Network).await;
        if world.strikes(Fault::ProbeLost) {
            world.time.sleep(TIMEOUT).await;
            liveness::probed(world, who, false);
            return ProbeOutcome::Unanswered(failure("no answer within 5 s"));
        }
        let there = lock(&world.network)
            .at(address)
            .is_some_and(|listener| listener.secret == probe.secret.expose() && !listener.closed);
        world.hop(Dice::Network).await;
        liveness::probed(world, who, there);
        if there {
            return ProbeOutcome::Answered;
        }
        ProbeOutcome::Unanswered(failure("nobody is there"))
    }
}

/// A registration for callbacks to this URL.
#[must_use]
pub fn callback(url: &str, secret: &Secret) -> ChannelAsked {
    ChannelAsked::Callback { url: CallbackUrl::parse(url).unwrap(), secret: secret.clone() }
}

/// The URL and the secret of a callback.
#[must_use]
pub fn callback_of(channel: &Channel) -> Option<(&CallbackUrl, &Secret)> {
    match channel {
        Channel::Callback { url, secret } => Some((url, secret)),
        Channel::Connection { .. } | Channel::None => None,
    }
}

/// Where callbacks to this URL go.
#[must_use]
pub fn address_of(url: &CallbackUrl) -> Address {
    let host = url.as_url().host_str().unwrap();
    host.rsplit('.').next().unwrap().parse().unwrap()
}

impl SimSender {
    async fn attempt(&self, address: Address, callback: &Callback<Signal>) -> SendOutcome {
        let world = &self.0;
        world.hop(Dice::Network).await;
        if world.strikes(Fault::CallbackRefused) {
            let millis = world.roll(Dice::Network, |rng| rng.u64(..1_000));
            world.time.sleep(millis).await;
            return failed("connection refused");
        }
        if world.strikes(Fault::WaiterBusy) {
            let seconds = world.roll(Dice::Network, |rng| rng.u64(1..180));
            let retry_after = Some(Duration::from_secs(seconds));
            return SendOutcome::Failed { failure: failure("HTTP 503"), retry_after };
        }
        if world.strikes(Fault::CallbackHangs) {
            self.receive_late(address, callback.clone());
            world.time.sleep(TIMEOUT).await;
            return failed("no answer within 5 s");
        }
        let status = receive(world, address, callback);
        if world.strikes(Fault::CallbackDoubled) {
            receive(world, address, callback);
        }
        if world.strikes(Fault::CallbackUnanswered) {
            world.time.sleep(TIMEOUT).await;
            return failed("no answer within 5 s");
        }
        world.hop(Dice::Network).await;
        match status {
            Some(204) => SendOutcome::Delivered,
            Some(410) => SendOutcome::Gone,
            Some(status) => failed(&format!("HTTP {status}")),
            None => failed("connection refused"),
        }
    }

    /// The request lies in the waiter's socket while the sender gives up.
    fn receive_late(&self, address: Address, callback: Callback<Signal>) {
        let world = Arc::clone(&self.0);
        let millis = world.roll(Dice::Network, |rng| rng.u64(..25_000));
        let sleep = world.time.sleep(millis);
        self.0.time.spawn(async move {
            sleep.await;
            receive(&world, address, &callback);
        });
    }
}
