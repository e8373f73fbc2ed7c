//! One seed, one history.

use std::sync::Arc;

use fastrand::Rng;
use futures::channel::mpsc;

use crate::checks;
use crate::executor::{Executor, Millis};
use crate::functions::Cloud;
use crate::lock;
use crate::messages;
use crate::mutation::Mutation;
use crate::plan::Older;
use crate::truth;
use crate::waiter::Waiter;
use crate::world::{Dice, World};

const MINUTE: Millis = 60_000;

/// How a history came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The promise that was broken, and how.
    pub broken: Option<(&'static str, String)>,
    /// How much simulated time it took.
    pub took: Millis,
    /// What happened, if asked for.
    pub trace: Vec<String>,
}

/// Runs the history of a seed.
#[must_use]
pub fn run(seed: u64, mutation: Option<Mutation>, traced: bool) -> Outcome {
    let mut executor = Executor::default();
    let (queues, taken) = mpsc::unbounded();
    let rng = Rng::with_seed(seed);
    let world = Arc::new(World::new(executor.time(), rng, mutation, traced, queues));
    world.note(|| format!("seed {seed}: {:#?}\n{:#?}", world.plan, world.faults));
    let cloud = Arc::new(Cloud::new(Arc::clone(&world)));
    begin(&cloud, taken);
    executor.run();
    let verdict = lock(&world.judge).verdict.clone();
    let trace = std::mem::take(&mut *lock(&world.trace)).into_lines();
    Outcome { broken: verdict, took: world.time.now(), trace }
}

fn begin(cloud: &Arc<Cloud>, taken: mpsc::UnboundedReceiver<messages::Message>) {
    let world = &cloud.world;
    world.time.spawn(messages::dispatch(Arc::clone(cloud), taken));
    for task in 0..world.plan.tasks.len() {
        world.time.spawn(Waiter::new(Arc::clone(cloud), task).live());
    }
    for (job, plan) in world.plan.jobs.iter().enumerate() {
        if let Some(older) = &plan.older {
            let made = truth::create(world, job, None, &older.life).unwrap();
            delete_in_time(world, job, made.generation, older);
        }
    }
    world.time.spawn(every_minute(Arc::clone(cloud)));
}

fn delete_in_time(world: &Arc<World>, job: usize, generation: u32, older: &Older) {
    let (shared, sleep) = (Arc::clone(world), world.time.sleep(older.deleted_at));
    world.time.spawn(async move {
        sleep.await;
        truth::delete(&shared, job, generation);
    });
}

/// Sweeps, and sees when it is time to judge.
async fn every_minute(cloud: Arc<Cloud>) {
    let world = &cloud.world;
    let mut quiet = 0;
    loop {
        world.time.sleep(MINUTE).await;
        quiet = if checks::is_quiet(world) { quiet + 1 } else { 0 };
        // A little longer: what comes late must do no harm.
        if quiet > 3 || world.time.now() > checks::limit(world) {
            checks::at_the_end(world);
            return world.time.stop();
        }
        if world.breaks(Mutation::NoSweep)
            || world.strikes(Dice::Functions, world.faults.sweep_missed)
        {
            continue;
        }
        let runs = 1 + u32::from(world.undoes(Dice::Functions, world.faults.sweep_doubled));
        for _ in 0..runs {
            let cloud = Arc::clone(&cloud);
            world.time.spawn(async move { cloud.sweep().await });
        }
    }
}
