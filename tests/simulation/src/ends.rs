//! Checks of how waits end at their deadline: see the table of
//! [`checks`](crate::checks).

use sagebell_monitor::job::JobRecord;
use sagebell_monitor::policy::Policy;
use sagebell_monitor::wait::{Wait, WaitState};

use crate::checks::{self, PROMPT, RACE, ROUNDING};
use crate::executor::Millis;
use crate::lock;
use crate::world::{World, millis};

/// In calm, the sweep comes round and is through with it within this time.
const SWEPT: Millis = 3 * 60_000;

/// A task's deadline passed before it heard. One that has had several pods may
/// have none just now, or one that is cut off.
pub fn timed_out(world: &World, task: usize) {
    let one_pod = world.plan.tasks[task].fates.len() == 1;
    if one_pod && checks::is_late(world, task) {
        world.broken("1-prompt", || format!("task {task} timed out and was not told"));
    }
}

/// A wait is written, and `record` is what is stored of its job.
pub fn wait_saved(world: &World, task: usize, wait: &Wait, record: Option<&JobRecord>) {
    let was_over = lock(&world.judge).tasks[task].wait_over_at.is_some();
    if wait.state == WaitState::Waiting || was_over {
        return;
    }
    if latest_end(world, task).is_some_and(|latest| latest < world.time.now()) {
        world.broken("1-overdue", || format!("the wait of task {task} outlived its deadline"));
    }
    if let Some(wrong) = wrong_end(world, task, wait, record) {
        world.broken("1-given-up", || format!("task {task} is {}, {wrong}", wait.state.as_str()));
    }
}

/// When the wait of a task that has a deadline must be over: that counts later by as much
/// as the sweep has left out since the wait was registered, and as a clock that was set back
/// repeats.
fn latest_end(world: &World, task: usize) -> Option<Millis> {
    let deadline = world.plan.tasks[task].deadline?;
    let judge = lock(&world.judge);
    let registered_at = judge.tasks[task].first_stored.unwrap_or_default();
    let repeated = world.faults.jump.repeated();
    // Each dates by its own clock, and by how much one was set back is known only as well
    // as sweeps follow each other.
    let unsure = ROUNDING + repeated.min(Policy::default().sweep_gap.as_millis() as Millis);
    let missed = judge.missed_since(registered_at.saturating_sub(unsure));
    Some((deadline + missed).max(world.faults.calm_at) + repeated + SWEPT)
}

/// What is wrong with a wait that ends so, if it ends by its deadline.
fn wrong_end(
    world: &World,
    task: usize,
    wait: &Wait,
    record: Option<&JobRecord>,
) -> Option<&'static str> {
    if !matches!(wait.state, WaitState::Expired | WaitState::Undeliverable) {
        return None;
    }
    let (now, deadline) = (world.time.now(), millis(wait.deadline));
    let (written_at, tried) = {
        let judge = lock(&world.judge);
        let job = world.plan.tasks[task].job;
        (judge.jobs[job].written_at, judge.tasks[task].sends + judge.tasks[task].probes > 0)
    };
    let settled = record.is_some_and(|record| wait.is_settled_by(record));
    let known = settled && written_at + RACE < now;
    let calm = settled && written_at >= world.faults.calm_at;
    let due = calm && ((written_at + PROMPT) as i64) < deadline;
    match wait.state {
        _ if ((now + ROUNDING) as i64) < deadline => Some("before its deadline"),
        WaitState::Expired if known => Some("but the end was known"),
        WaitState::Undeliverable if !ever_settled(world, task) => Some("but nothing was to tell"),
        WaitState::Undeliverable if due && !tried && wait.can_be_signalled() => {
            Some("but nobody tried")
        }
        _ => None,
    }
}

fn ever_settled(world: &World, task: usize) -> bool {
    let job = world.plan.tasks[task].job;
    lock(&world.truth).history.iter().any(|state| state.job == job && state.phase.is_settled())
}
