//! Somebody of another team, who has heard of a job and a wait on it, and tries what
//! the API lets anybody try: under the same name, before or after the owner, in any
//! order.

use std::sync::Arc;

use sagebell_monitor::principal::Principal;
use sagebell_monitor::wait::{OnAbandon, Secret, SignalOn, WaitKey};
use sagebell_monitor::wait_registry::{ChannelAsked, Registration, Stop, WaitAndJob, WaitError};

use crate::executor::Millis;
use crate::functions::Cloud;
use crate::lock;
use crate::mutation::Mutation;
use crate::network::{Address, callback, callback_of};
use crate::owners;
use crate::teams::{Ask, Team, Who};
use crate::world::Dice;

/// What it tries.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Act {
    /// Registers, or renews what it registered.
    Register {
        /// What it wants to become of the job.
        on_abandon: OnAbandon,
        /// Where it wants to be called: at its own place, or at the waiter's.
        at_home: bool,
    },
    /// Takes its wait back.
    Cancel(Stop),
    /// Reads the wait.
    Read,
    /// Has the job looked at.
    Refresh,
}

/// What one of them does.
#[derive(Debug, Clone, PartialEq)]
pub struct StrangerPlan {
    /// When it begins.
    pub start_at: Millis,
    /// Its lease.
    pub lease_seconds: u32,
    /// What it tries, each after a pause.
    pub acts: Vec<(Millis, Act)>,
    /// How long it stays after that.
    pub stays: Millis,
}

/// One of them at work.
struct Stranger<'a> {
    cloud: &'a Arc<Cloud>,
    plan: &'a StrangerPlan,
    task: usize,
    address: Address,
    secret: Secret,
}

/// Tries all that is planned for the one who has heard of this task's wait.
pub async fn meddle(cloud: Arc<Cloud>, task: usize) {
    let world = &cloud.world;
    let Some(plan) = &world.plan.tasks[task].stranger else { return };
    world.time.sleep(plan.start_at).await;
    let bytes: [u8; 24] = world.roll(Dice::Strangers, |rng| std::array::from_fn(|_| rng.u8(..)));
    let secret = Secret::from_bytes(&bytes).unwrap();
    let address = world.roll(Dice::Strangers, |rng| {
        lock(&world.network).listen(rng, Who::Stranger(task), secret.expose().to_owned())
    });
    let stranger = Stranger { cloud: &cloud, plan, task, address, secret };
    for (pause, act) in &plan.acts {
        world.time.sleep(*pause).await;
        stranger.act(*act).await;
    }
    world.time.sleep(plan.stays).await;
    lock(&world.network).leave(address);
}

impl Stranger<'_> {
    fn who(&self) -> Who {
        Who::Stranger(self.task)
    }

    /// Whom the API takes it for.
    fn principal(&self) -> Principal {
        if self.cloud.world.breaks(Mutation::NoOwner) {
            return Team::Pipeline.principal();
        }
        self.who().principal(&self.cloud.world)
    }

    fn key(&self) -> WaitKey {
        let plan = &self.cloud.world.plan;
        let task = &plan.tasks[self.task];
        WaitKey::of(plan.jobs[task.job].arn.clone(), self.principal(), task.wait_id.clone())
    }

    async fn act(&self, act: Act) {
        let world = &self.cloud.world;
        world.hop(Dice::Strangers).await;
        if world.faults.api_down.holds(world.time.now()) {
            return;
        }
        world.note(|| format!("{:?} tries: {act:?}", self.who()));
        lock(&world.judge).jobs[world.plan.tasks[self.task].job].calls += 1;
        match act {
            Act::Register { on_abandon, at_home } => self.register(on_abandon, at_home).await,
            Act::Cancel(stop) => self.cancel(stop).await,
            Act::Read => self.read().await,
            Act::Refresh => self.refresh().await,
        }
    }

    async fn register(&self, on_abandon: OnAbandon, at_home: bool) {
        let world = &self.cloud.world;
        let channel = self.channel(at_home);
        let WaitKey { arn, id, .. } = self.key();
        let asked = Registration {
            arn,
            id,
            owner: self.principal(),
            channel,
            signal_on: SignalOn::Settled,
            not_before: None,
            lease_seconds: self.plan.lease_seconds,
            deadline: None,
            on_abandon,
            labels: std::collections::BTreeMap::new(),
        };
        let answer = self.ask(Stop::No, self.cloud.waits.register(asked)).await;
        if let Some(Ok(answer)) = answer {
            self.judge("registered over", &answer);
            owners::registered(world, self.who(), &answer.wait);
        }
    }

    /// Where it wants to be told: at its own place, or where the waiter is.
    fn channel(&self, at_home: bool) -> ChannelAsked {
        let world = &self.cloud.world;
        let victim = Who::Task(self.task);
        let held = lock(&world.connections).last_of(victim);
        let called = lock(&world.judge).tasks[self.task].address;
        if let Some(held) = held.filter(|_| !at_home) {
            return ChannelAsked::Connection(held);
        }
        let address = called.filter(|_| !at_home).unwrap_or(self.address);
        callback(&format!("http://10.0.0.{address}:8080/"), &self.secret)
    }

    async fn cancel(&self, stop: Stop) {
        let key = self.key();
        let answer = self.ask(stop, self.cloud.waits.cancel(&key, stop)).await;
        if let Some(Ok(answer)) = answer {
            self.judge("took back", &answer);
        }
    }

    async fn read(&self) {
        let key = self.key();
        if let Some(Ok(answer)) = self.ask(Stop::No, self.cloud.waits.inspect(&key)).await {
            self.judge("read", &answer);
        }
    }

    async fn refresh(&self) {
        let world = &self.cloud.world;
        let first = owners::first(world, world.plan.tasks[self.task].job);
        let (arn, who) = (self.key().arn, self.principal());
        let refreshed = self.cloud.jobs.refresh(&arn, &who);
        let ask = Ask { who: self.who(), stop: Stop::No };
        if let Some(Ok(_)) = self.cloud.ask(ask, refreshed).await {
            owners::refreshed(world, self.who(), first.as_ref());
        }
    }

    async fn ask(
        &self,
        stop: Stop,
        call: impl Future<Output = Result<WaitAndJob, WaitError>>,
    ) -> Option<Result<WaitAndJob, WaitError>> {
        let answer = self.cloud.ask(Ask { who: self.who(), stop }, call).await;
        self.cloud.world.note(|| match &answer {
            Some(Ok(answer)) => format!("{:?} has {}", self.who(), answer.wait.state.as_str()),
            Some(Err(error)) => format!("{:?} is refused: {error}", self.who()),
            None => format!("{:?} has no answer", self.who()),
        });
        answer
    }

    /// It is told of its own wait, or of none.
    fn judge(&self, did: &str, answer: &WaitAndJob) {
        if callback_of(&answer.wait.channel).is_none_or(|(_, secret)| *secret != self.secret) {
            let world = &self.cloud.world;
            world.broken("6-foreign", || format!("a stranger {did} the wait of {}", self.task));
        }
    }
}
