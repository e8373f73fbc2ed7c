//! The waiters: pods that make or adopt their job, register a wait, renew it,
//! and sleep until they hear.

mod alone;
mod called;
mod calls;
mod find;
mod frames;
mod held;
mod untold;

use std::pin::Pin;
use std::sync::Arc;

use futures::future::{Either, select};
use jiff::Timestamp;
use sagebell_monitor::wait_registry::Stop;

use crate::ends;
use crate::executor::Millis;
use crate::functions::Cloud;
use crate::judge::Over;
use crate::lock;
use crate::plan::{Fate, TaskPlan, Told};
use crate::teams::Who;

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
        match self.plan().told {
            Told::Callback => self.called_pod().await,
            Told::Connection | Told::Renewals => self.uncalled_pod().await,
        }
    }

    /// A pod that nobody calls.
    async fn uncalled_pod(&self) -> Over {
        let mailbox = lock(&self.cloud.world.connections).begin();
        let at_home = AtHome::begin(self);
        let holds = self.plan().told == Told::Connection;
        let first = if holds { self.connect_first(mailbox).await } else { None };
        let Some(found) = self.find_job().await else {
            return Over::GaveUp;
        };
        if holds {
            self.hold(mailbox, first, &found).await;
        } else {
            self.renew(&found).await;
        }
        drop(at_home);
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
}

/// A pod that lives and waits, until it is gone.
struct AtHome<'a>(&'a Waiter);

impl<'a> AtHome<'a> {
    fn begin(waiter: &'a Waiter) -> Self {
        lock(&waiter.cloud.world.judge).tasks[waiter.task].at_home = true;
        Self(waiter)
    }
}

impl Drop for AtHome<'_> {
    fn drop(&mut self) {
        lock(&self.0.cloud.world.judge).tasks[self.0.task].at_home = false;
    }
}
