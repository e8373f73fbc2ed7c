//! Checks of who may be taken for gone: see the table of [`checks`](crate::checks).

use sagebell_monitor::heartbeat::Heartbeat;
use sagebell_monitor::policy::Policy;
use sagebell_monitor::wait::{Wait, WaitState};

use crate::checks::{RACE, ROUNDING};
use crate::executor::Millis;
use crate::judge::TaskWatch;
use crate::lock;
use crate::plan::Told;
use crate::teams::Who;
use crate::world::{World, millis};

/// Who has not come back for so long after it was cut off did not try.
const CUT_OFF: Millis = 4 * 60_000;

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
    let policy = Policy::default();
    let (was_over, from) = {
        let judge = lock(&world.judge);
        let watch = &judge.tasks[task];
        let lease = Millis::from(wait.lease_seconds) * 1_000;
        let (from, grace) = match watch.lost_at {
            Some(lost_at) => (judge.sweeps_since.max(lost_at), policy.reconnect_grace),
            None => ((judge.sweeps_since + lease).max(watch.lease_end), policy.grace),
        };
        (watch.wait_over_at.is_some(), from + grace.as_millis() as Millis)
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
        plan.job == job && other && in_time && since && is_healthy(world, *task, watch)
    });
    let healthy = healthy.map(|(task, _)| task);
    drop(judge);
    if let Some(task) = healthy {
        world.broken("4-healthy", || format!("job {job} is stopped, but task {task} lives"));
    }
}

/// Whether its waiter lives, and was not out of reach for so long that it may count as gone.
///
/// One that is called may be, if its probes were lost. One that nobody calls may be, if the last of
/// its own tries broke, although the API was there for others, and none has reached it since: such
/// a waiter is cut off. It tries so often that it would have reached the API otherwise.
fn is_healthy(world: &World, task: usize, watch: &TaskWatch) -> bool {
    if world.plan.tasks[task].told != Told::Callback {
        let is_cut_off = |at| at + CUT_OFF >= world.time.now();
        return watch.at_home && !watch.cut_at.is_some_and(is_cut_off);
    }
    let is_home = |address| lock(&world.network).is_home(address, Who::Task(task));
    watch.address.is_some_and(is_home) && !was_probed(&watch.probes_lost)
}

/// Whether so many probes were lost, over so long, as the policy asks for.
fn was_probed(lost: &[Millis]) -> bool {
    let spread = Policy::default().probe_pause.as_millis() as Millis / 2;
    let enough = Policy::PROBES as usize;
    let over = lost.first().zip(lost.last()).map(|(first, last)| last - first);
    lost.len() >= enough && over >= Some(spread * (enough as Millis - 1))
}
