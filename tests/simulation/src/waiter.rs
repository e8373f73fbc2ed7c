//! The waiters: pods that make or adopt their job, register a wait, renew it,
//! and sleep until they hear.

mod find;

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use futures::channel::oneshot;
use futures::future::{Either, select};
use jiff::Timestamp;
use monitor::ports::WaitKey;
use monitor::signal::SignalBody;
use monitor::wait::{CallbackUrl, Principal, Secret, WaitState};
use monitor::waits::{Registration, Stop, WaitAndJob, WaitError};

use crate::checks;
use crate::ends;
use crate::executor::Millis;
use crate::faults::Fault;
use crate::functions::Cloud;
use crate::judge::Over;
use crate::lock;
use crate::mutation::Mutation;
use crate::network::Address;
use crate::plan::{Fate, TaskPlan};
use crate::world::{Dice, World, instant};

/// The longest pause before a call that failed is made again.
const LONGEST_RETRY: Millis = 120_000;
/// How long a waiter waits for the API.
const API_TIMEOUT: Millis = 10_000;

/// One task, pod after pod.
pub struct Waiter {
    cloud: Arc<Cloud>,
    task: usize,
}

/// What a pod knows of its job when it registers.
struct Found {
    not_before: Option<Timestamp>,
}

/// Why a call of the API came to nothing.
#[derive(PartialEq)]
enum NoAnswer {
    /// It did not answer, or not well.
    Lost,
    /// Something else answered.
    Refused,
}

impl Waiter {
    /// The waiter of this task.
    #[must_use]
    pub fn new(cloud: Arc<Cloud>, task: usize) -> Arc<Self> {
        Arc::new(Self { cloud, task })
    }

    fn plan(&self) -> &TaskPlan {
        &self.cloud.world.plan.tasks[self.task]
    }

    async fn sleep(&self, millis: Millis) {
        self.cloud.world.time.sleep(millis).await;
    }

    /// Runs its pods one after the other, until its deadline at the latest.
    pub async fn live(self: Arc<Self>) {
        let Some(deadline) = self.plan().deadline else {
            return self.live_on().await;
        };
        let sleep = self.cloud.world.time.sleep(deadline);
        let life = Box::pin(Arc::clone(&self).live_on());
        if let Either::Right(_) = select(life, sleep).await {
            ends::timed_out(&self.cloud.world, self.task);
            self.over(Over::TimedOut);
        }
    }

    async fn live_on(self: Arc<Self>) {
        self.sleep(self.plan().start_at).await;
        for (incarnation, fate) in self.plan().fates.iter().enumerate() {
            let world = &self.cloud.world;
            world.note(|| format!("task {} begins pod {incarnation}: {fate:?}", self.task));
            lock(&world.judge).pod_begins(world, self.task, incarnation);
            let pod = Box::pin(Arc::clone(&self).pod());
            let after = match *fate {
                Fate::Lives => return self.over(pod.await),
                Fate::Preempted { after, .. }
                | Fate::Terminated { after }
                | Fate::TakesBack { after, .. } => after,
            };
            let pod = match select(pod, world.time.sleep(after)).await {
                Either::Left((how, _)) => return self.over(how),
                Either::Right(((), pod)) => pod,
            };
            match *fate {
                Fate::Preempted { back_after, lingers, .. } => {
                    self.linger(pod, lingers);
                    self.sleep(back_after).await;
                }
                Fate::TakesBack { stop, .. } => {
                    drop(pod);
                    self.take_back(stop).await;
                    return self.over(Over::TookBack);
                }
                _ => return self.over(Over::Terminated),
            }
        }
    }

    fn linger(&self, pod: Pin<Box<impl Future<Output = Over> + Send + 'static>>, lingers: Millis) {
        if lingers > 0 {
            let end = self.cloud.world.time.sleep(lingers);
            self.cloud.world.time.spawn(async move {
                select(pod, end).await;
            });
        }
    }

    fn over(&self, how: Over) {
        let world = &self.cloud.world;
        world.note(|| format!("task {} is over: {how:?}", self.task));
        lock(&world.judge).task_over(world, self.task, how);
    }

    async fn pod(self: Arc<Self>) -> Over {
        let world = &self.cloud.world;
        let bytes: [u8; 24] = world.roll(Dice::Waiters, |rng| std::array::from_fn(|_| rng.u8(..)));
        let secret = Secret::from_bytes(&bytes).unwrap();
        let address = world.roll(Dice::Waiters, |rng| {
            lock(&world.network).listen(rng, self.task, secret.expose().to_owned())
        });
        let _home = Home { waiter: &self, address };
        let Some(found) = self.find_job().await else {
            return Over::GaveUp;
        };
        self.wait(address, &secret, &found).await;
        lock(&world.network).at(address).unwrap().closed = true;
        self.tidy_up().await;
        Over::Heard
    }

    async fn tidy_up(&self) {
        if self.plan().tidies_up {
            let _ = self.cancel(false).await;
        } else {
            // The listener answers 410 for a moment more.
            self.sleep(3_000).await;
        }
    }

