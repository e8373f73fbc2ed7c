//! Waits until the monitor or SageMaker reports the end of the job.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::kind::{Kind, Lifecycle};
use sagebell_monitor::phase::Phase;
use sagebell_monitor::policy::Policy;
use sagebell_monitor::ports::SageMaker as _;
use sagebell_monitor::time::later;
use sagebell_monitor::wait::OnAbandon;
use sagebell_sagemaker::{Class, SageMakerApi};
use sagebell_system::say;
use serde_json::Value;
use url::Url;

use super::{Step, StepError};
use crate::adopt::Created;
use crate::monitor::{Monitor, Ready};
use crate::monitor_address::{self, NoAddress};
use crate::options::WaitMode;
use crate::plan::{Call, Plan, Watch};
use crate::poll::{Pauses, Question};
use crate::progress::{History, Seen};

/// The pauses between Describe calls where no monitor sends signals.
pub(super) const DESCRIBE_PAUSES: Pauses = (Duration::from_secs(1), Duration::from_secs(30));
/// How much older a resource's change may be than the answer to its call: what took
/// the call to answer.
const CALL_TIME: Duration = Duration::from_secs(2);

/// What is waited for.
pub(super) struct Watched {
    /// `None`: no job of the monitor's kinds.
    kind: Option<Kind>,
    arn: Option<JobArn>,
    describe: Call,
}

impl Watched {
    /// `None` if nothing says how to read it.
    pub(super) fn of(plan: &Plan, created: &Created) -> Option<Self> {
        let arn = created.arn.as_deref().and_then(|arn| JobArn::parse(arn).ok());
        let by_arn = || arn.as_ref().and_then(crate::plan::describe);
        let describe = plan.main.describe.clone().or_else(by_arn)?;
        let kind = match plan.watch {
            Watch::Job(kind) => Some(kind),
            Watch::Created => None,
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
            (WaitMode::Monitor { api, channel }, Watch::Job(_)) => {
                let api = match api {
                    Some(api) => api.clone(),
                    None => self.monitor_address().await?,
                };
                let monitor = Monitor { api, channel: *channel };
                Ok(Some(monitor.ready(self.options, Arc::clone(&self.clock)).await?))
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
        created: Created,
        ready: Option<Ready>,
    ) -> Result<Ended, (Ended, StepError)> {
        let now = self.clock.now();
        let mut history = History::since(created.at.unwrap_or(now).min(now));
        // Clocks of pods are wrong at times: the monitor's is AWS's.
        let begun = created.answered_at.unwrap_or(now);
        let until = self.options.max_wait.map(|wait| later(begun, wait));
        let found = tokio::select! {
            found = self.watch(plan, &created, ready, &mut history, until) => found,
            () = self.patience() => Err(self.give_up(plan, &created).await),
        };
        match found {
            Ok((answer, last)) => Ok(Ended { answer, last, history }),
            // What was signalled is known, whatever could not be asked after it.
            Err(error) => {
                let last = history.seen().last().cloned();
                Err((Ended { answer: created.answer, last, history }, error))
            }
        }
    }

    /// No wait is endless: where the monitor gives up, the step does too.
    pub(super) async fn patience(&self) {
        self.clock.sleep(self.options.max_wait.unwrap_or(Policy::DEADLINE_LONGEST)).await;
    }

    async fn watch(
        &self,
        plan: &Plan,
        created: &Created,
        ready: Option<Ready>,
        history: &mut History,
        until: Option<Timestamp>,
    ) -> Result<(Value, Option<Seen>), StepError> {
        if plan.watch == Watch::Created {
            return self.read_created(plan, created).await;
        }
        let watched = Watched::of(plan, created).ok_or_else(|| no_arn(plan))?;
        let (answer, seen) = if let Some(ready) = ready {
            let arn = watched.arn.clone().ok_or_else(|| no_arn(plan))?;
            let not_before = not_before(plan, created, watched.kind);
            let waiting = ready.wait(arn, self.options, not_before, until);
            self.wait_for_signals(plan, &watched, waiting, history).await?
        } else if let WaitMode::Poll(first, longest) = self.options.wait {
            self.ask_alone(plan, &watched, (first, longest), history).await?
        } else {
            self.ask(plan, &watched, DESCRIBE_PAUSES, history).await?
        };
        Ok((answer, Some(seen)))
    }

    /// What is there as soon as it is made.
    async fn read_created(
        &self,
        plan: &Plan,
        created: &Created,
    ) -> Result<(Value, Option<Seen>), StepError> {
        match &plan.main.describe {
            Some(describe) if !created.adopted => {
                Ok((self.api.call(&describe.operation, &describe.input).await?, None))
            }
            _ => Ok((created.answer.clone(), None)),
        }
    }

    /// Polls until the job has settled. The monitor said that it has, or only this step knows it. A
    /// termination leaves it as it is.
    pub(super) async fn ask(
        &self,
        plan: &Plan,
        watched: &Watched,
        pauses: Pauses,
        history: &mut History,
    ) -> Result<(Value, Seen), StepError> {
        let question = self.question(plan, watched);
        tokio::select! {
            found = question.until_settled(pauses, history) => Ok(found?),
            () = self.terminated.notified() => Err(StepError::Terminated("the job still runs")),
        }
    }

    /// Polls without a monitor until the job has settled. Only this step knows the job, so a
    /// termination stops it, and the polling continues until it has stopped.
    pub(super) async fn ask_alone(
        &self,
        plan: &Plan,
        watched: &Watched,
        pauses: Pauses,
        history: &mut History,
    ) -> Result<(Value, Seen), StepError> {
        let found = self.ask(plan, watched, pauses, history).await;
        if !matches!(found, Err(StepError::Terminated(_))) || !self.stops(watched) {
            return found;
        }
        say::out("Terminated: stopping the job");
        self.stop(watched).await?;
        self.ask(plan, watched, pauses, history).await
    }

    pub(super) fn question<'a>(&'a self, plan: &'a Plan, watched: &'a Watched) -> Question<'a> {
        Question {
            api: &self.api,
            describe: &watched.describe,
            watch: &plan.watch,
            component: self.component,
            clock: &*self.clock,
        }
    }

