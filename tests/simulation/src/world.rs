//! The world that all parts of a history share: time, dice, faults, the truth
//! about SageMaker's jobs, the waiters, and the record of what was seen.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use fastrand::Rng;
use futures::channel::mpsc::UnboundedSender;
use jiff::Timestamp;
use sagebell_monitor::ports::{Clock, Entropy};

use crate::connections::Connections;
use crate::executor::{Millis, Time};
use crate::faults::{Fault, Faults, Strikes};
use crate::history::History;
use crate::judge::Judge;
use crate::jumps::Jump;
use crate::lock;
use crate::messages::Message;
use crate::mutation::Mutation;
use crate::network::Network;
use crate::parts::{self, Part};
use crate::plan::Plan;
use crate::teams::Ask;
use crate::trace::Trace;
use crate::truth::Truth;

/// When every history begins, in milliseconds since 1970: 2026-01-01.
const BEGINNING: i64 = 1_767_225_600_000;

/// Who rolls dice. Each has its own, so that one more roll here changes nothing
/// there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dice {
    /// The lives of jobs and events.
    Events,
    /// The store.
    Store,
    /// Functions: crashes and jitter.
    Functions,
    /// Queues.
    Queues,
    /// Callbacks and API calls.
    Network,
    /// Connections.
    Connections,
    /// SageMaker's API.
    SageMaker,
    /// Waiters.
    Waiters,
    /// Strangers.
    Strangers,
}

const DICE: usize = Dice::Strangers as usize + 1;

/// See the module.
pub struct World {
    /// Time.
    pub time: Time,
    /// What goes wrong.
    pub faults: Faults,
    /// Who does what when.
    pub plan: Plan,
    /// What the plan has that it could do without.
    pub items: Vec<Part>,
    /// Which faults strike.
    pub strikes: Mutex<Strikes>,
    /// The rule that is broken on purpose, if any.
    pub mutation: Option<Mutation>,
    /// SageMaker's jobs as they are.
    pub truth: Mutex<Truth>,
    /// Who listens where.
    pub network: Mutex<Network>,
    /// Who holds which connection.
    pub connections: Mutex<Connections>,
    /// What was seen, and what it means for the promises.
    pub judge: Mutex<Judge>,
    /// What happened.
    pub trace: Mutex<Trace>,
    /// Where messages are queued.
    pub queues: UnboundedSender<Message>,
    /// Whose call the API is answering just now.
    pub asks: Mutex<Option<Ask>>,
    dice: [Mutex<Rng>; DICE],
}

impl World {
    /// A world at its beginning.
    #[must_use]
    pub fn new(
        time: Time,
        history: &History,
        traced: bool,
        queues: UnboundedSender<Message>,
    ) -> Self {
        let mut rng = Rng::with_seed(history.seed);
        let (mut faults, mut plan) = (Faults::draw(&mut rng), Plan::draw(&mut rng));
        faults.jump = Jump::draw(history.seed);
        let only = history.only.clone();
        let mut items = Vec::new();
        parts::sift(&mut plan, &mut faults, |part| {
            let kept = only.as_ref().is_none_or(|only| only.contains(&part));
            items.extend(kept.then_some(part));
            kept
        });
        Self {
            truth: Mutex::new(Truth::new(&plan)),
            network: Mutex::default(),
            connections: Mutex::default(),
            judge: Mutex::new(Judge::new(&plan)),
            trace: Mutex::new(Trace::new(traced)),
            asks: Mutex::default(),
            dice: std::array::from_fn(|_| Mutex::new(rng.fork())),
            time,
            faults,
            plan,
            items,
            strikes: Mutex::new(Strikes::new(only)),
            mutation: history.mutation,
            queues,
        }
    }

    /// Rolls.
    pub fn roll<T>(&self, dice: Dice, roll: impl FnOnce(&mut Rng) -> T) -> T {
        roll(&mut lock(&self.dice[dice as usize]))
    }

