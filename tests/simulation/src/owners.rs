//! Checks of whose a job and a wait are, and who may do what with them: see the table
//! of [`checks`](crate::checks).

use std::collections::BTreeMap;

use sagebell_monitor::job::JobRecord;
use sagebell_monitor::policy::Policy;
use sagebell_monitor::principal::Principal;
use sagebell_monitor::search::Search;
use sagebell_monitor::wait::{Channel, OnAbandon, Wait, WaitKey, WaitState};
use sagebell_monitor::wait_registry::Stop;

use crate::checks::{self, RACE};
use crate::executor::Millis;
use crate::functions::Function;
use crate::liveness;
use crate::lock;
use crate::plan::Tag;
use crate::teams::{Team, Who};
use crate::world::{World, instant};

/// What is known of one wait, anybody's.
#[derive(Debug)]
struct Stored {
    wait: Wait,
    who: Who,
    /// Since when somebody waits by it.
    wanted_since: Option<Millis>,
    /// Until when it wanted its job stopped.
    wished_until: Option<Millis>,
    /// When it was first stored.
    since: Millis,
    /// When its life ended.
    over_at: Option<Millis>,
    /// How often its life began.
    lives: u64,
}

/// What is stored, as far as it says whose things are.
#[derive(Debug, Default)]
pub struct Book {
    /// By job: who was first to register on it.
    first: BTreeMap<usize, Principal>,
    waits: BTreeMap<WaitKey, Stored>,
}

impl Book {
    /// Whether the wait of this one has ended because its job had settled.
    #[must_use]
    pub fn has_signalled(&self, who: Who) -> bool {
        let mut waits = self.waits.values().filter(|stored| stored.who == who);
        waits.any(|stored| stored.wait.state == WaitState::Signalled)
    }

    fn note(&mut self, who: Who, wait: &Wait, now: Millis) {
        let stored = self.waits.entry(wait.key()).or_insert_with(|| Stored {
            wait: wait.clone(),
            who,
            wanted_since: None,
            wished_until: None,
            since: now,
            over_at: Some(now),
            lives: 0,
        });
        let wanted = wait.is_wanted() && !is_gone(wait);
        stored.wanted_since = stored.wanted_since.filter(|_| wanted).or(wanted.then_some(now));
        if wishes_stop(&stored.wait) {
            stored.wished_until = Some(now);
        }
        if wait.state != WaitState::Waiting {
            stored.over_at.get_or_insert(now);
        } else if stored.over_at.take().is_some() {
            stored.lives += 1;
        }
        stored.wait = wait.clone();
    }
}

/// Whether nobody waits by it, as the sweep has written down: the waiter could have come back for
/// long enough.
fn is_gone(wait: &Wait) -> bool {
    let Search { unanswered, probed_at, .. } = &wait.search;
    let Some(gone_since) = wait.gone_since else { return wait.search.is_in_vain() };
    let until = gone_since + Policy::default().reconnect_grace;
    *unanswered >= Policy::CHANCES && probed_at.is_some_and(|last| last >= until)
}

/// Whether it is over, and its job is still to be stopped.
fn wishes_stop(wait: &Wait) -> bool {
    let ended = matches!(wait.state, WaitState::Abandoned | WaitState::Expired);
    wait.stop_pending && ended && wait.on_abandon == OnAbandon::Stop
}

/// Whose the job is: the tag says, else who registered on it first.
fn owner_of(world: &World, book: &Book, job: usize) -> Option<Principal> {
    let made = lock(&world.truth).get(job).is_some_and(|resource| resource.owner.is_some());
    if made && world.plan.jobs[job].is_tagged() {
        return Some(Team::Pipeline.principal());
    }
    book.first.get(&job).cloned()
}

/// Whether the monitor can know that the job is the pipeline's, and no stranger ever
/// waited for it: one who waits as well may be the last, and has nothing stopped.
#[must_use]
pub fn is_left_to_the_pipeline(world: &World, book: &Book, job: usize) -> bool {
    let readable = world.plan.jobs[job].tag != Tag::Unreadable;
    let of_job = |stored: &&Stored| world.plan.tasks[stored.who.task()].job == job;
    let mut waits = book.waits.values().filter(of_job);
    readable
        && owner_of(world, book, job) == Some(Team::Pipeline.principal())
        && !waits.any(|stored| matches!(stored.who, Who::Stranger(_)))
}

/// The lives of the strangers' waits on this job, and how long they lasted.
pub fn strangers_waits<'a>(
    book: &'a Book,
    world: &'a World,
    job: usize,
) -> impl Iterator<Item = (u64, Millis)> + 'a {
    let end = world.time.now();
    book.waits.values().filter_map(move |stored| match stored.who {
        Who::Stranger(task) if world.plan.tasks[task].job == job => {
            Some((stored.lives, stored.over_at.unwrap_or(end) - stored.since))
        }
        _ => None,
    })
}

