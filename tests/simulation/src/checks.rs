//! The promises, as checks of what was seen.
//!
//! | check | promise |
//! |---|---|
//! | `1-lost` | every live waiter hears of the end in time |
//! | `1-prompt` | without faults, within seconds and without the sweep's help; after a dead connection, within a keep-alive interval and the way back |
//! | `1-repaired` | what was lost is found by a list: within minutes after the faults are over |
//! | `1-endless` | every wait's life ends |
//! | `1-overdue` | no wait outlives its deadline |
//! | `1-given-up` | a wait ends by its deadline not before it, as what it is, and not untried |
//! | `1-unanswered` | every signal request and event is handled before it is acknowledged |
//! | `2-wrong` | nobody hears of a state that the own job, or update, was not in |
//! | `2-backwards` | no record and no waiter's signals ever go backwards |
//! | `3-second` | no task creates a second job |
//! | `4-orphan` | an abandoned job is stopped |
//! | `4-late` | a job is asked to stop within three minutes after the loss of its last waiter was noted |
//! | `4-wanted` | no job with a live waiter, or that is to be kept, is stopped, but by force |
//! | `4-healthy` | no job is stopped whose waiter lives: but by force, or if probes, sent over minutes, all were lost, or if the waiter itself is cut off from an API that is there |
//! | `4-gap` | no waiter counts as gone before its lease and the grace ran out, or the grace after the loss of its connection, counted from when the monitor was back |
//! | `5-checks` | Describe calls grow with time only as the policy says |
//! | `5-writes` | at most one write of a job per observation or API call |
//! | `5-long` | a signal request is answered, or left to the sweep, before its function times out |
//! | `6-foreign` | nobody but its owner is told of a wait, and through no other's connection |
//! | `6-owner` | nobody but its owner has a job stopped, or looked at, or may say `on_abandon: stop`; unforced, nobody has it stopped while others wait; and nobody changes another's wait |
//! | `5-overlap`, `5-again`, `5-doubled` | one signal at a time, none after the end, none twice |

use std::time::Duration;

use sagebell_monitor::job::{Job, JobRecord};
use sagebell_monitor::job_list::JobList;
use sagebell_monitor::kind::{Lifecycle, Telling};
use sagebell_monitor::policy::Policy;
use sagebell_monitor::signal::Signal;
use sagebell_monitor::wait::OnAbandon;

use crate::executor::Millis;
use crate::judge::{Judge, Over, TaskWatch};
use crate::lock;
use crate::losses;
use crate::owners;
use crate::teams::{Team, Who};
use crate::truth::State;
use crate::world::{World, millis};

/// After faults are over, and the last thing has happened to a job or a pod,
/// everybody has heard within this time: the longest pause between two looks at
/// a job and its jitter (72 min), and the time to tell.
pub const BOUND: Millis = 90 * 60_000;
/// The same if a job was deleted whose list is read: no list tells that. It is described after a
/// silent day, or two (`Policy::CHECK_LISTED`).
const BOUND_DELETED: Millis = 72 * 60 * 60_000;
/// What a list tells is heard within this time: two pauses between its readings, and the sweep's own.
const REPAIRED: Millis = 15 * 60_000;
/// Without faults the end is heard within this time.
pub const PROMPT: Millis = 30_000;
/// The longest that an invocation of the simulation takes from what it read to
/// what it does.
pub const RACE: Millis = 30_000;
/// How long a function has to answer a signal request: `Timeout` of `signals` in
/// infra/template.yaml.
const LONGEST_ATTEMPT: Millis = 60_000;
/// Clocks differ by less, and times are cut by less.
pub const ROUNDING: Millis = 2_000;

fn whole(duration: Duration) -> Millis {
    duration.as_millis() as Millis
}

/// A task created a job.
pub fn created(world: &World, task: usize) {
    let created = {
        let mut judge = lock(&world.judge);
        judge.tasks[task].created += 1;
        judge.tasks[task].created
    };
    if created > 1 {
        world.broken("3-second", || format!("task {task} created {created} jobs"));
    }
}

