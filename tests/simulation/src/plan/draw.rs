//! How a plan is drawn from the seed.

use fastrand::Rng;
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::kind::{Kind, Lifecycle};
use sagebell_monitor::policy::Policy;
use sagebell_monitor::wait::{OnAbandon, SignalOn, WaitId};
use sagebell_monitor::wait_registry::Stop;

use super::{Fate, JobPlan, Older, Plan, Role, Tag, TaskPlan, Told};
use crate::connections::CONNECTION_LIFE;
use crate::executor::Millis;
use crate::lives;
use crate::stranger::{Act, StrangerPlan};
use crate::teams::Team;

const SECOND: Millis = 1_000;
const MINUTE: Millis = 60_000;
const ACCOUNT: &str = "arn:aws:sagemaker:us-east-1:111122223333:";
/// The lease of a waiter that only listens and does not come back to ask.
const LONG_LEASE_SECONDS: u32 = 86_400;
/// How long connections last: API Gateway's two hours, and shorter, since few histories are as long.
const LIVES: [Millis; 3] = [CONNECTION_LIFE, 20 * MINUTE, 6 * MINUTE];
/// No waiter's last words are on their way for longer: a frame 29 s, a call 10 s.
const LAST_WORDS: Millis = 35 * SECOND;

impl Plan {
    /// Draws a plan.
    #[must_use]
    pub fn draw(rng: &mut Rng) -> Self {
        let mut plan = Self {
            jobs: Vec::new(),
            tasks: Vec::new(),
            whole_seconds: rng.u32(..4) == 0,
            reads_trail: [0, 0, rng.u64(..8 * SECOND)][rng.usize(..3)],
            clocks_ahead: std::array::from_fn(|_| rng.i64(-900..900)),
            page: [1, 2, usize::MAX][rng.usize(..3)],
            connection_life: LIVES[rng.usize(..LIVES.len())],
        };
        for job in 0..[1, 1, 2, 3][rng.usize(..4)] {
            plan.draw_job(rng, job);
        }
        plan
    }

    fn draw_job(&mut self, rng: &mut Rng, job: usize) {
        let kind = Kind::all().nth(rng.usize(..Kind::all().count())).unwrap();
        // An execution's name is never used again.
        let older = rng.u32(..4) == 0 && !lives::is_pipeline(kind);
        let older = older.then(|| draw_older(rng, kind));
        let first = self.tasks.len();
        let earliest = older.as_ref().map_or(0, |older| older.deleted_at + 5 * SECOND);
        let span = lives::spread(rng, MINUTE, 40 * MINUTE);
        let start_at = earliest + rng.u64(..span);
        self.tasks.push(draw_task(rng, job, kind, Role::Creator, start_at));
        for _ in 0..[0, 0, 1, 2][rng.usize(..4)] {
            let role =
                if rng.bool() && lives::is_updatable(kind) { Role::Updater } else { Role::Watcher };
            // Some while the older job still has the name.
            let start_at = rng.u64(..start_at + 20 * MINUTE);
            self.tasks.push(draw_task(rng, job, kind, role, start_at));
        }
        let stoppable = kind.stop().is_some();
        let tasks = &mut self.tasks[first..];
        let orphan = stoppable && rng.u32(..4) == 0;
        if orphan {
            tasks.iter_mut().for_each(|task| terminate(rng, task));
            if rng.bool() {
                terminate_at_once(rng, tasks);
            }
        }
        let mut life = lives::created(rng, kind);
        if orphan && rng.u32(..4) > 0 {
            // It would run for ever.
            life.pop();
        }
        if rng.u32(..6) == 0 && life.len() > 1 {
            // It outlasts every outage.
            life.last_mut().unwrap().after = rng.u64(60 * MINUTE..85 * MINUTE);
        }
        let preempted = tasks.iter().any(|task| task.fates.len() > 1);
        let deletable = kind.spec().lifecycle == Lifecycle::OneShot && !preempted;
        let deleted_after =
            (deletable && !orphan && rng.u32(..8) == 0).then(|| rng.u64(10 * SECOND..20 * MINUTE));
        let tag = [Tag::Right, Tag::Right, Tag::Absent, Tag::Unreadable][rng.usize(..4)];
        self.jobs.push(JobPlan { arn: arn(kind, job), life, older, deleted_after, tag });
    }
}

fn terminate(rng: &mut Rng, task: &mut TaskPlan) {
    task.on_abandon = OnAbandon::Stop;
    task.lease_seconds = task.lease_seconds.min(1_200);
    task.role = if task.role == Role::Updater { Role::Watcher } else { task.role };
    let after = rng.u64(SECOND..10 * MINUTE);
    *task.fates.last_mut().unwrap() = Fate::Terminated { after };
    task.deadline = None;
}

/// Their run is terminated: all are gone at the same time.
fn terminate_at_once(rng: &mut Rng, tasks: &mut [TaskPlan]) {
    let last = tasks.iter().map(|task| task.start_at).max().unwrap_or_default();
    let end = last + rng.u64(5 * SECOND..5 * MINUTE);
    for TaskPlan { fates, start_at, .. } in tasks {
        if let [Fate::Terminated { after }] = fates.as_mut_slice() {
            *after = end - *start_at;
        }
    }
}

fn draw_older(rng: &mut Rng, kind: Kind) -> Older {
    let life = lives::created(rng, kind);
    let spans: Millis = life.iter().map(|stage| stage.after).sum();
    // Some are deleted before their end.
    let lived = if rng.bool() { spans } else { rng.u64(..=spans) };
    let deleted_at = 90 * SECOND + lived.min(20 * MINUTE) + rng.u64(..10 * MINUTE);
    Older { life, deleted_at }
}

