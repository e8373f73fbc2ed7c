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

/// Why a component failed.
#[derive(Debug, thiserror::Error)]
pub enum ComponentError {
    /// An input is wrong.
    #[error("input `{input}`: {problem}")]
    Input {
        /// Its name.
        input: String,
        /// What is wrong, and what is expected.
        problem: String,
    },
    /// SageMaker refused a call.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The job succeeded, but its description lacks the value of an output.
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

    /// An error about an output.
    pub fn output(output: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Output { output: output.into(), problem: problem.into() }
    }
}

/// Values of outputs, by name. A string is written as it is, everything else as JSON.
pub type Outputs = BTreeMap<String, Value>;

/// Something that was created, or has settled.
#[derive(Debug, Clone, Copy)]
pub struct Finished<'a> {
    /// The inputs of the step.
    pub inputs: &'a Inputs,
    /// The plan.
    pub plan: &'a Plan,
    /// Its ARN, if SageMaker returned one.
    pub arn: Option<&'a str>,
    /// The answer to the plan's `describe`, or, without one, to its call.
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

    /// The plan: the calls to make. It may read from SageMaker (is there such an endpoint?), but it
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

    /// Whether a settled job still has work that its step waits for (the debugger rules of a
    /// training job).
    fn is_still_busy(&self, _answer: &Value) -> bool {
        false
    }

    /// Why a job that succeeded still counts as failed (for example, a debugger rule ended in an
    /// error).
    fn failure(&self, _answer: &Value) -> Option<String> {
        None
    }

    /// The outputs that are known even if it failed: those that depend only on the inputs and the
    /// plan, and those that every description contains.
    fn known(&self, _finished: Finished<'_>) -> Outputs {
        Outputs::new()
    }

    /// The outputs of [`results`](Self::results) that a failed job still has. For example, a
    /// training job that was stopped keeps its model.
    async fn left(&self, _finished: Finished<'_>, _api: &Api) -> Outputs {
        Outputs::new()
    }

    /// The outputs that only success brings, in addition to the known ones. It may read more from
    /// SageMaker (the best training job of a tuning job).
    ///
    /// # Errors
    /// [`ComponentError`] says which output is missing.
    async fn results(
        &self,
        _finished: Finished<'_>,
        _api: &Api,
    ) -> Result<Outputs, ComponentError> {
        Ok(Outputs::new())
    }
}