/// A job's record was written.
pub fn job_saved(world: &World, before: Option<JobRecord>, after: &JobRecord) {
    let job = world.plan.jobs.iter().position(|job| job.arn == after.job.arn).unwrap();
    lock(&world.judge).job_written(job, world.time.now());
    owners::job_saved(world, job, after);
    let Some(before) = before else { return };
    let (old, new) = (&before.job, &after.job);
    let tolerated = |at: jiff::Timestamp| at + Policy::GENERATION_TOLERANCE;
    let same_generation = old.created_at.is_none_or(|old| new.created_at <= Some(tolerated(old)));
    let absorbs = old.kind.spec().lifecycle == Lifecycle::OneShot && same_generation;
    // What is in doubt is known no more, and may turn out to be the same.
    let absorbs = absorbs && !after.is_in_doubt();
    let wrong = after.revision < before.revision
        || new.created_at.map(tolerated) < old.created_at
        || absorbs && old.phase.is_settled() && new.phase != old.phase && same_end(old, new);
    if wrong {
        world.broken("2-backwards", || format!("job {job} went from {old:?} to {new:?}"));
    }
}

/// Whether both are of the one job: without a creation time, one that was
/// deleted and one that came after look alike.
fn same_end(old: &Job, new: &Job) -> bool {
    old.created_at.is_some() || new.created_at <= old.modified_at
}

/// A waiter heard of its job.
pub fn received(world: &World, task: usize, job: &Job) {
    if !job.phase.is_settled() {
        return;
    }
    let plan = &world.plan.tasks[task];
    let (generation, from) = lock(&world.judge).tasks[task].expects.unwrap();
    let modified = millis(job.modified_at.max(job.settled_at).unwrap()) + ROUNDING as i64;
    let is_signalled = |state: &&State| {
        let own = state.job == plan.job && state.generation >= generation;
        let one_shot = job.kind.spec().lifecycle == Lifecycle::OneShot;
        let since = one_shot || state.at >= from || state.deleted;
        let known =
            state.phase == job.phase || state.deleted && job.status.as_deref() == Some("Deleted");
        own && since && known && state.at as i64 <= modified
    };
    if lock(&world.truth).history.iter().rfind(is_signalled).is_none() {
        world.broken("2-wrong", || format!("task {task} heard of {job:?}"));
    }
    // A pod that lingers on may hear of what its task has given up.
    let waits = lock(&world.judge).tasks[task].over.is_none();
    if waits && is_late(world, task) {
        world.broken("1-prompt", || format!("task {task} heard at last of {job:?}"));
    }
    if waits && is_unrepaired(world, task) {
        world.broken("1-repaired", || format!("task {task} heard very late of {job:?}"));
    }
}

/// Whether a task, which was not told of the end until now, had to be by now, whatever was lost
/// before: the list of its job is read, its only pod is there, and no clock is set.
fn is_unrepaired(world: &World, task: usize) -> bool {
    let (expects, registered_at, incarnation) = {
        let watch = &lock(&world.judge).tasks[task];
        (watch.expects, watch.registered_at, watch.incarnation)
    };
    let job = world.plan.tasks[task].job;
    let arn = &world.plan.jobs[job].arn;
    let is_lasting = arn.kind().spec().lifecycle == Lifecycle::OneShot;
    let (Some((generation, _)), Some(registered_at)) = (expects, registered_at) else {
        return false;
    };
    if incarnation > 0 || !is_lasting || world.faults.jump.by != 0 || JobList::of(arn).is_none() {
        return false;
    }
    let truth = lock(&world.truth);
    let own = |state: &&State| state.job == job && state.generation == generation;
    let states: Vec<&State> = truth.history.iter().filter(own).collect();
    // No list tells that a job was deleted.
    let is_there = states.iter().all(|state| !state.deleted);
    let end = states.iter().find(|state| is_there && state.phase.is_settled());
    let due = end.map(|end| end.at.max(registered_at).max(world.faults.calm_at) + REPAIRED);
    due.is_some_and(|due| due < world.time.now())
}