    /// Registers, renews, and listens until the end is heard.
    async fn wait(&self, address: Address, secret: &Secret, found: &Found) {
        let world = &self.cloud.world;
        let renew_every = Millis::from(self.plan().lease_seconds) * 1_000 / 3;
        let mut retry = 1_000;
        loop {
            let registered = self.put(address, secret, found).await;
            let pause = match registered {
                Ok(answer) if answer.wait.state == WaitState::Signalled => {
                    world.note(|| format!("task {} is answered: {}", self.task, answer.job.phase));
                    checks::heard(world, self.task, &answer.job);
                    return;
                }
                Ok(_) => {
                    lock(&world.judge).registered(self.task, world.time.now());
                    retry = 1_000;
                    renew_every
                }
                Err(NoAnswer::Refused) if world.breaks(Mutation::FinalWhenRefused) => {
                    while !self.listen(address, renew_every).await {}
                    return;
                }
                Err(_) => {
                    retry = (retry * 2).min(renew_every / 2).min(LONGEST_RETRY);
                    retry
                }
            };
            if self.listen(address, pause).await {
                return;
            }
        }
    }

    /// Listens for so long; says whether the end was heard.
    async fn listen(&self, address: Address, millis: Millis) -> bool {
        let mut over = Box::pin(self.cloud.world.time.sleep(millis));
        loop {
            let next = Box::pin(self.next(address));
            match select(next, over).await {
                Either::Left((signal, _)) if signal.data.job.phase.is_settled() => return true,
                Either::Left((_, rest)) => over = rest,
                Either::Right(_) => return false,
            }
        }
    }

    async fn next(&self, address: Address) -> SignalBody {
        poll_fn(|cx| match lock(&self.cloud.world.network).next(address, cx.waker()) {
            Some(signal) => Poll::Ready(signal),
            None => Poll::Pending,
        })
        .await
    }

    async fn put(
        &self,
        address: Address,
        secret: &Secret,
        found: &Found,
    ) -> Result<WaitAndJob, NoAnswer> {
        let (world, plan) = (&self.cloud.world, self.plan());
        let url = format!("http://10.0.0.{address}:8080/callback");
        let not_before = found.not_before.filter(|_| !world.breaks(Mutation::NoNotBefore));
        let asked = Registration {
            callback_url: CallbackUrl::parse(&url).unwrap(),
            secret: secret.clone(),
            not_before,
            ..registration(world, self.task)
        };
        lock(&world.judge).jobs[plan.job].calls += 1;
        self.call(|cloud| async move { cloud.waits.register(asked).await }).await
    }

    async fn cancel(&self, stop: bool) -> Result<WaitAndJob, NoAnswer> {
        let plan = self.plan();
        let arn = self.cloud.world.plan.jobs[plan.job].arn.clone();
        let key = WaitKey::of(arn, owner(), plan.wait_id.clone());
        lock(&self.cloud.world.judge).jobs[plan.job].calls += 1;
        self.call(move |cloud| async move {
            let stop = if stop { Stop::Unwanted } else { Stop::No };
            match cloud.waits.cancel(&key, stop).await {
                // Not the last one: the job is the others' to stop.
                Err(WaitError::OthersWait) => cloud.waits.cancel(&key, Stop::No).await,
                // Never registered: nothing to take back.
                Err(WaitError::NotFound) => cloud.waits.inspect(&key).await,
                other => other,
            }
        })
        .await
    }

    async fn take_back(&self, stop: bool) {
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
        call: impl FnOnce(Arc<Cloud>) -> F + Send + 'static,
    ) -> Result<WaitAndJob, NoAnswer>
    where
        F: Future<Output = Result<WaitAndJob, WaitError>> + Send,
    {
        let world = &self.cloud.world;
        world.hop(Dice::Network).await;
        let down = world.faults.api_down.holds(world.time.now());
        if down || world.strikes(Fault::ApiLost) {
            return Err(NoAnswer::Lost);
        }
        if world.strikes(Fault::ApiRefused) {
            return Err(NoAnswer::Refused);
        }
        let (cloud, (tell, told)) = (Arc::clone(&self.cloud), oneshot::channel());
        world.time.spawn(async move {
            let answer = cloud.invoke(call(Arc::clone(&cloud))).await;
            let _ = tell.send(answer);
        });
        let timeout = world.time.sleep(API_TIMEOUT);
        let answer = match select(told, timeout).await {
            Either::Left((Ok(Some(Ok(answer))), _)) => answer,
            _ => return Err(NoAnswer::Lost),
        };
        if world.strikes(Fault::ApiLost) {
            return Err(NoAnswer::Lost);
        }
        world.hop(Dice::Network).await;
        Ok(answer)
    }
}

/// The principal of all waiters.
#[must_use]
pub fn owner() -> Principal {
    Principal("111122223333:role/pipeline".to_owned())
}

/// What a task asks for, but for what each of its pods finds out and makes.
#[must_use]
pub fn registration(world: &World, task: usize) -> Registration {
    let plan = &world.plan.tasks[task];
    let deadline = plan.deadline.filter(|_| !world.breaks(Mutation::NoDeadline));
    Registration {
        arn: world.plan.jobs[plan.job].arn.clone(),
        id: plan.wait_id.clone(),
        owner: owner(),
        callback_url: CallbackUrl::parse("http://10.0.0.0:8080/callback").unwrap(),
        secret: Secret::from_bytes(&[1; 24]).unwrap(),
        hear: plan.hear,
        not_before: None,
        lease_seconds: plan.lease_seconds,
        deadline: deadline.map(instant),
        on_abandon: plan.on_abandon,
        labels: std::collections::BTreeMap::new(),
    }
}

/// A pod's place in the network, until it is gone.
struct Home<'a> {
    waiter: &'a Waiter,
    address: Address,
}

impl Drop for Home<'_> {
    fn drop(&mut self) {
        lock(&self.waiter.cloud.world.network).leave(self.address);
    }
}
