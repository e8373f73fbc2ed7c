//! SageMaker's jobs as they really are, and the events that tell of them.

use std::sync::Arc;

use sagebell_monitor::phase::Phase;

use crate::executor::Millis;
use crate::forms;
use crate::lives::Stage;
use crate::lock;
use crate::messages::Message;
use crate::plan::Plan;
use crate::world::{Dice, World};

/// A job as it is.
#[derive(Debug, Clone)]
pub struct Resource {
    /// The how-many-th of its name.
    pub generation: u32,
    /// Which task made it; `None`: somebody before.
    pub owner: Option<usize>,
    /// Which task updated it last.
    pub updated_by: Option<usize>,
    /// When it was created.
    pub created: Millis,
    /// When it was last set going.
    pub started: Millis,
    /// When it last changed.
    pub modified: Millis,
    /// When it settled.
    pub ended: Option<Millis>,
    /// Its status.
    pub status: &'static str,
    /// Its finer status.
    pub secondary: Option<&'static str>,
    /// What that means.
    pub phase: Phase,
    /// Which script it follows; the others are void.
    script: u64,
}

/// A state that a job was in.
#[derive(Debug, Clone, Copy)]
pub struct State {
    /// Which job.
    pub job: usize,
    /// Which of its name.
    pub generation: u32,
    /// Since when.
    pub at: Millis,
    /// What it means.
    pub phase: Phase,
    /// It is gone.
    pub deleted: bool,
}

/// See the module.
pub struct Truth {
    jobs: Vec<Option<Resource>>,
    generations: Vec<u32>,
    scripts: u64,
    /// Every state of every job, in order.
    pub history: Vec<State>,
    /// When a job last changed.
    pub changed_at: Millis,
}

impl Truth {
    /// Nothing is there yet.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let count = plan.jobs.len();
        Self {
            jobs: vec![None; count],
            generations: vec![0; count],
            scripts: 0,
            history: Vec::new(),
            changed_at: 0,
        }
    }

    /// The job that has the name now.
    #[must_use]
    pub fn get(&self, job: usize) -> Option<&Resource> {
        self.jobs[job].as_ref()
    }

    fn next_script(&mut self) -> u64 {
        self.scripts += 1;
        self.scripts
    }

    /// Puts the job into a state.
    fn turn(&mut self, world: &World, job: usize, stage: &Stage) {
        let now = world.time.now();
        let kind = world.plan.jobs[job].arn.kind();
        let resource = self.jobs[job].as_mut().unwrap();
        let phase = kind.phase(stage.status, stage.secondary);
        if resource.ended.is_some() {
            resource.started = now;
        }
        resource.ended = phase.is_settled().then_some(now);
        (resource.modified, resource.phase) = (now, phase);
        (resource.status, resource.secondary) = (stage.status, stage.secondary);
        let (generation, status) = (resource.generation, resource.status);
        self.changed_at = now;
        self.history.push(State { job, generation, at: now, phase, deleted: false });
        world.note(|| format!("job {job}.{generation} is {status}"));
        if let Some(event) = forms::event(world, job, resource) {
            let _ = world.queues.unbounded_send(Message::Event(event));
        }
    }
}

/// Makes a job; `None` if its name is taken.
pub fn create(
    world: &Arc<World>,
    job: usize,
    owner: Option<usize>,
    life: &[Stage],
) -> Option<Resource> {
    let now = world.time.now();
    let mut truth = lock(&world.truth);
    if truth.jobs[job].is_some() {
        return None;
    }
    truth.generations[job] += 1;
    let resource = Resource {
        generation: truth.generations[job],
        owner,
        updated_by: None,
        created: now,
        started: now,
        modified: now,
        ended: None,
        status: "",
        secondary: None,
        phase: Phase::Unknown,
        script: 0,
    };
    truth.jobs[job] = Some(resource);
    follow(world, &mut truth, job, life);
    truth.jobs[job].clone()
}

/// Updates a settled job, or sets it going again.
pub fn update(world: &Arc<World>, job: usize, by: usize, life: &[Stage]) -> bool {
    let mut truth = lock(&world.truth);
    let free = truth.jobs[job].as_mut().filter(|resource| resource.ended.is_some());
    let Some(resource) = free else { return false };
    resource.updated_by = Some(by);
    follow(world, &mut truth, job, life);
    true
}

/// Stops a job; one that is settled or stopping stays as it is.
pub fn stop(world: &Arc<World>, job: usize) {
    let mut truth = lock(&world.truth);
    let running = truth.jobs[job].as_ref();
    if running.is_none_or(|job| job.ended.is_some() || job.phase == Phase::Stopping) {
        return;
    }
    let kind = world.plan.jobs[job].arn.kind();
    let word = |phase| kind.spec().statuses.iter().find(|(_, known)| *known == phase);
    let after = world.roll(Dice::Events, |rng| rng.u64(1_000..60_000));
    let mut life = Vec::new();
    for (after, phase) in [(0, Phase::Stopping), (after, Phase::Stopped)] {
        // A monitoring schedule is stopped without being stopping.
        if let Some((status, _)) = word(phase) {
            life.push(Stage { after, status, secondary: None });
        }
    }
    follow(world, &mut truth, job, &life);
}

/// Deletes a job; nothing tells of it.
pub fn delete(world: &World, job: usize, generation: u32) {
    let mut truth = lock(&world.truth);
    let now = world.time.now();
    if truth.jobs[job].as_ref().is_some_and(|resource| resource.generation == generation) {
        truth.jobs[job] = None;
        truth.changed_at = now;
        let phase = Phase::Stopped;
        truth.history.push(State { job, generation, at: now, phase, deleted: true });
        world.note(|| format!("job {job}.{generation} is deleted"));
    }
}

/// Turns to the first stage now if it is due, and to the others in time.
fn follow(world: &Arc<World>, truth: &mut Truth, job: usize, life: &[Stage]) {
    let script = truth.next_script();
    truth.jobs[job].as_mut().unwrap().script = script;
    let mut life = life.to_vec();
    if life.first().is_some_and(|stage| stage.after == 0) {
        truth.turn(world, job, &life.remove(0));
    }
    let shared = Arc::clone(world);
    world.time.spawn(async move {
        for stage in life {
            shared.time.sleep(stage.after).await;
            let mut truth = lock(&shared.truth);
            if truth.jobs[job].as_ref().is_none_or(|job| job.script != script) {
                return;
            }
            truth.turn(&shared, job, &stage);
        }
    });
}
