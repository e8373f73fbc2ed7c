//! A waiter's calls of the API.

use std::sync::Arc;

use futures::channel::oneshot;
use futures::future::{Either, select};
use sagebell_monitor::ports::SageMakerError;
use sagebell_monitor::wait::WaitKey;
use sagebell_monitor::wait_registry::{ChannelAsked, Registration, Stop, WaitAndJob, WaitError};

use super::{Found, Waiter};
use crate::executor::Millis;
use crate::faults::Fault;
use crate::functions::Cloud;
use crate::instead::{self, Instead};
use crate::judge::Try;
use crate::lock;
use crate::mutation::Mutation;
use crate::teams::{Ask, Who};
use crate::world::{Dice, World, instant};

/// The shortest lease of a wait without a channel: three reads (`none.rs` of the client).
const UNTOLD_LEASE_SECONDS: u32 = 180;
/// How long a waiter waits for the API.
const API_TIMEOUT: Millis = 10_000;

/// Why a call of the API came to nothing.
pub(super) enum NoAnswer {
    /// It did not answer, or not well.
    Lost,
    /// Something else answered.
    Refused,
    /// The API refuses the wait for good.
    NotAllowed,
    /// The API can't tell yet whether it allows it.
    Unsure,
}

impl From<WaitError> for NoAnswer {
    /// As the API and its client have it (`docs/errors.md`).
    fn from(error: WaitError) -> Self {
        match error {
            WaitError::NotOwner(_) | WaitError::NotStopped(SageMakerError::NotFound) => {
                Self::NotAllowed
            }
            WaitError::NotStopped(_) => Self::Unsure,
            _ => Self::Lost,
        }
    }
}

impl Waiter {
    pub(super) async fn put(
        &self,
        channel: ChannelAsked,
        found: &Found,
    ) -> Result<WaitAndJob, NoAnswer> {
        let (world, plan) = (&self.cloud.world, self.plan());
        let not_before = found.not_before.filter(|_| !world.breaks(Mutation::NoNotBefore));
        let mut asked = Registration { channel, not_before, ..registration(world, self.task) };
        if asked.channel == ChannelAsked::None {
            asked.lease_seconds = asked.lease_seconds.max(UNTOLD_LEASE_SECONDS);
        }
        lock(&world.judge).jobs[plan.job].calls += 1;
        self.call(Stop::No, |cloud| async move { cloud.waits.register(asked).await }).await
    }

    pub(super) async fn cancel(&self, stop: Stop) -> Result<WaitAndJob, NoAnswer> {
        let (world, plan) = (&self.cloud.world, self.plan());
        let arn = world.plan.jobs[plan.job].arn.clone();
        let key = WaitKey::of(arn, self.who().principal(world), plan.wait_id.clone());
        lock(&self.cloud.world.judge).jobs[plan.job].calls += 1;
        self.call(stop, move |cloud| async move {
            match cloud.waits.cancel(&key, stop).await {
                // The job is the others' to stop.
                Err(WaitError::OthersWait | WaitError::NotOwner(_)) => {
                    cloud.waits.cancel(&key, Stop::No).await
                }
                // Never registered: nothing to take back.
                Err(WaitError::NotFound) => cloud.waits.inspect(&key).await,
                other => other,
            }
        })
        .await
    }

    pub(super) async fn take_back(&self, stop: Stop) {
        for _ in 0..20 {
            if self.cancel(stop).await.is_ok() {
                return;
            }
            self.sleep(10_000).await;
        }
    }

    /// Calls the API, which goes on even if nobody waits for the answer.
    async fn call<F>(
        &self,
        stop: Stop,
        call: impl FnOnce(Arc<Cloud>) -> F + Send + 'static,
    ) -> Result<WaitAndJob, NoAnswer>
    where
        F: Future<Output = Result<WaitAndJob, WaitError>> + Send,
    {
        let world = &self.cloud.world;
        world.hop(Dice::Network).await;
        let is_out = world.is_api_out();
        let failed = |how| {
            self.tried(if is_out { Try::Out } else { Try::Cut });
            Err(how)
        };
        let down = world.faults.api_down.holds(world.time.now());
        if down || world.strikes(Fault::ApiLost) {
            return failed(NoAnswer::Lost);
        }
        let instead = self.instead();
        if instead.is_some_and(|instead| !instead.done) {
            return failed(NoAnswer::Refused);
        }
        let ask = Ask { who: self.who(), stop };
        let (cloud, task, (tell, told)) = (Arc::clone(&self.cloud), self.task, oneshot::channel());
        world.time.spawn(async move {
            let answer = cloud.ask(ask, call(Arc::clone(&cloud))).await;
            if let Some(Ok(_)) = answer {
                lock(&cloud.world.judge).tasks[task].reached();
            }
            let _ = tell.send(answer);
        });
        let timeout = world.time.sleep(API_TIMEOUT);
        let Either::Left((Ok(Some(answer)), _)) = select(told, timeout).await else {
            return failed(NoAnswer::Lost);
        };
        if answer.is_err() {
            self.tried(Try::Cut);
        }
        if world.strikes(Fault::ApiLost) {
            return Err(NoAnswer::Lost);
        }
        world.hop(Dice::Network).await;
        if instead.is_some() {
            return Err(NoAnswer::Refused);
        }
        Ok(answer?)
    }

    /// What comes instead of the API's answer, if anything does.
    fn instead(&self) -> Option<&'static Instead> {
        let world = &self.cloud.world;
        let browned_out = world.faults.api_browned_out.holds(world.time.now());
        if !browned_out && !world.strikes(Fault::ApiRefused) {
            return None;
        }
        let instead = world.roll(Dice::Network, instead::draw);
        world.note(|| format!("task {} gets {} instead", self.task, instead.checks));
        Some(instead)
    }
}

/// What a task asks for, but for what each of its pods finds out and makes.
pub(super) fn registration(world: &World, task: usize) -> Registration {
    let plan = &world.plan.tasks[task];
    let deadline = plan.deadline.filter(|_| !world.breaks(Mutation::NoDeadline));
    Registration {
        arn: world.plan.jobs[plan.job].arn.clone(),
        id: plan.wait_id.clone(),
        owner: Who::Task(task).principal(world),
        channel: ChannelAsked::None,
        signal_on: plan.signal_on,
        not_before: None,
        lease_seconds: plan.lease_seconds,
        deadline: deadline.map(instant),
        on_abandon: plan.on_abandon,
        labels: std::collections::BTreeMap::new(),
    }
}