    /// Whether this fault, which could strike now, does.
    pub fn strikes(&self, fault: Fault) -> bool {
        let likelihood = self.faults.likelihood(fault);
        if likelihood == 0.0 || self.is_calm() {
            return false;
        }
        // Rolled even where a list decides: what follows falls as it fell.
        let dice = self.roll(fault.dice(), |rng| rng.f64() < likelihood);
        let struck = lock(&self.strikes).decide(fault, dice);
        if let Some(part) = struck {
            self.note(|| format!("fault {part}"));
        }
        struck.is_some()
    }

    /// As [`strikes`](Self::strikes), for a fault after which work is done again.
    pub fn undoes(&self, fault: Fault) -> bool {
        let strikes = self.strikes(fault);
        if strikes {
            lock(&self.judge).work_undone += 1;
        }
        strikes
    }

    /// Whether faults are over.
    pub fn is_calm(&self) -> bool {
        self.time.now() >= self.faults.calm_at
    }

    /// Whether the API is out for everybody.
    #[must_use]
    pub fn is_api_out(&self) -> bool {
        let now = self.time.now();
        self.faults.api_down.holds(now) || self.faults.api_browned_out.holds(now)
    }

    /// Whether this rule is broken on purpose.
    pub fn breaks(&self, mutation: Mutation) -> bool {
        self.mutation == Some(mutation)
    }

    /// Waits for as long as a short way over the network takes.
    pub async fn hop(&self, dice: Dice) {
        let millis = self.roll(dice, |rng| rng.u64(1..15));
        self.time.sleep(millis).await;
    }

    /// Notes a line of the trace.
    pub fn note(&self, line: impl FnOnce() -> String) {
        let now = self.time.now();
        lock(&self.trace).note(now, line);
    }

    /// Notes a broken promise; the first one ends the history.
    pub fn broken(&self, promise: &'static str, what: impl FnOnce() -> String) {
        let mut judge = lock(&self.judge);
        if judge.verdict.is_none() {
            let what = what();
            self.note(|| format!("BROKEN {promise}: {what}"));
            judge.verdict = Some((promise, what));
            self.time.stop();
        }
    }
}

/// An instant of the history as the world's calendar has it.
#[must_use]
pub fn instant(at: Millis) -> Timestamp {
    Timestamp::from_millisecond(BEGINNING + at as i64).unwrap()
}

/// The instant of the history; before its beginning counts as negative.
#[must_use]
pub fn millis(at: Timestamp) -> i64 {
    at.as_millisecond() - BEGINNING
}

/// A function's clock: simulated time, a little off, and set at some time.
pub struct SkewedClock {
    /// Time as it is.
    pub time: Time,
    /// How far ahead, in milliseconds.
    pub ahead: i64,
    /// When it is set.
    pub jump: Jump,
    /// Whether it forgets what it showed before it was set.
    pub forgets: bool,
}

impl SkewedClock {
    fn shows(&self, ahead: i64) -> Timestamp {
        let now = self.time.now() as i64 + self.ahead + ahead;
        Timestamp::from_millisecond(BEGINNING + now).unwrap()
    }
}

#[async_trait]
impl Clock for SkewedClock {
    fn now(&self) -> Timestamp {
        self.shows(self.jump.ahead(self.time.now()))
    }

    fn latest(&self) -> Timestamp {
        if self.forgets {
            return self.now();
        }
        self.shows(self.jump.latest_ahead(self.time.now()))
    }

    fn earliest(&self) -> Timestamp {
        if self.forgets {
            return self.now();
        }
        self.shows(self.jump.ahead(self.time.now()).min(0))
    }

    fn uptime(&self) -> Duration {
        Duration::from_millis(self.time.now())
    }

    async fn sleep(&self, duration: Duration) {
        // Never short of what was asked for, as a real timer.
        self.time.sleep(duration.as_millis() as Millis + 1).await;
    }
}

/// Jitter from the functions' dice.
pub struct Jitter(pub Mutex<Rng>);

impl Entropy for Jitter {
    fn unit(&self) -> f64 {
        lock(&self.0).f64()
    }
}
