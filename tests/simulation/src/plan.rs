//! What a history is about: which jobs there are, who waits for them, and what
//! becomes of those who wait. Drawn from the seed before anything happens.

mod draw;

use sagebell_monitor::arn::JobArn;
use sagebell_monitor::kind::Kind;
use sagebell_monitor::wait::{OnAbandon, SignalOn, WaitId};
use sagebell_monitor::wait_registry::Stop;

use crate::executor::Millis;
use crate::lives::Stage;
use crate::stranger::StrangerPlan;
use crate::teams::Team;

/// Everything that is to happen, faults aside.
#[derive(Debug)]
pub struct Plan {
    /// The jobs.
    pub jobs: Vec<JobPlan>,
    /// Who creates, updates and waits for them.
    pub tasks: Vec<TaskPlan>,
    /// Events give times in whole seconds.
    pub whole_seconds: bool,
    /// How long SageMaker's reads trail its creates.
    pub reads_trail: Millis,
    /// How far ahead the clocks of `api`, `job-events`, `signals` and `sweep` are.
    pub clocks_ahead: [i64; 4],
    /// The most items that the store gives at a time.
    pub page: usize,
    /// The longest that a connection lasts.
    pub connection_life: Millis,
}

/// One name under which jobs live.
#[derive(Debug)]
pub struct JobPlan {
    /// The name.
    pub arn: JobArn,
    /// The life of the job that a task creates.
    pub life: Vec<Stage>,
    /// The job that had the name before.
    pub older: Option<Older>,
    /// When somebody deletes the job, counted from its creation.
    pub deleted_after: Option<Millis>,
    /// The tag by which whoever creates the job says whose it is.
    pub tag: Tag,
}

/// What becomes of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// It is there, and says who created the job.
    Right,
    /// Nobody put it there.
    Absent,
    /// It is there, and the monitor may not read it.
    Unreadable,
}

impl JobPlan {
    /// Whether jobs of its kind have tags: executions of pipelines, their steps and human
    /// loops have none (SageMaker API reference, `AddTags`).
    #[must_use]
    pub fn takes_tags(&self) -> bool {
        !matches!(self.arn.kind(), Kind::PipelineExecution | Kind::PipelineStep | Kind::HumanLoop)
    }

    /// Whether a tag names who creates the job.
    #[must_use]
    pub fn is_tagged(&self) -> bool {
        self.tag != Tag::Absent && self.takes_tags()
    }
}

/// A job that had the name before, and is deleted.
#[derive(Debug, PartialEq)]
pub struct Older {
    /// Its life.
    pub life: Vec<Stage>,
    /// When it is deleted.
    pub deleted_at: Millis,
}

/// What a task does with its job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Creates it and waits.
    Creator,
    /// Waits for what another made.
    Watcher,
    /// Updates it once it is there, or sets it going again, and waits.
    Updater,
}

/// How a task is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// Through a connection that it holds.
    Connection,
    /// By callbacks.
    Callback,
    /// By the answers to its renewals.
    Renewals,
}

/// What becomes of a pod.
#[derive(Debug, Clone, Copy)]
pub enum Fate {
    /// It stays until it has heard.
    Lives,
    /// It is gone after a while, and another takes its place.
    Preempted {
        /// How long it lives.
        after: Millis,
        /// How long until the next one begins.
        back_after: Millis,
        /// How much longer it lives on, cut off from the cluster's control.
        lingers: Millis,
    },
    /// It is gone after a while, for good.
    Terminated {
        /// How long it lives.
        after: Millis,
    },
    /// It loses interest and takes its wait back.
    TakesBack {
        /// How long it lives.
        after: Millis,
        /// Whether the job is to be stopped.
        stop: Stop,
    },
}

/// One waiter and its pods.
#[derive(Debug)]
pub struct TaskPlan {
    /// Which job.
    pub job: usize,
    /// Whose it is.
    pub team: Team,
    /// What it does with it.
    pub role: Role,
    /// When its first pod begins.
    pub start_at: Millis,
    /// Its wait.
    pub wait_id: WaitId,
    /// How it is told.
    pub told: Told,
    /// What it wants to hear.
    pub signal_on: SignalOn,
    /// Its lease.
    pub lease_seconds: u32,
    /// What is to become of the job without it.
    pub on_abandon: OnAbandon,
    /// Says `not_before` by the pod's own clock, not by AWS's.
    pub own_clock: bool,
    /// How far ahead that clock is, in milliseconds.
    pub clock_ahead: i64,
    /// Takes its wait back once it has heard.
    pub tidies_up: bool,
    /// Its pods, one after the other.
    pub fates: Vec<Fate>,
    /// What an updater makes the job do.
    pub update: Vec<Stage>,
    /// When it gives up.
    pub deadline: Option<Millis>,
    /// Who reaches for the job under the name of its wait.
    pub stranger: Option<StrangerPlan>,
}

impl TaskPlan {
    /// Its last pod is gone for good without a word.
    #[must_use]
    pub fn is_terminated(&self) -> bool {
        matches!(self.fates.last(), Some(Fate::Terminated { .. }))
    }
}

impl Plan {
    /// Drops the jobs that nobody creates or waits for.
    pub fn drop_idle_jobs(&mut self) {
        for job in (0..self.jobs.len()).rev() {
            if self.tasks.iter().all(|task| task.job != job) {
                self.jobs.remove(job);
                let later = self.tasks.iter_mut().filter(|task| task.job > job);
                later.for_each(|task| task.job -= 1);
            }
        }
    }
}
