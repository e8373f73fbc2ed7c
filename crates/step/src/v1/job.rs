//! Components that create one thing with one name: all except `deploy`.

use std::future::{Future, ready};
use std::pin::Pin;

use async_trait::async_trait;
use sagebell_sagemaker::Api;
use serde_json::{Value, json};

use super::{parts, training};
use crate::component::{Component, ComponentError, Finished, Outputs};
use crate::definition::Definition;
use crate::inputs::Inputs;
use crate::names::FreshName;
use crate::plan::{Call, Create, Plan, Watch};

/// Outputs that may need more calls.
pub(super) type Results<'a> =
    Pin<Box<dyn Future<Output = Result<Outputs, ComponentError>> + Send + 'a>>;

/// What such a component creates, and its outputs.
pub(super) struct Job {
    /// The operation that creates it and accepts tags.
    pub(super) create: &'static str,
    /// The operation that reads it.
    pub(super) describe: &'static str,
    /// The member of both that names it.
    pub(super) name_field: &'static str,
    /// How the step knows that it is done.
    pub(super) watch: Watch,
    /// The input that names it.
    pub(super) name_input: &'static str,
    /// How its name begins if none is given; without a beginning one must be given.
    pub(super) prefix: Option<&'static str>,
    /// The request for one of this name.
    pub(super) request: fn(&Inputs, &str) -> Result<Value, ComponentError>,
    /// See [`Component::known`].
    pub(super) known: fn(Finished<'_>) -> Outputs,
    /// See [`Component::results`].
    pub(super) results: for<'a> fn(Finished<'a>, &'a Api) -> Results<'a>,
}

/// [`Job::known`] where nothing is known before it has succeeded.
pub(super) fn nothing_known(_finished: Finished<'_>) -> Outputs {
    Outputs::new()
}

/// [`Job::results`] where everything is known before.
pub(super) fn no_more<'a>(_finished: Finished<'a>, _api: &'a Api) -> Results<'a> {
    Box::pin(ready(Ok(Outputs::new())))
}

/// The component that creates it.
pub(super) struct Maker {
    pub(super) definition: &'static Definition,
    pub(super) job: Job,
}

impl Maker {
    fn name(&self, inputs: &Inputs, fresh: &FreshName) -> String {
        let input = self.job.name_input;
        match (&self.job.watch, self.job.prefix) {
            (Watch::Job(kind), prefix) => {
                fresh.of_job(*kind, inputs.given(input), prefix.unwrap_or_default())
            }
            (_, Some(prefix)) => parts::name(inputs, input, fresh, prefix),
            (_, None) => inputs.text(input).to_owned(),
        }
    }
}

#[async_trait]
impl Component for Maker {
    fn definition(&self) -> &Definition {
        self.definition
    }

    async fn plan(
        &self,
        inputs: &Inputs,
        fresh: &FreshName,
        _api: &Api,
    ) -> Result<Plan, ComponentError> {
        let Job { create, describe, name_field, .. } = self.job;
        let name = self.name(inputs, fresh);
        let call = Call::new(create, (self.job.request)(inputs, &name)?);
        let describe = Some(Call::new(describe, json!({ name_field: name })));
        let main = Create { call, describe, name, taggable: true };
        Ok(Plan::of(main, self.job.watch.clone()))
    }

    fn is_still_busy(&self, answer: &Value) -> bool {
        training::rules_are_busy(answer)
    }

    fn failure(&self, answer: &Value) -> Option<String> {
        training::failed_rules(answer)
    }

    fn known(&self, finished: Finished<'_>) -> Outputs {
        (self.job.known)(finished)
    }

    /// Of a training job that failed SageMaker tells where a model would have been.
    async fn left(&self, finished: Finished<'_>, api: &Api) -> Outputs {
        let status = finished.answer.get("TrainingJobStatus").and_then(Value::as_str);
        match status {
            Some("Failed") => Outputs::new(),
            _ => (self.job.results)(finished, api).await.unwrap_or_default(),
        }
    }

    async fn results(&self, finished: Finished<'_>, api: &Api) -> Result<Outputs, ComponentError> {
        (self.job.results)(finished, api).await
    }
}
