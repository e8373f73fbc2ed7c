//! The order of work: plan, listen, make or adopt, wait, one Describe, outputs, logs.
//!
//! Promises: nothing is made before everything that can be checked is; a step that
//! starts again finds what it made; outputs are written however it ends, once there
//! is something to tell of.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use account::Account;
use aws_config::SdkConfig;
use jiff::Timestamp;
use monitor::arn::JobArn;
use monitor::kind::{Kind, Lifecycle};
use monitor::phase::Phase;
use monitor::policy::Policy;
use monitor::ports::{Clock, SageMaker as _};
use monitor::wait::{OnAbandon, later};
use sagemaker::{Api, CallError, SageMakerApi};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::callback::{CallbackError, Place, Ready, hear};
use crate::component::{Component, ComponentError, Finished, Outputs};
use crate::inputs::Inputs;
use crate::made::{Made, MakeError, find, make};
use crate::model::{self, Problem};
use crate::options::{Options, WaitMode};
use crate::outputs::{self, WriteError};
use crate::plan::{Call, Plan, Watch};
use crate::poll::{Pauses, PollError, Question};
use crate::progress::{History, Seen};
use crate::{advice, logs, metrics, timeline};

/// The pauses between looks at what no monitor tells of.
const LOOKS: Pauses = (Duration::from_secs(1), Duration::from_secs(30));
/// How much older a resource's change may be than the answer to its call: what took
/// the call to answer.
const CALL_TIME: Duration = Duration::from_secs(2);

