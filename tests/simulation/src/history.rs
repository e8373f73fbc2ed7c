//! One seed, or some parts of what it drew, one history.

use std::collections::BTreeSet;
use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

use clap::ValueEnum as _;
use futures::FutureExt as _;
use futures::channel::mpsc;
use sagebell_monitor::heartbeat::Heartbeat;
use sagebell_monitor::ports::Store as _;

use crate::checks;
use crate::executor::{Executor, Millis};
use crate::faults::Fault;
use crate::functions::Cloud;
use crate::liveness;
use crate::lock;
use crate::losses;
use crate::messages;
use crate::mutation::Mutation;
use crate::parts::Part;
use crate::plan::{Older, Plan};
use crate::stranger;
use crate::truth;
use crate::waiter::Waiter;
use crate::world::{World, instant};

const MINUTE: Millis = 60_000;

/// What determines a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// What everything is drawn from.
    pub seed: u64,
    /// The rule that is broken on purpose, if any.
    pub mutation: Option<Mutation>,
    /// The parts that it has of what the seed drew; all of them if not given.
    pub only: Option<BTreeSet<Part>>,
}

/// How a history came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The promise that was broken, and how.
    pub broken: Option<(&'static str, String)>,
    /// How much simulated time it took.
    pub took: Millis,
    /// What it was made of: what was planned, and the faults that struck.
    pub parts: Vec<Part>,
    /// What happened, if asked for.
    pub trace: Vec<String>,
}

impl History {
    /// All that this seed draws.
    #[must_use]
    pub fn of(seed: u64, mutation: Option<Mutation>) -> Self {
        Self { seed, mutation, only: None }
    }

    /// The same with these parts only.
    #[must_use]
    pub fn of_parts(&self, parts: impl IntoIterator<Item = Part>) -> Self {
        Self { only: Some(parts.into_iter().collect()), ..self.clone() }
    }

    /// Runs it.
    #[must_use]
    pub fn run(&self, traced: bool) -> Outcome {
        let mut executor = Executor::default();
        let (queues, taken) = mpsc::unbounded();
        let world = Arc::new(World::new(executor.time(), self, traced, queues));
        introduce(&world, self.seed);
        let cloud = Arc::new(Cloud::new(Arc::clone(&world)));
        wake(&cloud);
        begin(&cloud, taken);
        executor.run();
        let broken = lock(&world.judge).verdict.clone();
        let mut parts = world.items.clone();
        parts.append(&mut lock(&world.strikes).struck);
        parts.sort();
        let trace = std::mem::take(&mut *lock(&world.trace)).into_lines();
        Outcome { broken, took: world.time.now(), parts, trace }
    }
}

/// The arguments of the command that runs it.
impl Display for History {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "--seed {}", self.seed)?;
        let mutation = self.mutation.and_then(|mutation| mutation.to_possible_value());
        if let Some(mutation) = mutation {
            write!(f, " --mutation {}", mutation.get_name())?;
        }
        for (place, part) in self.only.iter().flatten().enumerate() {
            write!(f, "{}{part}", if place == 0 { " --only " } else { "," })?;
        }
        Ok(())
    }
}

/// The first lines of the trace.
fn introduce(world: &World, seed: u64) {
    let Plan { jobs, tasks, whole_seconds, reads_trail, clocks_ahead, page, connection_life } =
        &world.plan;
    world.note(|| format!("seed {seed}: {}", world.faults));
    world.note(|| format!("whole seconds: {whole_seconds}, reads trail {reads_trail} ms"));
    let page = if *page == usize::MAX { "any size".to_owned() } else { page.to_string() };
    world.note(|| format!("clocks ahead {clocks_ahead:?} ms, pages of {page}"));
    world.note(|| format!("connections last {} s", connection_life / 1_000));
    for (job, plan) in jobs.iter().enumerate() {
        world.note(|| format!("job {job}: {plan:?}"));
    }
    for (task, plan) in tasks.iter().enumerate() {
        world.note(|| format!("task {task}: {plan:?}"));
    }
}

/// The monitor has just started, and written down that it runs, as a local stack does: what
/// becomes of its clock before the first sweep is found out.
fn wake(cloud: &Cloud) {
    let now = instant(cloud.world.time.now());
    let started = Heartbeat::begun(now);
    cloud.store.save_heartbeat(&started, None).now_or_never().unwrap().unwrap();
    liveness::swept(&cloud.world, &started);
}

fn begin(cloud: &Arc<Cloud>, taken: mpsc::UnboundedReceiver<messages::Message>) {
    let world = &cloud.world;
    world.time.spawn(messages::dispatch(Arc::clone(cloud), taken));
    for (task, plan) in world.plan.tasks.iter().enumerate() {
        world.time.spawn(Waiter::new(Arc::clone(cloud), task).live());
        if plan.stranger.is_some() {
            world.time.spawn(stranger::meddle(Arc::clone(cloud), task));
        }
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
        losses::minute(world);
        let down = world.faults.sweep_down.holds(world.time.now());
        if down || world.breaks(Mutation::NoSweep) || world.strikes(Fault::SweepMissed) {
            continue;
        }
        let runs = 1 + u32::from(world.undoes(Fault::SweepDoubled));
        for _ in 0..runs {
            let cloud = Arc::clone(&cloud);
            world.time.spawn(async move { cloud.sweep().await });
        }
    }
}