/// Whether a task, which was not told of the end until now, had to be by now:
/// it was calm ever since its only pod began, and events tell of the job.
pub fn is_late(world: &World, task: usize) -> bool {
    let (expects, registered_at, told_within) = {
        let judge = lock(&world.judge);
        let watch = &judge.tasks[task];
        (watch.expects, watch.registered_at, losses::is_told_within(world, task, watch))
    };
    let job = world.plan.tasks[task].job;
    let eventful = world.plan.jobs[job].arn.kind().spec().has_telling_events();
    let (Some((generation, from)), Some(registered_at)) = (expects, registered_at) else {
        return false;
    };
    let Some((earliest, within)) = told_within else { return false };
    let since = settled_since(world, job, generation, from.max(registered_at));
    let due = since.map(|since| since.max(registered_at).max(earliest) + within);
    eventful && due.is_some_and(|due| due < world.time.now())
}

/// Since when a job, all of whose life was calm, was in the settled state that
/// it was in at that time, or came to first after it.
fn settled_since(world: &World, job: usize, generation: u32, at: Millis) -> Option<Millis> {
    let truth = lock(&world.truth);
    let own = |state: &&State| state.job == job && state.generation == generation;
    let states: Vec<&State> = truth.history.iter().filter(own).collect();
    let over_by = |place: usize| states.get(place + 1).is_some_and(|next| next.at <= at);
    let mut places = 0..states.len();
    let place = places.find(|place| states[*place].phase.is_settled() && !over_by(*place))?;
    let state = states[place];
    // Times cut to whole seconds cannot tell it from the state before.
    let steady = place == 0 || states[place - 1].at + ROUNDING < state.at;
    let calm = states[0].at >= world.faults.calm_at;
    (steady && calm && !state.deleted).then_some(state.at)
}

/// A callback begins.
pub fn send_begun(world: &World, task: usize, secret: &str, signal: &Signal) {
    world.note(|| format!("callback to task {task}: {} #{}", signal.job.phase, signal.seq));
    let wrong = lock(&world.judge).send_begun(world, task, secret, signal.seq);
    if let Some((promise, what)) = wrong {
        world.broken(promise, || what);
    }
}

/// An invocation of `signals` is over.
pub fn handled(world: &World, took: Millis) {
    if took > LONGEST_ATTEMPT {
        world.broken("5-long", || format!("a signal request took {} s", took / 1_000));
    }
}

/// A job is stopped, and not by force.
pub fn stop_called(world: &World, job: usize, but: Option<Who>) {
    let now = world.time.now();
    let wanted = {
        let judge = lock(&world.judge);
        let mut tasks = judge.tasks.iter().enumerate();
        let wanted = tasks.find(|(task, watch)| {
            let live = watch.live_since.is_some_and(|since| since + RACE < now);
            let plan = &world.plan.tasks[*task];
            let in_time = plan.deadline.is_none_or(|deadline| deadline > now + RACE);
            let other = plan.job == job && Some(Who::Task(*task)) != but;
            other && live && in_time && watch.gone_at() > now + RACE
        });
        wanted.map(|(task, _)| task)
    };
    if let Some(task) = wanted {
        world.broken("4-wanted", || format!("job {job} is stopped, but task {task} waits"));
    }
}

/// Whether nothing more can happen.
pub fn is_quiet(world: &World) -> bool {
    let judge = lock(&world.judge);
    judge.tasks.iter().enumerate().all(|(task, watch)| {
        let wait_over = watch.first_stored.is_none() || watch.wait_over_at.is_some();
        let job = world.plan.tasks[task].job;
        let orphan = expects_stop(world, &judge, job);
        let stopped = lock(&world.truth).get(job).is_none_or(|job| job.ended.is_some());
        match watch.over {
            None => false,
            Some(Over::Terminated) => wait_over && (stopped || !orphan),
            Some(Over::TimedOut) => wait_over,
            Some(_) => true,
        }
    })
}

/// Whether the job must not outlive its waiters: all are its owner's and gone for good,
/// all their waits were on this very job, and all wanted it stopped.
pub fn expects_stop(world: &World, judge: &Judge, job: usize) -> bool {
    let tasks = &judge.tasks;
    let of_job = || world.plan.tasks.iter().enumerate().filter(|(_, task)| task.job == job);
    let generation = lock(&world.truth).get(job).map(|job| job.generation);
    let was_for_it = |watch: &TaskWatch| {
        watch.first_stored.is_some() && watch.expects.map(|(expected, _)| expected) == generation
    };
    of_job().all(|(_, task)| task.is_terminated() && task.on_abandon == OnAbandon::Stop)
        && of_job().all(|(_, task)| task.team == Team::Pipeline)
        && owners::is_left_to_the_pipeline(world, &judge.book, job)
        && of_job().all(|(task, _)| tasks[task].over == Some(Over::Terminated))
        && of_job().any(|(task, _)| was_for_it(&tasks[task]))
        // One that is still to be told of an older job of the name may be the last.
        && of_job().all(|(task, _)| tasks[task].first_stored.is_none() || was_for_it(&tasks[task]))
}

