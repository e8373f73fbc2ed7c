//! Checks of who may be taken for gone: see the table of [`checks`](crate::checks).

use sagebell_monitor::heartbeat::Heartbeat;
use sagebell_monitor::policy::Policy;
use sagebell_monitor::wait::{Wait, WaitState};

use crate::checks::{RACE, ROUNDING};
use crate::executor::Millis;
use crate::lock;
use crate::teams::Who;
use crate::world::{World, millis};

/// A probe was sent to a waiter, and it reached it or did not.
pub fn probed(world: &World, who: Who, reached: bool) {
    world.note(|| format!("a probe of {who:?} {}", if reached { "reaches it" } else { "is lost" }));
    let Who::Task(task) = who else { return };
    let now = world.time.now();
    let watch = &mut lock(&world.judge).tasks[task];
    watch.probes += 1;
    if !reached {
        watch.probes_lost.push(now);
    }
}

/// The sweep begins. What it knows of the last one it knows by its own clock.
pub fn swept(world: &World, heartbeat: &Heartbeat) {
    let shown = millis(heartbeat.at);
    let at = world.faults.jump.true_time(shown, world.time.now());
    let policy = Policy::default();
    let (gap, drift) =
        (policy.sweep_gap.as_millis() as i64, Policy::CLOCK_DRIFT.as_millis() as i64);
    let mut judge = lock(&world.judge);
    let last = judge.swept_at;
    if last.is_none_or(|last| last + gap < shown || shown + drift < last) {
        let missed = last.and_then(|last| Millis::try_from(shown - last).ok());
        judge.breaks.push((at, missed.unwrap_or_default()));
        judge.sweeps_since = at;
    }
    judge.swept_at = Some(shown);
}

/// The sweep writes a wait.
pub fn wait_saved(world: &World, task: usize, wait: &Wait) {
    let grace = Policy::default().grace.as_millis() as Millis;
    let (was_over, from) = {
        let judge = lock(&world.judge);
        let watch = &judge.tasks[task];
        let back = judge.sweeps_since + Millis::from(wait.lease_seconds) * 1_000;
        (watch.wait_over_at.is_some(), back.max(watch.lease_end) + grace)
    };
    let now = world.time.now();
    if wait.state == WaitState::Abandoned && !was_over && now + ROUNDING < from {
        let missing = (from - now) / 1_000;
        world.broken("4-gap", || format!("task {task} is abandoned {missing} s too soon"));
    }
}

/// A job is stopped: none of those who wait for it, but who has it stopped, may live,
/// unless it was looked for and could not be reached.
pub fn stop_called(world: &World, job: usize, but: Option<Who>) {
    let now = world.time.now();
    let judge = lock(&world.judge);
    let healthy = judge.tasks.iter().enumerate().find(|(task, watch)| {
        let plan = &world.plan.tasks[*task];
        let in_time = plan.deadline.is_none_or(|deadline| deadline > now + RACE);
        let since = watch.registered_at.is_some_and(|at| at + RACE < now);
        let other = Some(Who::Task(*task)) != but;
        // What it waited for has come about, though the answer that tells it was lost.
        let other = other && !judge.book.has_signalled(Who::Task(*task));
        let address = watch.address.filter(|_| plan.job == job && other && in_time && since);
        let is_home = |address| lock(&world.network).is_home(address, Who::Task(*task));
        let lives = address.is_some_and(is_home);
        lives && !was_probed(&watch.probes_lost)
    });
    let healthy = healthy.map(|(task, _)| task);
    drop(judge);
    if let Some(task) = healthy {
        world.broken("4-healthy", || format!("job {job} is stopped, but task {task} lives"));
    }
}

/// Whether so many probes were lost, over so long, as the policy asks for.
fn was_probed(lost: &[Millis]) -> bool {
    let spread = Policy::default().probe_pause.as_millis() as Millis / 2;
    let enough = Policy::PROBES as usize;
    let over = lost.first().zip(lost.last()).map(|(first, last)| last - first);
    lost.len() >= enough && over >= Some(spread * (enough as Millis - 1))
}
