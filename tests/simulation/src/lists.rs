//! SageMaker's lists: they trail what they list, are throttled, and come in pages while things
//! change.

use jiff::Timestamp;
use sagebell_monitor::event;
use sagebell_monitor::job_list::JobList;
use sagebell_monitor::kind::Kind;
use sagebell_monitor::policy::Policy;
use sagebell_monitor::ports::{Listed, SageMakerError};
use serde_json::Value;

use crate::executor::Millis;
use crate::faults::Fault;
use crate::forms;
use crate::lock;
use crate::mutation::Mutation;
use crate::sagemaker::{SimSageMaker, reach};
use crate::truth::Resource;
use crate::world::{Dice, World, instant};

/// A change is listed after so long at the latest: less than what is read twice.
const TRAILS: Millis = 180_000;

/// One page of what changed.
pub async fn changed(
    sagemaker: &SimSageMaker,
    list: &JobList,
    after: Timestamp,
    token: Option<&str>,
) -> Result<Listed, SageMakerError> {
    let world = &sagemaker.world;
    let answer = page(world, list, after, token).await;
    world.note(|| {
        let seen = answer.as_ref().map(|page| page.observations.len());
        format!("{:?} lists {list} after {after}: {seen:?}", sagemaker.caller)
    });
    answer
}

async fn page(
    world: &World,
    list: &JobList,
    after: Timestamp,
    token: Option<&str>,
) -> Result<Listed, SageMakerError> {
    reach(world).await?;
    let now = world.time.now();
    let after = match world.breaks(Mutation::NoOverlap) {
        true => after + Policy::LIST_OVERLAP,
        false => after,
    };
    let trails = world.strikes(Fault::ListTrails);
    let trails = if trails { world.roll(Dice::SageMaker, |rng| rng.u64(..TRAILS)) } else { 0 };
    let is_shown = |job: &Resource| {
        instant(job.modified) > after
            && job.modified + trails <= now
            && job.created + world.plan.reads_trail <= now
    };
    let on_list = |job: &usize| JobList::of(&world.plan.jobs[*job].arn).as_ref() == Some(list);
    let mut shown: Vec<(usize, Resource)> = {
        let truth = lock(&world.truth);
        let jobs = (0..world.plan.jobs.len()).filter(on_list);
        jobs.filter_map(|job| Some((job, truth.get(job)?.clone())))
            .filter(|(_, job)| is_shown(job))
            .collect()
    };
    // The youngest first, as SageMaker sorts unless it is told otherwise.
    shown.sort_by_key(|(job, resource)| std::cmp::Reverse((resource.created, *job)));
    let start: usize = token.map_or(0, |token| token.parse().unwrap());
    let end = start.saturating_add(world.plan.page.min(100));
    let is_last = end >= shown.len() || world.breaks(Mutation::FirstPageOnly);
    let page: Vec<_> = shown.into_iter().skip(start).take(end - start).collect();
    let observations = page.iter().map(|(job, resource)| {
        lock(&world.judge).jobs[*job].observations += 1;
        let summary = summary(world, list.kind, *job, resource);
        event::from_summary(list, &summary, instant(now)).unwrap()
    });
    let observations = match world.breaks(Mutation::NoLists) {
        true => Vec::new(),
        false => observations.collect(),
    };
    let at = Timestamp::from_second(instant(now).as_second()).unwrap();
    Ok(Listed { observations, next: (!is_last).then(|| end.to_string()), at })
}

/// What a list says of a job: less than a Describe.
fn summary(world: &World, kind: Kind, job: usize, resource: &Resource) -> Value {
    let mut summary = forms::answer(kind, resource);
    crate::spoil::spoil(world, kind, &mut summary);
    let fields = &kind.spec().fields;
    if !kind.changes().is_some_and(|changes| changes.tell_reasons) {
        fields.reason.iter().for_each(|pointer| forms::take_out(&mut summary, pointer));
    }
    let arn = world.plan.jobs[job].arn.as_str().to_ascii_lowercase();
    forms::put_in(&mut summary, fields.arn, arn.into());
    summary
}
