//! The order of work: plan, connect, create or adopt, wait, one Describe, outputs, logs.
//!
//! Promises: the step creates nothing before it has checked everything that it can check. A step
//! that starts again finds what it created. Outputs are written however the step ends, if there is
//! anything to report.

mod creating;
mod finishing;
mod signals;
#[cfg(test)]
mod tests;
mod waiting;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use aws_config::SdkConfig;
use sagebell_monitor::ports::Clock;
use sagebell_sagemaker::{Api, CallError};
use sagebell_system::say;
use tokio::sync::Notify;

use crate::adopt::CreateError;
use crate::advice;
use crate::component::{Component, ComponentError};
use crate::inputs::Inputs;
use crate::kfp::ExecutorInput;
use crate::model::{self, Violation};
use crate::monitor::{MonitorError, Ready};
use crate::monitor_address::NoAddress;
use crate::options::Options;
use crate::outputs::WriteError;
use crate::plan::{Call, Plan};
use crate::poll::PollError;

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// An input, an output, or a read from SageMaker.
    #[error(transparent)]
    Component(#[from] ComponentError),
    /// SageMaker would refuse the request.
    #[error("SageMaker would refuse {operation}, so the step did not send it:{}", listed(.problems))]
    Request {
        /// The operation.
        operation: String,
        /// What is wrong.
        problems: Vec<Violation>,
    },
    /// The job or resource was not created.
    #[error(transparent)]
    Create(#[from] CreateError),
    /// SageMaker refused a call.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The step does not know the monitor's URL.
    #[error(transparent)]
    NoMonitor(#[from] NoAddress),
    /// The step cannot wait through the monitor.
    #[error(transparent)]
    Monitor(#[from] MonitorError),
    /// Polling failed.
    #[error(transparent)]
    Poll(#[from] PollError),
    /// SageMaker's answer has no ARN to wait for.
    #[error("{operation}: the answer has no ARN to wait for")]
    NoArn {
        /// The operation.
        operation: String,
    },
    /// All generations of the job's name are used up.
    #[error(
        "{name}: 100 attempts of this task failed before this one. Start a new run of the pipeline"
    )]
    TooManyTries {
        /// The last name.
        name: String,
    },
    /// `--max-wait` has passed.
    #[error("the job did not settle within --max-wait; {0}")]
    GaveUp(&'static str),
    /// SIGTERM came.
    #[error("terminated; {0}")]
    Terminated(&'static str),
    /// SageMaker did not stop the job.
    #[error("the job could not be stopped: {0}")]
    NotStopped(String),
    /// The job failed.
    #[error("{0}")]
    Failed(String),
    /// An output could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

fn listed(problems: &[Violation]) -> String {
    problems.iter().map(|problem| format!("\n  {problem}")).collect()
}

impl StepError {
    /// Whether the step was terminated.
    #[must_use]
    pub fn is_termination(&self) -> bool {
        matches!(self, Self::Terminated(_))
    }

    /// What to do about it, unless the error already says it.
    #[must_use]
    pub fn advice(&self) -> Option<String> {
        match self {
            Self::Create(CreateError::Call(error))
            | Self::Call(error)
            | Self::Component(ComponentError::Call(error))
            | Self::Poll(PollError::Call(error) | PollError::AfterEnd(error)) => {
                advice::on_call(error)
            }
            Self::Failed(reason) => advice::on_reason(reason).map(str::to_owned),
            _ => None,
        }
    }

    /// Prints the error, and what to do about it.
    fn print(&self) {
        let advice = self.advice().map(|advice| format!("\n  {advice}")).unwrap_or_default();
        say::err(format_args!("sagebell-step: {self}{advice}"));
    }
}

/// The plan, the ARN, the result of the waiting, and whether it is good.
type End = (Plan, Option<String>, waiting::Ended, Result<(), StepError>);

/// One run of one component.
pub struct Step<'a> {
    /// The component.
    pub component: &'a dyn Component,
    /// Its inputs.
    pub inputs: &'a Inputs,
    /// The options of the step itself.
    pub options: &'a Options,
    /// Where the outputs go.
    pub output_paths: &'a BTreeMap<String, PathBuf>,
    /// The executor input, if KFP started the step.
    pub executor: Option<&'a ExecutorInput>,
    /// SageMaker.
    pub api: Api,
    /// Region and credentials, for the logs.
    pub sdk: &'a SdkConfig,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Notified when the pod is terminated.
    pub terminated: &'a Notify,
    /// Whether the pod is being terminated.
    pub is_terminated: &'a AtomicBool,
}

impl Step<'_> {
    /// Does the work of the step, and prints how it ended.
    ///
    /// # Errors
    /// [`StepError`] says what happened. The outputs contain everything that is known.
    pub async fn run(&self) -> Result<(), StepError> {
        match self.until_ended().await {
            Ok((plan, arn, ended, result)) => {
                self.finish(&plan, arn.as_deref(), &ended, result).await
            }
            Err(error) => {
                error.print();
                Err(error)
            }
        }
    }

    /// Runs until there is a result, good or bad.
    async fn until_ended(&self) -> Result<End, StepError> {
        let plan = self.plan(0).await?;
        // Before there is a job: no monitor, no job; and no signal comes before the step listens.
        let ready = self.ready(&plan).await?;
        let principal = ready.as_ref().and_then(Ready::principal);
        let (plan, created) = self.create(plan, principal).await?;
        let arn = created.arn.clone();
        let (ended, result) = match self.wait(&plan, created, ready).await {
            // There is a second left at most.
            Err((_, error)) if error.is_termination() => return Err(error),
            Err((ended, error)) => (ended, Err(error)),
            Ok(ended) => {
                let verdict = self.verdict(&plan, arn.as_deref(), &ended).await;
                (ended, verdict)
            }
        };
        Ok((plan, arn, ended, result))
    }
}

/// Checks every request before the first one is sent. Unknown members are still sent, and one line
/// is printed for each.
fn check(plan: &Plan) -> Result<Vec<String>, StepError> {
    let main = (!plan.already_asked).then_some(&plan.main);
    let mut unknown = Vec::new();
    for create in plan.first.iter().chain(main) {
        let Call { operation, input } = &create.call;
        let listed = model::check(operation, input).map_err(|problems| StepError::Request {
            operation: operation.to_string(),
            problems,
        })?;
        unknown.extend(listed.into_iter().map(|problem| format!("{operation}: {problem}")));
    }
    Ok(unknown)
}
