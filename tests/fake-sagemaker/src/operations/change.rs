//! Stop, Delete, Update, and what sets a resource going again.

use sagebell_monitor::kind::Kind;
use sagebell_monitor::phase::Phase;
use serde_json::{Value, json};

use super::{Request, references};
use crate::error::AwsError;
use crate::life::{self, Stage};
use crate::resource::Resource;
use crate::state::SageMakerState;

pub(super) fn stop(state: &mut SageMakerState, request: &Request<'_>) -> Result<Value, AwsError> {
    let resource = request.find(state)?;
    let (arn, phase) = (resource.arn.clone(), resource.phase());
    // A notebook in service is in its good end and can be stopped all the same.
    let is_up = request.family.kind.is_some_and(Kind::runs_on) && phase == Phase::Succeeded;
    if phase.is_settled() && !is_up {
        return Err(rejected(request, resource));
    }
    let scripted = state.life(request.family, &resource.name).and_then(|of| of.on_stop.clone());
    if phase != Phase::Stopping {
        let stages = scripted.unwrap_or_else(|| stopped(state, request));
        stop_steps(state, request, &arn);
        state.live(&arn, &stages, request.at);
    }
    Ok(answer(state, request, &arn))
}

fn rejected(request: &Request<'_>, resource: &Resource) -> AwsError {
    let noun = request.family.noun_for_people();
    let status = resource.status().unwrap_or_default();
    AwsError::validation(format!(
        "The request was rejected because the {noun} is in status {status}."
    ))
}

fn stopped(state: &SageMakerState, request: &Request<'_>) -> Vec<Stage> {
    let mut stages = life::stopped(request.family, state.settings.step);
    // An experiment's caller says how it is to end.
    if let (desired, Some(last)) = (request.text("DesiredState"), stages.last_mut())
        && !desired.is_empty()
    {
        desired.clone_into(&mut last.status);
    }
    stages
}

/// The steps of an execution stop with it.
fn stop_steps(state: &mut SageMakerState, request: &Request<'_>, execution: &str) {
    let Some(family) = crate::family::of_kind(Kind::PipelineStep) else {
        return;
    };
    let stages = life::stopped(family, state.settings.step);
    let prefix = format!("{execution}/step/");
    let steps = state.all_of(family, &request.call.region);
    let running =
        steps.into_iter().filter(|of| of.arn.starts_with(&prefix) && !of.phase().is_settled());
    for arn in running.map(|of| of.arn.clone()).collect::<Vec<_>>() {
        state.live(&arn, &stages, request.at);
    }
}

pub(super) fn delete(state: &mut SageMakerState, request: &Request<'_>) -> Result<Value, AwsError> {
    let resource = request.find(state)?;
    if request.family.is_one_shot() && !resource.phase().is_settled() {
        let code = request.model.in_use().unwrap_or("ValidationException");
        return Err(AwsError { code: code.to_owned(), ..rejected(request, resource) });
    }
    let (arn, answered) = (resource.arn.clone(), request.answer(resource));
    let stages = life::deleted(request.family, state.settings.step);
    if stages.is_empty() {
        state.remove_telling(&arn, request.at);
    } else {
        state.live(&arn, &stages, request.at);
    }
    Ok(answered)
}

pub(super) fn update(state: &mut SageMakerState, request: &Request<'_>) -> Result<Value, AwsError> {
    let resource = request.find(state)?;
    let (arn, name) = (resource.arn.clone(), resource.name.clone());
    if !resource.phase().is_settled() {
        let noun = request.family.noun_for_people();
        return Err(AwsError::validation(format!("Cannot update in-progress {noun} \"{arn}\".")));
    }
    let fixed = references::members(&references::find(state, request.call)?);
    let shape = request.family.shape();
    if let Some(resource) = state.by_arn_mut(&arn) {
        // Only what a Describe shows: what else a request may bring is not kept.
        let shown = |member: &String| shape.is_some_and(|shape| shape.members.contains(member));
        let input = request.call.input.iter().filter(|(member, _)| shown(member));
        resource.update(input.map(|(member, value)| (member.clone(), value.clone())));
        resource.fixed.extend(fixed);
        resource.modified = resource.modified.max(request.at);
    }
    if !request.family.fields.status.is_empty() {
        live_again(state, request, &arn, &name);
    }
    Ok(answer(state, request, &arn))
}

pub(super) fn restart(
    state: &mut SageMakerState,
    request: &Request<'_>,
) -> Result<Value, AwsError> {
    let resource = request.find(state)?;
    let (arn, name) = (resource.arn.clone(), resource.name.clone());
    if !matches!(resource.phase(), Phase::Stopped | Phase::Failed | Phase::TimedOut) {
        return Err(rejected(request, resource));
    }
    live_again(state, request, &arn, &name);
    Ok(answer(state, request, &arn))
}

fn live_again(state: &mut SageMakerState, request: &Request<'_>, arn: &str, name: &str) {
    let scripted = state.life(request.family, name).and_then(|life| life.on_update.clone());
    let own = || life::updated(request.family, state.settings.step);
    let stages = scripted.unwrap_or_else(own);
    state.live(arn, &stages, request.at);
}

fn answer(state: &SageMakerState, request: &Request<'_>, arn: &str) -> Value {
    state.by_arn(arn).map_or_else(|| json!({}), |resource| request.answer(resource))
}
