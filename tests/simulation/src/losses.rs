//! Checks of how soon a loss is noticed and what follows from it: see the table of
//! [`checks`](crate::checks).

use sagebell_monitor::kind::Lifecycle;
use sagebell_monitor::phase::Phase;

use crate::checks::{self, PROMPT, ROUNDING};
use crate::executor::Millis;
use crate::judge::{Judge, TaskWatch};
use crate::lock;
use crate::plan::Told;
use crate::world::World;

const MINUTE: Millis = 60_000;
/// Within so long after the monitor learned of the loss of its last waiter, a job is asked to stop.
const STOPPED: Millis = 3 * MINUTE;
/// Within so long a waiter notices that its connection is dead, and comes back: it asks for life at
/// least once a minute, and waits ten seconds for the answer and 45 seconds between two tries.
const BACK: Millis = 2 * MINUTE;
/// The longest pause between two reads of a waiter that nobody tells.
const READ: Millis = MINUTE;

/// How soon a task hears of the end of a job whose whole life was calm, and since when that counts
/// at the earliest. `None`: nothing can be said. Its only pod must have begun in calm, or must be
/// one that finds a dead connection out by itself.
pub fn is_told_within(world: &World, task: usize, watch: &TaskWatch) -> Option<(Millis, Millis)> {
    let in_calm = watch.pod_since >= world.faults.calm_at;
    if watch.incarnation > 0 {
        return None;
    }
    let plan = &world.plan.tasks[task];
    // Who reads now and then may read after the state has passed.
    let is_lasting = world.plan.jobs[plan.job].arn.kind().spec().lifecycle == Lifecycle::OneShot;
    match plan.told {
        Told::Connection if !in_calm && is_lasting => Some((world.faults.calm_at, BACK + PROMPT)),
        _ if !in_calm => None,
        Told::Renewals => is_lasting.then_some((0, READ + PROMPT)),
        Told::Connection | Told::Callback => Some((0, PROMPT)),
    }
}

/// The sweep comes round: no job runs on whose waiters all are known to be lost for good.
pub fn minute(world: &World) {
    let late = {
        let judge = lock(&world.judge);
        (0..world.plan.jobs.len()).find(|job| is_stopped_late(world, &judge, *job))
    };
    if let Some(job) = late {
        world.broken("4-late", || format!("all are gone, and nobody has stopped job {job}"));
    }
}

fn is_stopped_late(world: &World, judge: &Judge, job: usize) -> bool {
    let runs = |job: &crate::truth::Resource| job.ended.is_none() && job.phase != Phase::Stopping;
    let is_running = lock(&world.truth).get(job).is_some_and(runs);
    if !is_running || !checks::expects_stop(world, judge, job) {
        return false;
    }
    let calm_at = world.faults.calm_at;
    let tasks = judge.tasks.iter().enumerate();
    let lost = tasks.filter(|(task, _)| world.plan.tasks[*task].job == job).map(|(_, watch)| {
        // What went wrong before is put right more slowly.
        let is_open = watch.wait_over_at.is_none_or(|over_at| over_at >= calm_at);
        watch.lost_at.or(watch.told_lost_at).filter(|_| is_open)
    });
    // A clock that is set makes the sweep begin anew, and one that is set back repeats a time.
    let jump = world.faults.jump;
    let settled = calm_at.max(judge.sweeps_since).max(jump.at + jump.repeated());
    let last = lost.collect::<Option<Vec<_>>>().and_then(|lost| lost.into_iter().max());
    last.is_some_and(|last| last.max(settled) + STOPPED + ROUNDING < world.time.now())
}
