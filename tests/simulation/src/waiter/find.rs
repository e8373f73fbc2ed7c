//! How a pod comes to its job: it makes it, adopts what an earlier pod made, or
//! finds another's.

use std::sync::Arc;

use super::{Found, Waiter};
use crate::checks;
use crate::executor::Millis;
use crate::faults::Fault;
use crate::lock;
use crate::mutation::Mutation;
use crate::plan::Role;
use crate::sagemaker;
use crate::truth::{self, Resource};
use crate::world::{Dice, instant};

/// How long one that waits for another's job looks for it.
const PATIENCE: Millis = 30 * 60_000;

impl Waiter {
    /// Makes the job, adopts the one that this task made, or finds another's.
    pub(super) async fn find_job(&self) -> Option<Found> {
        let mut pause = 1_000;
        let since = self.cloud.world.time.now().max(self.cloud.world.faults.calm_at);
        loop {
            let found = match self.plan().role {
                Role::Creator => self.create_or_adopt().await,
                Role::Watcher => self.watch().await,
                Role::Updater => self.update_or_adopt().await,
            };
            if found.is_some() {
                return found;
            }
            let now = self.cloud.world.time.now();
            if self.plan().role != Role::Creator && now > since + PATIENCE {
                return None;
            }
            self.sleep(pause).await;
            pause = (pause * 2).min(20_000);
        }
    }

    fn expects(&self, generation: u32, from: Millis) {
        lock(&self.cloud.world.judge).expects(self.task, generation, from);
    }

    async fn create_or_adopt(&self) -> Option<Found> {
        let (world, job) = (&self.cloud.world, self.plan().job);
        world.hop(Dice::SageMaker).await;
        let called_at = world.time.now();
        if world.faults.sagemaker_down.holds(called_at) || world.strikes(Fault::Throttled) {
            return None;
        }
        let life = &world.plan.jobs[job].life;
        let Some(made) = truth::create(world, job, Some(self.task), life) else {
            return self.adopt().await;
        };
        checks::created(world, self.task);
        // The answer may be lost: then the next try finds the name taken.
        if world.strikes(Fault::Throttled) {
            return None;
        }
        self.delete_in_time(&made);
        self.expects(made.generation, made.created);
        let at = if self.plan().own_clock {
            called_at as i64 + self.plan().clock_ahead
        } else {
            // The answer's Date header.
            (made.created - made.created % 1_000) as i64
        };
        let not_before = instant(0) + jiff::SignedDuration::from_millis(at);
        Some(Found { not_before: Some(not_before) })
    }

    /// Finds the job that this task made; another's is not its own.
    async fn adopt(&self) -> Option<Found> {
        let world = &self.cloud.world;
        let found = sagemaker::describe(world, self.plan().job).await.ok()?;
        if found.owner != Some(self.task) {
            return None;
        }
        if world.breaks(Mutation::NoAdoption) {
            // It would choose a fresh name and create again.
            checks::created(world, self.task);
        }
        self.expects(found.generation, found.created);
        Some(Found { not_before: Some(instant(found.created)) })
    }

    fn delete_in_time(&self, made: &Resource) {
        let (job, generation) = (self.plan().job, made.generation);
        let Some(after) = self.cloud.world.plan.jobs[job].deleted_after else { return };
        let world = Arc::clone(&self.cloud.world);
        let sleep = world.time.sleep(after);
        self.cloud.world.time.spawn(async move {
            sleep.await;
            truth::delete(&world, job, generation);
        });
    }

    async fn watch(&self) -> Option<Found> {
        let found = sagemaker::describe(&self.cloud.world, self.plan().job).await.ok()?;
        self.expects(found.generation, found.created);
        Some(Found { not_before: Some(instant(found.created)) })
    }

    async fn update_or_adopt(&self) -> Option<Found> {
        let (world, job) = (&self.cloud.world, self.plan().job);
        let found = sagemaker::describe(world, job).await.ok()?;
        // Not just after it settled: times may be cut to whole seconds.
        let now = world.time.now();
        if found.updated_by == Some(self.task) {
            self.expects(found.generation, found.modified);
            return Some(Found { not_before: Some(instant(found.modified)) });
        }
        if found.owner.is_none() || found.ended.is_none_or(|ended| now < ended + 5_000) {
            return None;
        }
        if !truth::update(world, job, self.task, &self.plan().update) {
            return None;
        }
        self.expects(found.generation, now);
        Some(Found { not_before: Some(instant(now - now % 1_000)) })
    }
}
