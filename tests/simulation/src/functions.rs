//! The functions, as Lambda runs them: invocations that may die at any await
//! point, over the real use cases.

use std::future::Future;
use std::sync::{Arc, Mutex};

use sagebell_monitor::connections::Connections;
use sagebell_monitor::deliver::{Deliver, Senders};
use sagebell_monitor::job_queries::JobQueries;
use sagebell_monitor::kind::Kind;
use sagebell_monitor::policy::Policy;
use sagebell_monitor::ports::Clock;
use sagebell_monitor::record::Recorder;
use sagebell_monitor::sweep::Sweep;
use sagebell_monitor::testing::memory::MemoryStore;
use sagebell_monitor::wait::ConnectionId;
use sagebell_monitor::wait_registry::WaitRegistry;
use serde_json::Value;

use crate::checks;
use crate::executor::{Mortal, Time};
use crate::faults::Fault;
use crate::gateway::SimGateway;
use crate::jumps::Jump;
use crate::lock;
use crate::messages::{Message, SimQueue};
use crate::mutation::Mutation;
use crate::network::SimSender;
use crate::reach::Check;
use crate::sagemaker::SimSageMaker;
use crate::settings::{AnyUrl, Silent, policy};
use crate::spoil::spoil;
use crate::store::SimStore;
use crate::teams::{Ask, Asked, Who};
use crate::world::{Dice, Jitter, SkewedClock, World};

/// Which function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// The API.
    Api,
    /// Records events.
    JobEvents,
    /// Calls back.
    Signals,
    /// Repairs.
    Sweep,
}

/// The functions over one world.
pub struct Cloud {
    /// The world.
    pub world: Arc<World>,
    /// What is stored, as it is.
    pub store: Arc<MemoryStore>,
    /// The API's use cases.
    pub waits: WaitRegistry,
    /// The API's use cases about jobs.
    pub jobs: JobQueries,
    /// The API's use cases about connections.
    pub connections: Connections,
    recorder: Recorder,
    deliver: Deliver,
    sweep: Sweep,
}

/// What the ports of one function are made of.
struct Parts {
    world: Arc<World>,
    inner: Arc<MemoryStore>,
    trailing: Arc<MemoryStore>,
    policy: Arc<Policy>,
}

impl Parts {
    fn clock(&self, caller: Function) -> Arc<SkewedClock> {
        let ahead = self.world.plan.clocks_ahead[caller as usize];
        let (time, jump) = (self.world.time.clone(), self.world.faults.jump);
        let forgets = self.world.breaks(Mutation::ReadingForgotten);
        Arc::new(SkewedClock { time, ahead, jump, forgets })
    }

    fn store(&self, caller: Function) -> Arc<SimStore> {
        Arc::new(self.store_of(caller, false))
    }

    fn closing_store(&self) -> Arc<SimStore> {
        Arc::new(self.store_of(Function::Api, true))
    }

    fn store_of(&self, caller: Function, closes: bool) -> SimStore {
        SimStore {
            world: Arc::clone(&self.world),
            caller,
            inner: Arc::clone(&self.inner),
            trailing: Arc::clone(&self.trailing),
            closes: closes.then(Mutex::default),
        }
    }

    fn sagemaker(&self, caller: Function) -> Arc<SimSageMaker> {
        Arc::new(SimSageMaker { world: Arc::clone(&self.world), caller })
    }

    fn jitter(&self) -> Arc<Jitter> {
        Arc::new(Jitter(Mutex::new(self.world.roll(Dice::Functions, fastrand::Rng::fork))))
    }

    fn recorder(&self, caller: Function) -> Recorder {
        Recorder {
            store: self.store(caller),
            queue: Arc::new(SimQueue(Arc::clone(&self.world))),
            announcer: Arc::new(Silent),
            clock: self.clock(caller),
            entropy: self.jitter(),
            policy: Arc::clone(&self.policy),
        }
    }
}

fn memory(time: &Time) -> Arc<MemoryStore> {
    let clock: Arc<dyn Clock> = Arc::new(SkewedClock {
        time: time.clone(),
        ahead: 0,
        jump: Jump::default(),
        forgets: false,
    });
    Arc::new(MemoryStore::new(clock))
}