/// When the history must have come to rest.
pub fn limit(world: &World) -> Millis {
    let (stirred, missed) = {
        let judge = lock(&world.judge);
        (judge.stirred_at, judge.missed_since(0))
    };
    let changed = lock(&world.truth).changed_at;
    // Deadlines count later by what the sweep has left out and a clock repeats.
    let later = missed + world.faults.jump.repeated();
    let bound = if is_listed_deleted(world) { BOUND_DELETED } else { BOUND };
    stirred.max(changed).max(world.faults.calm_at) + bound + later
}

fn is_listed_deleted(world: &World) -> bool {
    let is_listed = |job: usize| JobList::of(&world.plan.jobs[job].arn).is_some();
    lock(&world.truth).history.iter().any(|state| state.deleted && is_listed(state.job))
}

/// The end of the history: what should have come about by now?
pub fn at_the_end(world: &World) {
    let judge = lock(&world.judge);
    let mut wrong: Vec<(&'static str, String)> = Vec::new();
    for (task, watch) in judge.tasks.iter().enumerate() {
        let job = world.plan.tasks[task].job;
        if watch.over.is_none() {
            wrong.push(("1-lost", format!("task {task} has not heard: {watch:?}")));
        }
        let endless = watch.first_stored.is_some() && watch.wait_over_at.is_none();
        let gone = matches!(watch.over, Some(Over::Terminated | Over::TimedOut));
        if gone && endless {
            wrong.push(("1-endless", format!("task {task} is gone, its wait is not: {watch:?}")));
        }
        let running = lock(&world.truth).get(job).is_some_and(|job| job.ended.is_none());
        if running && expects_stop(world, &judge, job) {
            wrong.push(("4-orphan", format!("job {job} runs on without task {task}")));
        }
    }
    if judge.messages_dropped > 0 {
        wrong.push(("1-unanswered", format!("{} messages", judge.messages_dropped)));
    }
    for (job, watch) in judge.jobs.iter().enumerate() {
        if watch.writes > watch.observations + watch.calls {
            wrong.push(("5-writes", format!("job {job}: {watch:?}")));
        }
        let most = most_checks(world, &judge, job);
        if watch.checks > most {
            wrong.push(("5-checks", format!("job {job}: at most {most}, but {watch:?}")));
        }
    }
    drop(judge);
    if let Some((promise, what)) = wrong.into_iter().next() {
        world.broken(promise, || what);
    }
}

/// How many looks the pauses of the policy leave room for.
fn most_checks(world: &World, judge: &Judge, job: usize) -> u64 {
    let policy = Policy::default();
    let spec = world.plan.jobs[job].arn.kind().spec();
    let eventless = !spec.has_telling_events();
    let longest = if eventless { Policy::CHECK_WITHOUT_EVENTS.1 } else { policy.check_longest };
    let end = world.time.now();
    let of_job =
        judge.tasks.iter().enumerate().filter(|(task, _)| world.plan.tasks[*task].job == job);
    let checks = of_job.filter_map(|(_, watch)| {
        let lived = watch.wait_over_at.unwrap_or(end) - watch.first_stored?;
        Some((watch.registered_anew, lived))
    });
    let checks = checks.chain(owners::strangers_waits(&judge.book, world, job));
    // Pauses that double from the first, once per life of the wait.
    let most = checks.map(|(lives, lived)| 6 * lives + lived * 10 / (whole(longest) * 8));
    // Each event that says "look" may bring one.
    let asked_for = if spec.telling == Telling::Change { judge.jobs[job].observations } else { 0 };
    // Those of an hour are due at once when the clock is set forward.
    let at_once = u64::from(world.faults.jump.by != 0) * world.plan.tasks.len() as u64 * 2;
    most.sum::<u64>() + asked_for + judge.work_undone + at_once
}
