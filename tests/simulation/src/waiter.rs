//! The waiters: pods that make or adopt their job, register a wait, renew it,
//! and sleep until they hear.

mod alone;
mod calls;
mod find;

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use futures::future::{Either, select};
use jiff::Timestamp;
use sagebell_monitor::signal::Signal;
use sagebell_monitor::wait::{Secret, WaitState};
use sagebell_monitor::wait_registry::Stop;

use self::calls::NoAnswer;
use crate::checks;
use crate::ends;
use crate::executor::Millis;
use crate::functions::Cloud;
use crate::judge::Over;
use crate::lock;
use crate::mutation::Mutation;
use crate::network::Address;
use crate::owners;
use crate::plan::{Fate, TaskPlan};
use crate::teams::Who;
use crate::world::Dice;

/// The longest pause before a call that failed is made again.
const LONGEST_RETRY: Millis = 120_000;

/// One task, pod after pod.
pub struct Waiter {
    cloud: Arc<Cloud>,
    task: usize,
}

/// What a pod knows of its job when it registers.
struct Found {
    not_before: Option<Timestamp>,
}

impl Waiter {
    /// The waiter of this task.
    #[must_use]
    pub fn new(cloud: Arc<Cloud>, task: usize) -> Arc<Self> {
        Arc::new(Self { cloud, task })
    }

    fn who(&self) -> Who {
        Who::Task(self.task)
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
            lock(&world.network).listen(rng, self.who(), secret.expose().to_owned())
        });
        let _home = Home { waiter: &self, address };
        let Some(found) = self.find_job().await else {
            return Over::GaveUp;
        };
        self.wait(address, &secret, &found).await;
        lock(&world.network).at(address).unwrap().closed = true;
        self.tidy_up().await;
        Over::Received
    }

    async fn tidy_up(&self) {
        if self.plan().tidies_up {
            let _ = self.cancel(Stop::No).await;
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
                    checks::received(world, self.task, &answer.job);
                    return;
                }
                Ok(answer) => {
                    owners::registered(world, self.who(), &answer.wait);
                    lock(&world.judge).registered(self.task, world.time.now());
                    retry = 1_000;
                    renew_every
                }
                Err(NoAnswer::Refused) if world.breaks(Mutation::FinalWhenRefused) => {
                    while !self.listen(address, renew_every).await {}
                    return;
                }
                Err(NoAnswer::NotAllowed) => return self.look_after_it_alone().await,
                Err(NoAnswer::Unsure) if self.is_over().await => {
                    let _ = self.cancel(Stop::No).await;
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
                Either::Left((signal, _)) if signal.job.phase.is_settled() => return true,
                Either::Left((_, rest)) => over = rest,
                Either::Right(_) => return false,
            }
        }
    }

    async fn next(&self, address: Address) -> Signal {
        poll_fn(|cx| match lock(&self.cloud.world.network).next(address, cx.waker()) {
            Some(signal) => Poll::Ready(signal),
            None => Poll::Pending,
        })
        .await
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