/// Why a step did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// An input, an output or a look at SageMaker.
    #[error(transparent)]
    Component(#[from] ComponentError),
    /// The request is not what SageMaker takes.
    #[error("{operation} would be refused, so nothing was sent:{}", told(.problems))]
    Request {
        /// The operation.
        operation: String,
        /// What is wrong.
        problems: Vec<Problem>,
    },
    /// It was not made.
    #[error(transparent)]
    Make(#[from] MakeError),
    /// SageMaker said no.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The monitor can't be waited for.
    #[error(transparent)]
    Callback(#[from] CallbackError),
    /// SageMaker could not be asked.
    #[error(transparent)]
    Poll(#[from] PollError),
    /// SageMaker's answer names nothing that can be waited for.
    #[error("{operation}: the answer has no ARN to wait for")]
    NoArn {
        /// The operation.
        operation: String,
    },
    /// `--max-wait` has passed.
    #[error("not settled within --max-wait; {0}")]
    GaveUp(&'static str),
    /// SIGTERM came.
    #[error("terminated; {0}")]
    Terminated(&'static str),
    /// It settled, and not well.
    #[error("{0}")]
    Failed(String),
    /// An output could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

fn told(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("\n  {problem}")).collect()
}

impl StepError {
    /// Whether the step was asked to end.
    #[must_use]
    pub fn is_termination(&self) -> bool {
        matches!(self, Self::Terminated(_))
    }

    /// What to do about it, if that is not said already.
    #[must_use]
    pub fn advice(&self) -> Option<String> {
        match self {
            Self::Make(MakeError::Call(error))
            | Self::Call(error)
            | Self::Component(ComponentError::Call(error))
            | Self::Poll(PollError::Call(error)) => advice::on_call(error),
            Self::Failed(reason) => advice::on_reason(reason).map(str::to_owned),
            _ => None,
        }
    }
}

/// One run of one component.
pub struct Step<'a> {
    /// The component.
    pub component: &'a dyn Component,
    /// Its inputs.
    pub inputs: &'a Inputs,
    /// The step's own options.
    pub options: &'a Options,
    /// Where the outputs go.
    pub output_paths: &'a BTreeMap<String, PathBuf>,
    /// SageMaker.
    pub api: Api,
    /// Region and credentials, for the logs.
    pub sdk: &'a SdkConfig,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Rung when the pod is being terminated.
    pub terminated: &'a Notify,
}

/// What is waited for.
struct Watched {
    /// `None`: no job of the monitor's kinds.
    kind: Option<Kind>,
    arn: Option<JobArn>,
    describe: Call,
}

impl Watched {
    /// `None` if nothing says how to read it.
    fn of(plan: &Plan, made: &Made) -> Option<Self> {
        let arn = made.arn.as_deref().and_then(|arn| JobArn::parse(arn).ok());
        let by_arn = || arn.as_ref().and_then(crate::plan::describe);
        let describe = plan.main.describe.clone().or_else(by_arn)?;
        let kind = match plan.watch {
            Watch::Job(kind) => Some(kind),
            Watch::Polled(_) | Watch::Made => None,
        };
        Some(Self { kind, arn, describe })
    }
}

/// What there is when the waiting is over.
struct Ended {
    answer: Value,
    last: Option<Seen>,
    history: History,
}

impl Step<'_> {
    /// Does the work of the step.
    ///
    /// # Errors
    /// [`StepError`] says what happened; what is known by then is in the outputs.
    pub async fn run(&self) -> Result<(), StepError> {
        let fresh = self.options.task.fresh_name().under(&self.options.name_prefix);
        let plan = self.component.plan(self.inputs, &fresh, &self.api).await?;
        check(&plan)?;
        // Before there is a job: no monitor, no job; and nothing rings unheard.
        let ready = self.ready(&plan).await?;
        let made = self.make(&plan).await?;
        let arn = made.arn.clone();
        let (ended, result) = match self.wait(&plan, made, ready).await {
            // There is a second left at most.
            Err((_, error)) if error.is_termination() => return Err(error),
            Err((ended, error)) => (ended, Err(error)),
            Ok(ended) => {
                let verdict = self.verdict(&plan, &ended);
                (ended, verdict)
            }
        };
        self.finish(&plan, arn.as_deref(), &ended, result).await
    }

    async fn ready(&self, plan: &Plan) -> Result<Option<Ready>, CallbackError> {
        match (&self.options.wait, &plan.watch) {
            (WaitMode::Callback { api, host, port }, Watch::Job(_)) => {
                let place = Place { api: api.clone(), host: *host, port: *port };
                place.ready(self.options, Arc::clone(&self.clock)).await.map(Some)
            }
            _ => Ok(None),
        }
    }

    async fn make(&self, plan: &Plan) -> Result<Made, StepError> {
        for first in &plan.first {
            let made = make(&self.api, first, &self.options.task).await?;
            tell_made(&first.call, &first.name, &made);
        }
        let main = &plan.main;
        let made = match &main.describe {
            Some(describe) if plan.already_asked => find(&self.api, describe).await?,
            _ => make(&self.api, main, &self.options.task).await?,
        };
        tell_made(&main.call, &main.name, &made);
        Ok(made)
    }

    /// Until there is nothing more to wait for. However it ends, what is known comes
    /// back.
    async fn wait(
        &self,
        plan: &Plan,
        made: Made,
        ready: Option<Ready>,
    ) -> Result<Ended, (Ended, StepError)> {
        let now = self.clock.now();
        let mut history = History::since(made.at.unwrap_or(now).min(now));
        // Clocks of pods are wrong at times: the monitor's is AWS's.
        let begun = made.told_at.unwrap_or(now);
        let until = self.options.max_wait.map(|wait| later(begun, wait));
        let found = tokio::select! {
            found = self.watch(plan, &made, ready, &mut history, until) => found,
            () = self.patience() => Err(self.give_up(plan, &made).await),
        };
        match found {
            Ok((answer, last)) => Ok(Ended { answer, last, history }),
            Err(error) => Err((Ended { answer: made.answer, last: None, history }, error)),
        }
    }

    /// Nothing is waited for without end: where the monitor gives up, so does the step.
    async fn patience(&self) {
        self.clock.sleep(self.options.max_wait.unwrap_or(Policy::DEADLINE_LONGEST)).await;
    }

    async fn watch(
        &self,
        plan: &Plan,
        made: &Made,
        ready: Option<Ready>,
        history: &mut History,
        until: Option<Timestamp>,
    ) -> Result<(Value, Option<Seen>), StepError> {
        if plan.watch == Watch::Made {
            return self.read_made(plan, made).await;
        }
        let watched = Watched::of(plan, made).ok_or_else(|| no_arn(plan))?;
        let mut pauses = LOOKS;
        if let Some(ready) = ready {
            let arn = watched.arn.clone().ok_or_else(|| no_arn(plan))?;
            self.hear(ready, arn, not_before(plan, made, watched.kind), until, history).await?;
        } else if let WaitMode::Poll(first, longest) = self.options.wait {
            pauses = (first, longest);
        }
        let (answer, seen) = self.ask(plan, &watched, pauses, history).await?;
        Ok((answer, Some(seen)))
    }

    /// What is there as soon as it is made.
    async fn read_made(
        &self,
        plan: &Plan,
        made: &Made,
    ) -> Result<(Value, Option<Seen>), StepError> {
        match &plan.main.describe {
            Some(describe) if !made.adopted => {
                Ok((self.api.call(&describe.operation, &describe.input).await?, None))
            }
            _ => Ok((made.answer.clone(), None)),
        }
    }

    /// Sleeps until the monitor has called. Nothing is asked of SageMaker.
    async fn hear(
        &self,
        ready: Ready,
        arn: JobArn,
        not_before: Option<Timestamp>,
        until: Option<Timestamp>,
        history: &mut History,
    ) -> Result<(), StepError> {
        let mut waiting = ready.wait(arn, self.options, not_before, until);
        let heard = tokio::select! {
            heard = hear(&mut waiting, history, &*self.clock) => heard,
            // The launcher gives it a second: the lease does the rest.
            () = self.terminated.notified() => return Err(StepError::Terminated(
                "the monitor keeps the wait for the pod that comes next",
            )),
        };
        let stats = waiting.stats();
        if !stats.refused.is_empty() || stats.duplicates > 0 {
            let (refused, twice) = (stats.refused, stats.duplicates);
            eprintln!("sagebell-step: callbacks refused: {refused:?}, heard before: {twice}");
        }
        waiting.shutdown().await;
        Ok(heard?)
    }

    /// Asks until it has settled. Without a monitor a termination stops the job, as
    /// the step is all that knows of it, and goes on asking until it has stopped.
    async fn ask(
        &self,
        plan: &Plan,
        watched: &Watched,
        pauses: Pauses,
        history: &mut History,
    ) -> Result<(Value, Seen), StepError> {
        let question = Question {
            api: &self.api,
            describe: &watched.describe,
            watch: &plan.watch,
            is_still_busy: &|answer| self.component.is_still_busy(answer),
            clock: &*self.clock,
        };
        tokio::select! {
            found = question.until_settled(pauses, history) => return Ok(found?),
            () = self.terminated.notified() => {}
        }
        let is_alone = matches!(self.options.wait, WaitMode::Poll(..));
        if !is_alone || !self.stops(watched) {
            return Err(StepError::Terminated("the job goes on"));
        }
        println!("Terminated: stopping the job");
        self.stop(watched).await?;
        Ok(question.until_settled(pauses, history).await?)
    }

    /// Whether the job is to be stopped with its step, and can be.
    fn stops(&self, watched: &Watched) -> bool {
        let stop = watched.kind.and_then(|kind| kind.spec().operations.stop);
        self.options.on_abandon == OnAbandon::Stop && stop.is_some()
    }

    async fn stop(&self, watched: &Watched) -> Result<(), StepError> {
        match (watched.kind, &watched.arn) {
            // Theirs say more than which.
            (Some(Kind::PipelineExecution | Kind::InferenceExperiment), Some(arn)) => {
                let port = SageMakerApi::new(self.api.clone(), Arc::clone(&self.clock));
                port.stop(arn).await.map_err(|error| {
                    StepError::Failed(format!("the job could not be stopped: {error}"))
                })
            }
            (kind, _) => {
                if let Some(operation) = kind.and_then(|kind| kind.spec().operations.stop) {
                    self.api.call(operation, &watched.describe.input).await?;
                }
                Ok(())
            }
        }
    }

    async fn give_up(&self, plan: &Plan, made: &Made) -> StepError {
        match Watched::of(plan, made).filter(|watched| self.stops(watched)) {
            None => StepError::GaveUp("it goes on"),
            Some(watched) => match self.stop(&watched).await {
                Ok(()) => StepError::GaveUp("the job is being stopped"),
                Err(error) => error,
            },
        }
    }

    /// Whether what has settled is what was asked for.
    fn verdict(&self, plan: &Plan, ended: &Ended) -> Result<(), StepError> {
        let Some(last) = &ended.last else { return Ok(()) };
        if last.phase != Phase::Succeeded {
            let reason = last.reason.as_deref().unwrap_or("SageMaker gives no reason");
            return Err(StepError::Failed(format!(
                "{} is {}: {reason}",
                plan.main.name, last.status
            )));
        }
        if let Some(expected) = &plan.expected
            && ended.answer.pointer(expected.pointer) != Some(&expected.value)
        {
            let reason = last.reason.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
            return Err(StepError::Failed(format!("{}{reason}", expected.otherwise)));
        }
        match self.component.failure(&ended.answer) {
            Some(why) => Err(StepError::Failed(why)),
            None => Ok(()),
        }
    }

    /// Outputs, artifacts, logs, and what was to be done after.
    async fn finish(
        &self,
        plan: &Plan,
        arn: Option<&str>,
        ended: &Ended,
        mut result: Result<(), StepError>,
    ) -> Result<(), StepError> {
        let finished = Finished { inputs: self.inputs, plan, arn, answer: &ended.answer };
        let mut outputs = self.component.known(finished);
        if result.is_ok() {
            match self.component.results(finished, &self.api).await {
                Ok(results) => outputs.extend(results),
                Err(error) => result = Err(error.into()),
            }
        }
        add_common(&mut outputs, arn, ended, result.as_ref().err());
        let written = outputs::write(self.component.definition(), self.output_paths, &outputs);
        self.write_artifacts(plan, arn, ended);
        self.print_logs(arn, &ended.answer, result.is_err()).await;
        result?;
        for call in &plan.after {
            self.api.call(&call.operation, &call.input).await?;
            println!("{} done", call.operation);
        }
        Ok(written?)
    }

    /// The pages that KFP shows. A page that can't be written is no failed job.
    fn write_artifacts(&self, plan: &Plan, arn: Option<&str>, ended: &Ended) {
        let path = |name| self.options.artifacts.get(name);
        let metrics = metrics::of(&ended.answer);
        let handed = metrics::hand_over(
            &metrics,
            path(metrics::NAME).map(PathBuf::as_path),
            self.options.executor_input.as_ref(),
        );
        let page = ended.last.as_ref().zip(path(timeline::NAME)).map(|(last, path)| {
            let arn = arn.unwrap_or_default();
            let subject =
                timeline::Subject { name: &plan.main.name, arn, last, answer: &ended.answer };
            outputs::write_file(path, &timeline::page(subject, &ended.history))
        });
        for error in [handed.err(), page.and_then(Result::err)].into_iter().flatten() {
            eprintln!("sagebell-step: an artifact could not be written: {error}");
        }
    }

    async fn print_logs(&self, arn: Option<&str>, answer: &Value, failed: bool) {
        let Some(arn) = arn.and_then(|arn| JobArn::parse(arn).ok()) else { return };
        match Account::new(self.sdk, arn.region(), Arc::clone(&self.clock)) {
            Ok(account) => logs::print(&account, &arn, answer, self.options.logs, failed).await,
            Err(error) => eprintln!("sagebell-step: {error}"),
        }
    }
}

/// Everything that would be sent is looked at before anything is.
fn check(plan: &Plan) -> Result<(), StepError> {
    let main = (!plan.already_asked).then_some(&plan.main);
    for make in plan.first.iter().chain(main) {
        let Call { operation, input } = &make.call;
        model::check(operation, input).map_err(|problems| StepError::Request {
            operation: operation.to_string(),
            problems,
        })?;
    }
    Ok(())
}

fn tell_made(call: &Call, name: &str, made: &Made) {
    let how = if made.adopted { "made before by this task" } else { "done" };
    let arn = made.arn.as_deref().unwrap_or(name);
    println!("{}: {how}: {arn}", call.operation);
}

fn no_arn(plan: &Plan) -> StepError {
    StepError::NoArn { operation: plan.main.call.operation.to_string() }
}

/// Since when the job is this step's. A one-shot job's creation is compared with room
/// for clocks that differ; a resource's change is not much older than the answer.
fn not_before(plan: &Plan, made: &Made, kind: Option<Kind>) -> Option<Timestamp> {
    let of_call = || match kind.map(|kind| kind.spec().lifecycle) {
        Some(Lifecycle::Resource) => made.at?.checked_sub(CALL_TIME).ok(),
        _ => made.at,
    };
    plan.not_before.or_else(of_call)
}

/// What every component tells, whatever else it does.
fn add_common(outputs: &mut Outputs, arn: Option<&str>, ended: &Ended, error: Option<&StepError>) {
    let status = ended.last.as_ref().map(|last| last.status.clone());
    let reason = error.map(ToString::to_string);
    let common =
        [("job_arn", arn.map(str::to_owned)), ("status", status), ("failure_reason", reason)];
    for (name, value) in common {
        outputs.entry(name.to_owned()).or_insert_with(|| json!(value.unwrap_or_default()));
    }
}
