//! The operations, each from a request to an answer.

mod change;
mod create;
mod list;
mod references;
mod tags;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::error::AwsError;
use crate::family::{self, Family, Verb};
use crate::model::{self, Operation};
use crate::naming::{self, text};
use crate::resource::Resource;
use crate::state::SageMakerState;
use crate::view::view;

/// One call of an operation.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// The operation, e.g. `CreateTrainingJob`.
    pub(crate) operation: String,
    /// The region it is called in.
    pub(crate) region: String,
    /// The request.
    pub(crate) input: Map<String, Value>,
}

/// A call whose operation and resource family are known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    call: &'a Call,
    model: &'static Operation,
    family: &'static Family,
    at: Timestamp,
}

/// Answers one call, made at `at`.
///
/// # Errors
/// The error that SageMaker would answer.
pub(crate) fn handle(
    state: &mut SageMakerState,
    call: &Call,
    at: Timestamp,
) -> Result<Value, AwsError> {
    state.advance(at);
    let name = call.operation.as_str();
    let unknown = || AwsError::new("UnknownOperationException", format!("The fake has no {name}"));
    let model = model::operation(name).ok_or_else(unknown)?;
    let is_missing = |member: &&str| call.input.get(*member).is_none_or(Value::is_null);
    let missing: Vec<&str> = model.required.iter().map(String::as_str).filter(is_missing).collect();
    if !missing.is_empty() {
        return Err(AwsError::missing(&missing));
    }
    if let Some(answer) = tags::handle(state, call) {
        return answer;
    }
    let (verb, family) = family::operation(name).ok_or_else(unknown)?;
    let request = Request { call, model, family, at };
    match verb {
        Verb::Create => create::create(state, &request),
        Verb::Describe => Ok(model.answer(&view(request.find(state)?))),
        Verb::List => list::list(state, &request),
        Verb::Stop => change::stop(state, &request),
        Verb::Delete => change::delete(state, &request),
        Verb::Update => change::update(state, &request),
        Verb::Restart => change::restart(state, &request),
    }
}

impl Request<'_> {
    fn text(&self, member: &str) -> &str {
        text(&self.call.input, member)
    }

    fn find<'w>(&self, state: &'w SageMakerState) -> Result<&'w Resource, AwsError> {
        let found = naming::find(state, self.family, &self.call.region, &self.call.input);
        found.ok_or_else(|| {
            let name = self.text(self.family.key);
            unknown(state, self.family, &self.call.region, name, self.model.not_found())
        })
    }

    /// The answer to a call that made or changed a resource.
    fn answer(&self, resource: &Resource) -> Value {
        let mut all = view(resource);
        for member in &self.model.output.members {
            if member.ends_with("Arn") && !all.contains_key(member) {
                all.insert(member.clone(), json!(resource.arn));
            }
        }
        all.insert("Success".to_owned(), json!(true));
        self.model.answer(&all)
    }
}

/// The error for a name that nothing has. `declared` is the operation's own
/// error for it.
///
/// Three kinds answer `ValidationException` whatever they declare: so does the
/// service, and so does moto.
fn unknown(
    state: &SageMakerState,
    family: &Family,
    region: &str,
    name: &str,
    declared: Option<&str>,
) -> AwsError {
    let arn = if name.starts_with("arn:") {
        name.to_owned()
    } else {
        naming::arn(family, region, &state.settings.account, name)
    };
    match family.word {
        "training" => AwsError::validation("Requested resource not found."),
        "processing" | "transform" => {
            AwsError::validation(format!("Could not find requested job with name: {name}"))
        }
        "endpoint_config" => {
            AwsError::validation(format!("Could not find endpoint configuration \"{arn}\"."))
        }
        _ => {
            let message = format!("Could not find {} \"{arn}\".", family.noun_for_people());
            AwsError::new(declared.unwrap_or("ValidationException"), message)
        }
    }
}
