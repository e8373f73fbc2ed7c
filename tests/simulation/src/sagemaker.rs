//! SageMaker's API as the monitor and the waiters meet it.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::event;
use sagebell_monitor::job_list::JobList;
use sagebell_monitor::observation::Observation;
use sagebell_monitor::phase::Phase;
use sagebell_monitor::ports::{Listed, SageMaker, SageMakerError};
use sagebell_monitor::principal::Principal;

use crate::faults::Fault;
use crate::forms;
use crate::functions::Function;
use crate::lists;
use crate::lock;
use crate::mutation::Mutation;
use crate::owners;
use crate::plan::Tag;
use crate::teams::Team;
use crate::truth::{self, Resource};
use crate::world::{Dice, World, instant};

/// One function's connection to SageMaker.
pub struct SimSageMaker {
    /// The world.
    pub world: Arc<World>,
    /// Whose connection.
    pub caller: Function,
}

fn job_of(world: &World, arn: &JobArn) -> usize {
    world.plan.jobs.iter().position(|job| job.arn == *arn).unwrap()
}

/// Whether SageMaker answers at all.
pub async fn reach(world: &World) -> Result<(), SageMakerError> {
    world.hop(Dice::SageMaker).await;
    let down = world.faults.sagemaker_down.holds(world.time.now());
    if down || world.strikes(Fault::Throttled) {
        return Err(SageMakerError::Throttled("Rate exceeded".to_owned()));
    }
    Ok(())
}

/// The job as a Describe shows it, which for a moment after the create is not
/// at all.
pub async fn describe(world: &World, job: usize) -> Result<Resource, SageMakerError> {
    reach(world).await?;
    let now = world.time.now();
    let truth = lock(&world.truth);
    let seen = truth.get(job).filter(|job| job.created + world.plan.reads_trail <= now);
    seen.cloned().ok_or(SageMakerError::NotFound)
}

/// Whom the job's tag names. A task tags what it creates with its principal, as the step
/// does; to read a tag a Describe comes first, as in the real adapter.
async fn tag(world: &World, job: usize) -> Result<Option<Principal>, SageMakerError> {
    let plan = &world.plan.jobs[job];
    if !plan.takes_tags() {
        return Ok(None);
    }
    let described = describe(world, job).await?;
    if described.owner.is_none() || !plan.is_tagged() {
        return Ok(None);
    }
    if plan.tag == Tag::Unreadable {
        return Err(SageMakerError::Refused("AccessDeniedException".to_owned()));
    }
    Ok(Some(Team::Pipeline.principal()))
}

#[async_trait]
impl SageMaker for SimSageMaker {
    async fn describe(&self, arn: &JobArn) -> Result<Observation, SageMakerError> {
        let (world, job) = (&self.world, job_of(&self.world, arn));
        let described = describe(world, job).await;
        world.note(|| {
            let seen = described.as_ref().map(|job| job.status).map_err(ToString::to_string);
            format!("{:?} looks at job {job}: {seen:?}", self.caller)
        });
        // An observation, even if it is of nothing.
        if !matches!(described, Err(SageMakerError::Throttled(_))) {
            let watch = &mut lock(&world.judge).jobs[job];
            watch.observations += 1;
            watch.checks += u64::from(self.caller == Function::Sweep);
        }
        let mut answer = forms::answer(arn.kind(), &described?);
        crate::spoil::spoil(world, arn.kind(), &mut answer);
        let seen = event::from_describe(arn.clone(), &answer, instant(world.time.now()));
        Ok(seen.unwrap())
    }

    async fn changed(
        &self,
        list: &JobList,
        after: Timestamp,
        token: Option<&str>,
    ) -> Result<Listed, SageMakerError> {
        lists::changed(self, list, after, token).await
    }

    async fn owner(&self, arn: &JobArn) -> Result<Option<Principal>, SageMakerError> {
        let (world, job) = (&self.world, job_of(&self.world, arn));
        let read = tag(world, job).await;
        let asks = *lock(&world.asks);
        let read = match (world.mutation, asks) {
            (Some(Mutation::OwnerUnchecked), Some(ask)) => Ok(Some(ask.who.principal(world))),
            (Some(Mutation::TagIgnored), _) => Ok(None),
            (Some(Mutation::SilenceConsents), _) => Ok(read.unwrap_or_default()),
            _ => read,
        };
        world.note(|| format!("{:?} reads the tag of job {job}: {read:?}", self.caller));
        read
    }

    async fn stop(&self, arn: &JobArn) -> Result<(), SageMakerError> {
        let (world, job) = (&self.world, job_of(&self.world, arn));
        reach(world).await?;
        let runs = |job: &Resource| job.ended.is_none() && job.phase != Phase::Stopping;
        let runs = lock(&world.truth).get(job).map(runs).ok_or(SageMakerError::NotFound)?;
        if runs {
            owners::stop_called(world, job, self.caller);
        }
        world.note(|| format!("{:?} stops job {job}", self.caller));
        if !(world.breaks(Mutation::NoStop) && self.caller == Function::Sweep) {
            truth::stop(world, job);
        }
        // The stop may have happened although the caller does not hear so.
        reach(world).await
    }
}
