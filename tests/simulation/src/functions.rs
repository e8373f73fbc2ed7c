//! The functions, as Lambda runs them: invocations that may die at any await
//! point, over the real use cases.

use std::future::Future;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use sagebell_monitor::deliver::{Deliver, Senders};
use sagebell_monitor::job_queries::JobQueries;
use sagebell_monitor::kind::Kind;
use sagebell_monitor::policy::Policy;
use sagebell_monitor::ports::{
    Announcer, CallbackGuard, CallbackRefused, Clock, Failure, Reachability,
};
use sagebell_monitor::record::Recorder;
use sagebell_monitor::signal::Announcement;
use sagebell_monitor::sweep::Sweep;
use sagebell_monitor::testing::memory::MemoryStore;
use sagebell_monitor::wait::CallbackUrl;
use sagebell_monitor::wait_registry::WaitRegistry;
use serde_json::{Value, json};

use crate::checks;
use crate::executor::{Mortal, Time};
use crate::faults::Fault;
use crate::forms;
use crate::jumps::Jump;
use crate::lock;
use crate::messages::{Message, SimQueue};
use crate::mutation::Mutation;
use crate::network::SimSender;
use crate::sagemaker::SimSageMaker;
use crate::store::SimStore;
use crate::teams::{Ask, Asked};
use crate::world::{Dice, Jitter, SkewedClock, World, instant};

/// Which function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// The callback endpoint.
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
    recorder: Recorder,
    deliver: Deliver,
    sweep: Sweep,
}

struct Silent;

#[async_trait]
impl Announcer for Silent {
    async fn announce(&self, _: &Announcement) {}
}

struct AnyUrl;

impl CallbackGuard for AnyUrl {
    fn check(&self, _: &CallbackUrl) -> Result<(), CallbackRefused> {
        Ok(())
    }
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
        Arc::new(SimStore {
            world: Arc::clone(&self.world),
            caller,
            inner: Arc::clone(&self.inner),
            trailing: Arc::clone(&self.trailing),
        })
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

/// Every waiter of this world can be asked.
struct Reachable;

#[async_trait]
impl Reachability for Reachable {
    async fn check(&self) -> Result<(), Failure> {
        Ok(())
    }
}

fn policy(world: &World) -> Policy {
    let mut policy = Policy::default();
    if world.breaks(Mutation::NoGrace) {
        policy.grace = std::time::Duration::ZERO;
    }
    if world.breaks(Mutation::NoBackoff) {
        let often = std::time::Duration::from_secs(30);
        (policy.check_first, policy.check_longest) = (often, often);
    }
    policy
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
        let deliver = Deliver {
            store: parts.store(Function::Signals),
            senders: Senders {
                callbacks: Some(Arc::new(SimSender(Arc::clone(&world)))),
                gateway: None,
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
            reachability: Arc::new(Reachable),
            clock: parts.clock(Function::Sweep),
            entropy: parts.jitter(),
            policy: Arc::clone(&parts.policy),
        };
        let recorder = parts.recorder(Function::JobEvents);
        Self { store: parts.inner, waits, jobs, recorder, deliver, sweep, world }
    }

    /// Handles one message; says whether it is to be acknowledged.
    pub async fn handle(&self, message: &Message) -> bool {
        match message {
            Message::Event(event) => self.take(event.clone()).await,
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

/// Breaks the rules about what an observation says, where they are to be broken.
pub fn spoil(world: &World, kind: Kind, detail: &mut Value) {
    let fields = &kind.spec().fields;
    if world.breaks(Mutation::NoGeneration) {
        fields.created.iter().for_each(|pointer| forms::take_out(detail, pointer));
    }
    if world.breaks(Mutation::OrderByArrival) {
        fields.modified.iter().for_each(|pointer| forms::take_out(detail, pointer));
        let now = instant(world.time.now()).as_millisecond();
        detail["LastModifiedTime"] = json!(now);
    }
}
