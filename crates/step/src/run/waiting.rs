//! Waiting: until the monitor has told of the end, or SageMaker has.

use std::sync::Arc;
use std::time::Duration;

use bootstrap::say;
use jiff::Timestamp;
use monitor::arn::JobArn;
use monitor::kind::{Kind, Lifecycle};
use monitor::policy::Policy;
use monitor::ports::SageMaker as _;
use monitor::wait::{OnAbandon, later};
use sagemaker::SageMakerApi;
use serde_json::Value;
use url::Url;

use super::{Step, StepError};
use crate::callback::{Place, Ready, hear};
use crate::made::Made;
use crate::monitor_address::{self, NoAddress};
use crate::options::WaitMode;
use crate::plan::{Call, Plan, Watch};
use crate::poll::{Pauses, Question};
use crate::progress::{History, Seen};

/// The pauses between looks at what no monitor tells of.
const LOOKS: Pauses = (Duration::from_secs(1), Duration::from_secs(30));
/// How much older a resource's change may be than the answer to its call: what took
/// the call to answer.
const CALL_TIME: Duration = Duration::from_secs(2);

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
pub(super) struct Ended {
    pub(super) answer: Value,
    pub(super) last: Option<Seen>,
    pub(super) history: History,
}

impl Step<'_> {
    pub(super) async fn ready(&self, plan: &Plan) -> Result<Option<Ready>, StepError> {
        match (&self.options.wait, &plan.watch) {
            (WaitMode::Callback { api, host, port }, Watch::Job(_)) => {
                let api = match api {
                    Some(api) => api.clone(),
                    None => self.monitor_address().await?,
                };
                let place = Place { api, host: *host, port: *port };
                Ok(Some(place.ready(self.options, Arc::clone(&self.clock)).await?))
            }
            _ => Ok(None),
        }
    }

    /// Asked for only where there is something to wait for.
    async fn monitor_address(&self) -> Result<Url, NoAddress> {
        let region = self.inputs.text("region");
        monitor_address::find(self.sdk, region, Arc::clone(&self.clock)).await
    }

    /// Until there is nothing more to wait for. However it ends, what is known comes
    /// back.
    pub(super) async fn wait(
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
            say::err(format_args!(
                "sagebell-step: callbacks refused: {refused:?}, heard before: {twice}"
            ));
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
        say::out("Terminated: stopping the job");
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
                port.stop(arn).await.map_err(|error| StepError::NotStopped(error.to_string()))
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