impl Cloud {
    /// Wires the use cases to the world.
    #[must_use]
    pub fn new(world: Arc<World>) -> Self {
        let parts = Parts {
            inner: memory(&world.time),
            trailing: memory(&world.time),
            policy: Arc::new(policy(&world)),
            world: Arc::clone(&world),
        };
        let waits = WaitRegistry {
            store: parts.store(Function::Api),
            sagemaker: parts.sagemaker(Function::Api),
            recorder: parts.recorder(Function::Api),
            guard: Arc::new(AnyUrl),
            clock: parts.clock(Function::Api),
            policy: Arc::clone(&parts.policy),
        };
        let jobs = JobQueries {
            store: parts.store(Function::Api),
            sagemaker: parts.sagemaker(Function::Api),
            recorder: parts.recorder(Function::Api),
        };
        let connections = Connections {
            store: parts.closing_store(),
            clock: parts.clock(Function::Api),
            policy: Arc::clone(&parts.policy),
        };
        let deliver = Deliver {
            store: parts.store(Function::Signals),
            senders: Senders {
                callbacks: Some(Arc::new(SimSender(Arc::clone(&world)))),
                gateway: Some(Arc::new(SimGateway(Arc::clone(&world)))),
                other: None,
            },
            clock: parts.clock(Function::Signals),
            entropy: parts.jitter(),
            policy: Arc::clone(&parts.policy),
        };
        let sweep = Sweep {
            store: parts.store(Function::Sweep),
            queue: Arc::new(SimQueue(Arc::clone(&world))),
            sagemaker: parts.sagemaker(Function::Sweep),
            intake: Arc::new(parts.recorder(Function::Sweep)),
            announcer: Arc::new(Silent),
            reachability: Arc::new(Check(Arc::clone(&world))),
            clock: parts.clock(Function::Sweep),
            entropy: parts.jitter(),
            policy: Arc::clone(&parts.policy),
        };
        let recorder = parts.recorder(Function::JobEvents);
        Self { store: parts.inner, waits, jobs, connections, recorder, deliver, sweep, world }
    }

    /// Handles one message; says whether it is to be acknowledged.
    pub async fn handle(&self, message: &Message) -> bool {
        match message {
            Message::Event(event) => self.take(event.clone()).await,
            Message::Disconnected(id) => self.disconnected(id).await,
            Message::SignalRequest(_)
                if self.world.faults.signals_down.holds(self.world.time.now()) =>
            {
                false
            }
            Message::SignalRequest(request) => {
                let begun = self.world.time.now();
                let handled = self.invoke(self.deliver.handle(request)).await;
                checks::handled(&self.world, self.world.time.now() - begun);
                self.world.note(|| format!("Signals for {}: {handled:?}", request.wait_id));
                handled.is_some_and(|outcome| outcome.is_ok())
            }
        }
    }

    /// Closes a connection, if the API can be asked to.
    async fn disconnected(&self, id: &ConnectionId) -> bool {
        if self.world.is_api_out() {
            return false;
        }
        let closed = self.invoke(self.connections.close(id)).await;
        self.world.note(|| format!("$disconnect of {id}: {closed:?}"));
        let is_closed = closed.is_some_and(|closed| closed.is_ok());
        let opener = lock(&self.world.connections).opener(id);
        if let Some(Who::Task(task)) = opener.filter(|_| is_closed) {
            let now = self.world.time.now();
            lock(&self.world.judge).tasks[task].closed(id, now);
        }
        is_closed
    }

    async fn take(&self, mut event: Value) -> bool {
        let kind = Kind::of_detail_type(event["detail-type"].as_str().unwrap()).unwrap();
        spoil(&self.world, kind, &mut event["detail"]);
        lock(&self.world.judge).event_taken(&self.world.plan, &event);
        let taken = self.invoke(self.recorder.take(&event)).await;
        self.world.note(|| format!("JobEvents: {taken:?}"));
        taken.is_some_and(|taken| taken.is_ok())
    }

    /// One run of the sweep.
    pub async fn sweep(&self) {
        let report = self.invoke(self.sweep.sweep()).await;
        if report.as_ref().is_none_or(|report| !report.as_ref().is_ok_and(|report| report.due == 0))
        {
            self.world.note(|| format!("Sweep: {report:?}"));
        }
    }

    /// Answers a call of the API.
    pub async fn ask<T>(&self, ask: Ask, call: impl Future<Output = T>) -> Option<T> {
        self.invoke(Asked::new(Arc::clone(&self.world), ask, call)).await
    }

    /// Runs an invocation, which may die on the way.
    pub async fn invoke<T>(&self, invocation: impl Future<Output = T>) -> Option<T> {
        let world = &self.world;
        let dies = world.undoes(Fault::Crash);
        let at = dies.then(|| world.roll(Dice::Functions, |rng| rng.u32(1..24)));
        Mortal::new(invocation, at).await.ok()
    }
}