/// A job's record is written: who registered first stays who did.
pub fn job_saved(world: &World, job: usize, record: &JobRecord) {
    let Some(owner) = &record.owner else { return };
    let first = lock(&world.judge).book.first.entry(job).or_insert_with(|| owner.clone()).clone();
    if first != *owner {
        world.broken("6-owner", || format!("job {job} was {first:?}'s, now {owner:?}'s"));
    }
}

/// A wait is written, over what was stored under its key.
pub fn wait_saved(world: &World, before: Option<&Wait>, wait: &Wait) {
    let who = Who::of(world, wait);
    if let Some(before) = before.filter(|before| before.owner != wait.owner) {
        world.broken("6-owner", || format!("{who:?} writes over {:?}'s wait", before.owner));
    }
    let asks = *lock(&world.asks);
    if let Some(ask) = asks.filter(|ask| ask.who.principal(world) != wait.owner) {
        world.broken("6-owner", || format!("{:?} changes the wait of {who:?}", ask.who));
    }
    if let Some(opener) = opener(world, wait).filter(|opener| opener.principal(world) != wait.owner)
    {
        world.broken("6-foreign", || format!("{who:?} is told through {opener:?}'s connection"));
    }
    lock(&world.judge).book.note(who, wait, world.time.now());
}

/// Who opened the connection of this wait.
fn opener(world: &World, wait: &Wait) -> Option<Who> {
    let Channel::Connection { id, .. } = &wait.channel else { return None };
    lock(&world.connections).opener(id)
}

/// Somebody was told that its wait is registered so.
pub fn registered(world: &World, who: Who, wait: &Wait) {
    let job = world.plan.tasks[who.task()].job;
    let asker = who.principal(world);
    // Who registered first may say so: the tag is read before the stop. No tag names
    // another team.
    let may = first(world, job).as_ref() == Some(&asker) || asker == Team::Pipeline.principal();
    let wishes = wait.state == WaitState::Waiting && wait.on_abandon == OnAbandon::Stop;
    if wishes && !may {
        world.broken("6-owner", || format!("{who:?} may have job {job} stopped by abandonment"));
    }
}

/// Somebody was told what SageMaker says of the job now.
pub fn refreshed(world: &World, who: Who, first: Option<&Principal>) {
    let (asker, job) = (who.principal(world), world.plan.tasks[who.task()].job);
    if first.is_some_and(|first| *first != asker) {
        world.broken("6-owner", || format!("{who:?} has job {job} looked at"));
    }
}

/// Who registered on this job first.
#[must_use]
pub fn first(world: &World, job: usize) -> Option<Principal> {
    lock(&world.judge).book.first.get(&job).cloned()
}

/// A function stops a job that runs.
pub fn stop_called(world: &World, job: usize, caller: Function) {
    let asks = *lock(&world.asks);
    let (whose, own, forced) = match asks {
        Some(ask) => (format!("{:?}", ask.who), Some(ask.who), ask.stop == Stop::Forced),
        None => (format!("{caller:?}"), None, false),
    };
    let owner = owner_of(world, &lock(&world.judge).book, job);
    let wishes = match asks {
        Some(ask) if ask.stop == Stop::No => Vec::new(),
        Some(ask) => vec![ask.who.principal(world)],
        None => abandoned(world, job),
    };
    if wishes.is_empty() {
        world.broken("4-wanted", || format!("job {job} is stopped, but was to be kept"));
    }
    if !wishes.iter().any(|wish| Some(wish) == owner.as_ref()) {
        world.broken("6-owner", || format!("{whose} stops job {job}, which is {owner:?}'s"));
    }
    if !forced {
        checks::stop_called(world, job, own);
        liveness::stop_called(world, job, own);
        if let Some(other) = waits(world, job, own) {
            world.broken("6-owner", || format!("{whose} stops job {job}, but {other:?} waits"));
        }
    }
}

/// Whose waits on this job ended so that it is to be stopped, or was a moment ago: two
/// sweeps may be at it.
fn abandoned(world: &World, job: usize) -> Vec<Principal> {
    let now = world.time.now();
    let judge = lock(&world.judge);
    let of_job = |stored: &&Stored| world.plan.tasks[stored.who.task()].job == job;
    let wishes = |stored: &&Stored| {
        wishes_stop(&stored.wait) || stored.wished_until.is_some_and(|until| until + RACE >= now)
    };
    let waits = judge.book.waits.values().filter(of_job).filter(wishes);
    waits.map(|stored| stored.wait.owner.clone()).collect()
}

/// Somebody else who has waited for the job for long enough to be seen.
fn waits(world: &World, job: usize, but: Option<Who>) -> Option<Who> {
    let now = world.time.now();
    let judge = lock(&world.judge);
    let waits = |stored: &&Stored| {
        let since = stored.wanted_since.is_some_and(|since| since + RACE < now);
        let of_job = world.plan.tasks[stored.who.task()].job == job;
        of_job && since && stored.wait.deadline > instant(now + RACE) && Some(stored.who) != but
    };
    judge.book.waits.values().find(waits).map(|stored| stored.who)
}
