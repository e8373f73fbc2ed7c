//! The interface of a component: its definition, its plan, its outputs.

use std::collections::BTreeMap;

use async_trait::async_trait;
use sagebell_sagemaker::{Api, CallError};
use serde_json::Value;

use crate::definition::Definition;
use crate::inputs::Inputs;
use crate::names::FreshName;
use crate::plan::Plan;
use crate::subject;

/// Why a component can't work with what it was given.
#[derive(Debug, thiserror::Error)]
pub enum ComponentError {
    /// An input is wrong.
    #[error("input `{input}`: {problem}")]
    Input {
        /// Its name.
        input: String,
        /// What is wrong, and what it takes.
        problem: String,
    },
    /// SageMaker said no.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The job succeeded, and its description lacks what an output is made of.
    #[error("output `{output}`: {problem}")]
    Output {
        /// Its name.
        output: String,
        /// What is missing.
        problem: String,
    },
}

impl ComponentError {
    /// An input is wrong.
    pub fn input(input: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Input { input: input.into(), problem: problem.into() }
    }

    /// An output can't be had.
    pub fn output(output: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Output { output: output.into(), problem: problem.into() }
    }
}

/// Values of outputs, by name. A text is written as it is, the rest as JSON.
pub type Outputs = BTreeMap<String, Value>;

/// Something that was made, or has settled.
#[derive(Debug, Clone, Copy)]
pub struct Finished<'a> {
    /// The inputs it was made of.
    pub inputs: &'a Inputs,
    /// What was asked for.
    pub plan: &'a Plan,
    /// Its ARN, where SageMaker told one.
    pub arn: Option<&'a str>,
    /// The answer to the plan's `describe`; without one, to its call.
    pub answer: &'a Value,
}

impl Finished<'_> {
    /// Its name, in SageMaker's own spelling.
    #[must_use]
    pub fn name(&self) -> &str {
        subject::name(self.plan, self.arn, self.answer)
    }
}

/// One component.
#[async_trait]
pub trait Component: Send + Sync {
    /// Its inputs and outputs.
    fn definition(&self) -> &Definition;

    /// What to ask of SageMaker. May read from it (is there such an endpoint?),
    /// changes nothing.
    ///
    /// # Errors
    /// [`ComponentError`] names the input that is wrong.
    async fn plan(
        &self,
        inputs: &Inputs,
        fresh: &FreshName,
        api: &Api,
    ) -> Result<Plan, ComponentError>;

    /// Whether a job whose status has settled still has work going on that its
    /// step waits for (a training job's debugger rules).
    fn is_still_busy(&self, _answer: &Value) -> bool {
        false
    }

    /// Why a job that succeeded counts as failed all the same (a debugger rule
    /// that ended in an error).
    fn failure(&self, _answer: &Value) -> Option<String> {
        None
    }

    /// The outputs that are known even if it failed: what depends on the inputs and
    /// the plan alone, and what can be read from any description.
    fn known(&self, _finished: Finished<'_>) -> Outputs {
        Outputs::new()
    }

    /// The outputs of [`results`](Self::results) that a job left which ended badly: a
    /// training job that was stopped keeps its model. Those that can be had.
    async fn left(&self, _finished: Finished<'_>, _api: &Api) -> Outputs {
        Outputs::new()
    }

    /// The outputs that only success brings, beside those that are known. May read
    /// more from SageMaker (a tuning job's best training job).
    ///
    /// # Errors
    /// [`ComponentError`] says which output can't be had.
    async fn results(
        &self,
        _finished: Finished<'_>,
        _api: &Api,
    ) -> Result<Outputs, ComponentError> {
        Ok(Outputs::new())
    }
}