fn draw_task(rng: &mut Rng, job: usize, kind: Kind, role: Role, start_at: Millis) -> TaskPlan {
    let stoppable = kind.stop().is_some();
    let guest = role == Role::Watcher && rng.u32(..3) == 0;
    // A guest may not say `stop`, and few do.
    let says_stop = stoppable && rng.bool() && (!guest || rng.u32(..4) == 0);
    let wait_id = format!("run-1.task-{}-{}", job, rng.u32(..));
    let told = draw_told(rng);
    let listens_only = told != Told::Renewals && rng.u32(..4) == 0;
    // Held connections are told for as long as they last, and no callback's renewals come between.
    let comes_back = told != Told::Connection && !listens_only;
    let mut task = TaskPlan {
        job,
        team: if guest { Team::Guest } else { Team::Pipeline },
        role,
        start_at,
        wait_id: WaitId::parse(&wait_id).unwrap(),
        told,
        signal_on: if rng.u32(..3) == 0 { SignalOn::Progress } else { SignalOn::Settled },
        lease_seconds: draw_lease(rng, told, listens_only),
        on_abandon: if says_stop { OnAbandon::Stop } else { OnAbandon::Keep },
        own_clock: kind.spec().lifecycle == Lifecycle::OneShot && rng.bool(),
        clock_ahead: rng.i64(-20_000..20_000),
        tidies_up: rng.bool(),
        fates: Vec::new(),
        update: lives::updated(rng, kind),
        deadline: None,
        stranger: (rng.u32(..4) == 0).then(|| draw_stranger(rng, stoppable, start_at)),
    };
    for _ in 0..[0, 0, 1, 2][rng.usize(..4)] {
        let span = lives::spread(rng, 10 * SECOND, 20 * MINUTE);
        let after = rng.u64(..span);
        // One that does not come back to ask could be cut off by its own
        // predecessor's last words: those are over before it begins.
        let soonest = if comes_back { SECOND } else { LAST_WORDS };
        let back_after = rng.u64(soonest..4 * MINUTE);
        let lingers = comes_back && rng.u32(..3) == 0;
        let lingers = if lingers { rng.u64(..10 * MINUTE) } else { 0 };
        task.fates.push(Fate::Preempted { after, back_after, lingers });
    }
    let after = rng.u64(SECOND..20 * MINUTE);
    task.fates.push(match rng.u32(..12) {
        0 if !listens_only => Fate::Terminated { after },
        1 if stoppable => {
            let stop = [Stop::No, Stop::No, Stop::Unwanted, Stop::Forced][rng.usize(..4)];
            Fate::TakesBack { after, stop }
        }
        1 => Fate::TakesBack { after, stop: Stop::No },
        _ => Fate::Lives,
    });
    // The wait of one that is gone before its deadline ends by its lease.
    if rng.u32(..5) == 0 && !task.is_terminated() {
        task.deadline = Some(start_at + lives::spread(rng, MINUTE, 60 * MINUTE));
    }
    task
}

fn draw_told(rng: &mut Rng) -> Told {
    match rng.u32(..8) {
        0..=3 => Told::Connection,
        4..=6 => Told::Callback,
        _ => Told::Renewals,
    }
}

fn draw_lease(rng: &mut Rng, told: Told, listens_only: bool) -> u32 {
    match told {
        Told::Connection if listens_only => Policy::CONNECTION_LEASE_SECONDS,
        _ if listens_only => LONG_LEASE_SECONDS,
        // Some reads, of which all but one may be lost.
        Told::Renewals => rng.u32(240..1_200),
        Told::Connection | Told::Callback => rng.u32(60..1_200),
    }
}

/// Some come before the owner, some while it waits.
fn draw_stranger(rng: &mut Rng, stoppable: bool, owner_at: Millis) -> StrangerPlan {
    let mut acts = Vec::new();
    for _ in 0..rng.u32(1..8) {
        let pause = lives::spread(rng, SECOND / 10, 10 * MINUTE);
        acts.push((pause, draw_act(rng, stoppable)));
    }
    let before = rng.u64(..=owner_at);
    StrangerPlan {
        start_at: if rng.bool() { before } else { owner_at + rng.u64(..20 * MINUTE) },
        lease_seconds: rng.u32(60..1_200),
        acts,
        stays: lives::spread(rng, SECOND, 30 * MINUTE),
    }
}

fn draw_act(rng: &mut Rng, stoppable: bool) -> Act {
    let stop = [Stop::No, Stop::Unwanted, Stop::Forced][rng.usize(..3)];
    let wishes = stoppable && rng.u32(..4) > 0;
    match rng.u32(..8) {
        0 => Act::Read,
        1 => Act::Refresh,
        2 | 3 => Act::Cancel(stop),
        _ => Act::Register {
            on_abandon: if wishes { OnAbandon::Stop } else { OnAbandon::Keep },
            at_home: rng.u32(..3) > 0,
        },
    }
}

fn arn(kind: Kind, job: usize) -> JobArn {
    let resource = kind.spec().resource;
    let id = match kind {
        Kind::PipelineExecution => format!("p/execution/e{job}"),
        Kind::PipelineStep => format!("p/execution/e{job}/step/train"),
        Kind::Job => format!("AgentRFT/job-{job}"),
        Kind::ModelCardExport => format!("card/export-job/job-{job}"),
        _ => format!("job-{job}"),
    };
    JobArn::parse(&format!("{ACCOUNT}{resource}/{id}")).unwrap()
}
