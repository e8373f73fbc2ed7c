//! What was seen of the history so far, for the checks.

mod watch;

use sagebell_monitor::policy::Policy;
use sagebell_monitor::wait::{Wait, WaitState};
use serde_json::Value;

use crate::executor::Millis;
use crate::network::{address_of, callback_of};
use crate::owners::Book;
use crate::plan::Plan;
use crate::world::{World, millis};

pub use watch::{JobWatch, Over, TaskWatch, Try};

/// The breaks of its sweeps that the monitor keeps apart: it keeps eight, and adds older ones to the
/// first (`sweep/beat.rs`).
const BREAKS_APART: usize = 7;

/// See the module.
#[derive(Debug, Default)]
pub struct Judge {
    /// The first broken promise and how it was broken.
    pub verdict: Option<(&'static str, String)>,
    /// Faults after which work is done again.
    pub work_undone: u64,
    /// By job.
    pub jobs: Vec<JobWatch>,
    /// By task.
    pub tasks: Vec<TaskWatch>,
    /// All waits, strangers' too.
    pub book: Book,
    /// Messages that a queue gave out without being told that they are done.
    pub messages_dropped: u64,
    /// When a pod last began or ended.
    pub stirred_at: Millis,
    /// When the sweep last ran, as its clock showed it.
    pub swept_at: Option<i64>,
    /// Since when it has run without a break.
    pub sweeps_since: Millis,
    /// When breaks were over, and how long they were.
    pub breaks: Vec<(Millis, Millis)>,
}

impl Judge {
    /// Nothing was seen yet.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        Self {
            jobs: plan.jobs.iter().map(|_| JobWatch::default()).collect(),
            tasks: plan.tasks.iter().map(|_| TaskWatch::default()).collect(),
            ..Self::default()
        }
    }

    /// How long all breaks were that were over since then, as far as the monitor can tell: it adds
    /// up the oldest ones, as if they had been over with the last of these.
    #[must_use]
    pub fn missed_since(&self, since: Millis) -> Millis {
        let (oldest, latest) = self.breaks.split_at(self.breaks.len().saturating_sub(BREAKS_APART));
        let oldest =
            if oldest.last().is_some_and(|(over_at, _)| *over_at >= since) { oldest } else { &[] };
        let latest = latest.iter().filter(|(over_at, _)| *over_at >= since);
        oldest.iter().chain(latest).map(|(_, missed)| missed).sum()
    }

    /// A task's next pod begins.
    pub fn pod_begins(&mut self, world: &World, task: usize, incarnation: usize) {
        self.stirred_at = world.time.now();
        let watch = &mut self.tasks[task];
        (watch.pod_since, watch.incarnation) = (world.time.now(), incarnation);
        watch.registered_at = None;
    }

    /// A task is over.
    pub fn task_over(&mut self, world: &World, task: usize, how: Over) {
        self.stirred_at = world.time.now();
        self.tasks[task].over = Some(how);
    }

    /// A pod was told that its wait is registered.
    pub fn registered(&mut self, task: usize, now: Millis) {
        self.tasks[task].registered_at.get_or_insert(now);
    }

    /// A pod's wait was refused: it looks after its job alone.
    pub fn refused(&mut self, task: usize) {
        self.tasks[task].registered_at = None;
    }

    /// A pod knows which job it waits for.
    pub fn expects(&mut self, task: usize, generation: u32, from: Millis) {
        // A later pod may know less exactly: what the first knew counts.
        self.tasks[task].expects.get_or_insert((generation, from));
    }

    /// An event is handed to `job-events`.
    pub fn event_taken(&mut self, plan: &Plan, event: &Value) {
        let detail = event["detail"].as_object().unwrap();
        let about = |arn: &str| {
            let named = |value: &Value| {
                let text = value.as_str();
                text.is_some_and(|text| arn == text || arn.starts_with(&format!("{text}/step/")))
            };
            detail.values().any(named)
        };
        let job = plan.jobs.iter().position(|job| about(job.arn.as_str()));
        self.jobs[job.unwrap()].observations += 1;
    }

    /// A job's record was written.
    pub fn job_written(&mut self, job: usize, now: Millis) {
        let watch = &mut self.jobs[job];
        watch.writes += 1;
        watch.written_at = now;
    }

    /// A wait was written. Only its waiter, through the API, takes up anew what
    /// was over.
    pub fn wait_saved(&mut self, world: &World, task: usize, by_waiter: bool, wait: &Wait) {
        let (now, swept_at) = (world.time.now(), self.swept_at);
        let watch = &mut self.tasks[task];
        watch.first_stored.get_or_insert(now);
        if wait.state != WaitState::Waiting {
            watch.wait_over_at.get_or_insert(now);
            watch.live_since = None;
            return;
        }
        if watch.wait_over_at.is_some() && !by_waiter {
            return;
        }
        let lapsed = watch.gone_at() <= now;
        if watch.wait_over_at.take().is_some() || watch.live_since.is_none() {
            watch.registered_anew += 1;
            watch.live_since = Some(now);
        } else if lapsed {
            watch.live_since = Some(now);
        }
        if watch.lease_until != Some(wait.lease_until) {
            watch.probes_lost.clear();
            let lease = Millis::from(wait.lease_seconds) * 1_000;
            let renewed_at = millis(wait.lease_until) - lease as i64;
            watch.lease_end = world.faults.jump.true_time(renewed_at, now) + lease;
        }
        watch.lease_until = Some(wait.lease_until);
        watch.note_loss(world, wait, swept_at);
        watch.address = callback_of(&wait.channel).map(|(url, _)| address_of(url));
    }

    /// A callback begins; says what is wrong with that. A clock that is set forward ends
    /// the claims of before: what was under way then may be told a second time, and whichever
    /// fails ends the other's claim.
    pub fn send_begun(
        &mut self,
        world: &World,
        task: usize,
        secret: &str,
        seq: u64,
    ) -> Option<(&'static str, String)> {
        let (now, jump) = (world.time.now(), world.faults.jump);
        let watch = &mut self.tasks[task];
        let claim = Policy::CLAIM.as_millis() as Millis;
        let claimed = |since: Millis| !jump.is_forward_between(since.saturating_sub(claim), now);
        let wrong = if watch.under_way.iter().any(|(one, since)| one == secret && claimed(*since)) {
            Some(("5-overlap", format!("two signals to task {task} are under way")))
        } else if watch.wait_over_at.is_some_and(|at| at + claim < now) {
            Some(("5-again", format!("task {task} is signalled after its wait was over")))
        } else if seq < watch.seq {
            Some(("2-backwards", format!("task {task}: signal {seq} after {}", watch.seq)))
        } else {
            None
        };
        watch.seq = seq;
        watch.sends += 1;
        watch.under_way.push((secret.to_owned(), now));
        wrong
    }

    /// A callback is over.
    pub fn send_ended(&mut self, task: usize, secret: &str) {
        let under_way = &mut self.tasks[task].under_way;
        if let Some(place) = under_way.iter().position(|(one, _)| one == secret) {
            under_way.swap_remove(place);
        }
    }
}
