//! Create and Start operations.

use sagebell_monitor::kind::Kind;
use serde_json::{Map, Value, json};

use super::{Request, references, tags};
use crate::error::AwsError;
use crate::family;
use crate::naming::{self, Identity};
use crate::resource::{Birth, Resource, Tags};
use crate::state::SageMakerState;

/// Longest name of most, in bytes; those of jobs are shorter (the service model).
const MAX_NAME: usize = 256;
/// The most steps of one pipeline execution.
const MAX_STEPS: usize = 50;

pub(super) fn create(state: &mut SageMakerState, request: &Request<'_>) -> Result<Value, AwsError> {
    let (call, family) = (request.call, request.family);
    if let Some(made) = created_before(state, request) {
        return Ok(request.answer(made));
    }
    let tags = tags::parse(call.input.get("Tags"))?;
    let named = references::find(state, call)?;
    let mut fixed = references::members(&named);
    let steps = named.iter().flat_map(|of| steps(of)).take(MAX_STEPS).collect::<Vec<_>>();
    let number = state.next_number();
    let identity = naming::identify(state, family, &call.region, &call.input, (number, request.at));
    check_name(request, &identity)?;
    let arn = naming::arn(family, &call.region, &state.settings.account, &identity.id);
    refuse_duplicate(state, request, &identity.name)?;
    fixed.extend(identity.fixed);
    let birth = Birth {
        family,
        arn: arn.clone(),
        name: identity.name,
        region: call.region.clone(),
        request: call.input.clone(),
        fixed,
        tags,
        number,
        at: request.at,
    };
    state.insert(birth)?;
    if family.kind == Some(Kind::PipelineExecution) {
        start_steps(state, request, &arn, &steps)?;
    }
    Ok(state.by_arn(&arn).map_or(Value::Null, |made| request.answer(made)))
}

/// What an earlier request with the same token made.
fn created_before<'w>(state: &'w SageMakerState, request: &Request<'_>) -> Option<&'w Resource> {
    let input = &request.call.input;
    let member =
        ["ClientRequestToken", "ClientToken"].into_iter().find(|m| input.contains_key(*m))?;
    let same = |of: &&Resource| of.request.get(member) == input.get(member);
    state.all_of(request.family, &request.call.region).into_iter().find(same)
}

fn check_name(request: &Request<'_>, identity: &Identity) -> Result<(), AwsError> {
    let name = identity.name.as_str();
    if name.is_empty() {
        return Err(AwsError::missing(&[request.family.key]));
    }
    let more = match request.family.kind {
        Some(Kind::Image | Kind::ImageVersion) => "-._/",
        Some(Kind::FeatureGroup) => "-_",
        Some(Kind::ModelPackage) => "-/",
        _ => "-",
    };
    let fits = |letter: char| letter.is_ascii_alphanumeric() || more.contains(letter);
    let longest = match request.family.kind {
        Some(Kind::Tuning | Kind::AutoMl) => 32,
        Some(Kind::Training | Kind::Processing | Kind::Transform | Kind::Labeling) => 63,
        _ => MAX_NAME,
    };
    if name.len() <= longest && name.chars().all(fits) {
        return Ok(());
    }
    let member = request.family.key;
    Err(AwsError::validation(format!(
        "1 validation error detected: Value '{name}' at '{member}' failed to satisfy constraint: \
         Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9])*"
    )))
}

/// What declares `ResourceInUse` answers it, the rest `ValidationException`.
fn refuse_duplicate(
    state: &SageMakerState,
    request: &Request<'_>,
    name: &str,
) -> Result<(), AwsError> {
    let Some(there) = state.by_name(request.family, &request.call.region, name) else {
        return Ok(());
    };
    let (noun, arn) = (request.family.noun_for_people(), &there.arn);
    Err(match request.model.in_use() {
        Some(code) => {
            let message = format!(
                "A {noun} name must be unique within an AWS account and region, and a {noun} with \
                 this name already exists ({arn})"
            );
            AwsError::new(code, message)
        }
        None => AwsError::validation(format!("Cannot create already existing {noun} \"{arn}\".")),
    })
}

/// Names and types of a pipeline's steps, from its definition.
fn steps(pipeline: &Resource) -> Vec<(String, String)> {
    let definition = pipeline.request.get("PipelineDefinition").and_then(Value::as_str);
    let parsed = definition.and_then(|text| serde_json::from_str::<Value>(text).ok());
    let steps = parsed.as_ref().and_then(|of| of.get("Steps")?.as_array());
    let word = |step: &Value, key: &str| Some(step.get(key)?.as_str()?.to_owned());
    let step = |step: &Value| Some((word(step, "Name")?, word(step, "Type").unwrap_or_default()));
    steps.into_iter().flatten().filter_map(step).collect()
}

fn start_steps(
    state: &mut SageMakerState,
    request: &Request<'_>,
    execution: &str,
    steps: &[(String, String)],
) -> Result<(), AwsError> {
    let Some(family) = family::of_kind(Kind::PipelineStep) else {
        return Ok(());
    };
    let pipeline = execution.split("/execution/").next().unwrap_or_default();
    for (name, of_type) in steps {
        let fixed = json!({
            "PipelineArn": pipeline, "StepType": of_type, "Metadata": {}, "AttemptCount": 1,
        });
        let birth = Birth {
            family,
            arn: format!("{execution}/step/{name}"),
            name: name.clone(),
            region: request.call.region.clone(),
            request: Map::new(),
            fixed: fixed.as_object().cloned().unwrap_or_default(),
            tags: Tags::new(),
            number: state.next_number(),
            at: request.at,
        };
        state.insert(birth)?;
    }
    Ok(())
}