    /// Whether the job is to be stopped with its step, and can be.
    pub(super) fn stops(&self, watched: &Watched) -> bool {
        let stop = watched.kind.and_then(Kind::stop);
        self.options.on_abandon == OnAbandon::Stop && stop.is_some()
    }

    pub(super) async fn stop(&self, watched: &Watched) -> Result<(), StepError> {
        match (watched.kind, &watched.arn) {
            // Theirs say more than which.
            (Some(kind), Some(arn)) if stops_with_more(kind) => {
                let port = SageMakerApi::new(self.api.clone(), Arc::clone(&self.clock));
                port.stop(arn).await.map_err(|error| StepError::NotStopped(error.to_string()))
            }
            (Some(kind), _) => self.stop_by_name(kind, &watched.describe).await,
            (None, _) => Ok(()),
        }
    }

    /// SageMaker refuses to stop a job that has just ended. This is not a failure.
    async fn stop_by_name(&self, kind: Kind, describe: &Call) -> Result<(), StepError> {
        let Some(operation) = kind.stop() else { return Ok(()) };
        let Err(error) = self.api.call(operation, &describe.input).await else { return Ok(()) };
        if matches!(error.class, Class::Invalid | Class::Conflict) {
            let answer = self.api.call(&describe.operation, &describe.input).await?;
            let seen = Seen::in_answer(&Watch::Job(kind), &answer, self.clock.now());
            if seen.is_some_and(|seen| seen.phase.is_settled() || seen.phase == Phase::Stopping) {
                return Ok(());
            }
        }
        Err(error.into())
    }

    async fn give_up(&self, plan: &Plan, created: &Created) -> StepError {
        match Watched::of(plan, created).filter(|watched| self.stops(watched)) {
            None => StepError::GaveUp("the job still runs"),
            Some(watched) => match self.stop(&watched).await {
                Ok(()) => StepError::GaveUp("the job is being stopped"),
                Err(error) => StepError::Failed(format!(
                    "not settled within --max-wait, and the job could not be stopped: {error}. It still runs"
                )),
            },
        }
    }
}

/// Whether a Stop of this kind says more than which one.
fn stops_with_more(kind: Kind) -> bool {
    kind.spec().operations.is_some_and(|operations| !operations.stop_with.is_empty())
}

fn no_arn(plan: &Plan) -> StepError {
    StepError::NoArn { operation: plan.main.call.operation.to_string() }
}

/// Since when the job is this step's. A one-shot job's creation is compared with room
/// for clocks that differ; a resource's change is not much older than the answer.
fn not_before(plan: &Plan, created: &Created, kind: Option<Kind>) -> Option<Timestamp> {
    let of_call = || match kind.map(|kind| kind.spec().lifecycle) {
        Some(Lifecycle::Resource) => created.at?.checked_sub(CALL_TIME).ok(),
        _ => created.at,
    };
    plan.not_before.or_else(of_call)
}
