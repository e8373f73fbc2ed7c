//! Creates a job: adopts the newest generation, or creates the next one.
//!
//! A failed job keeps its name, so the next attempt of a task needs another name: `base`,
//! `base-r1`, `base-r2`, … (for jobs that are identified by the token of the call, the token
//! changes in the same way). The rules:
//!
//! - The step calls Create first, with the name of the first generation. SageMaker says, in the
//!   same call that creates it, whether the job already exists. If so, the step describes it and
//!   reads its tag. A job of somebody else is an error.
//! - A job that runs or has succeeded is adopted. If a job is stopping, the step waits for its end,
//!   because two must not run at the same time.
//! - If a job ended badly (failed, stopped by anyone, timed out, or with failed debugger rules)
//!   *before this attempt began*, it stays as it is, and the step does the same with the next
//!   generation. If it ended badly after that, it is the result of this attempt: the step adopts
//!   and reports it.
//!
//! *Invariant:* a generation is created only after the previous one was seen settled, and a settled
//! job never runs again. So at most one job of a task runs at any time, however many pods the task
//! has. If two pods create the same generation, SageMaker refuses one, which then adopts the job.
//! (If someone deletes a settled job of a task while a later one runs, its name is free again. This
//! breaks the invariant.)
//!
//! *An attempt begins* when the step starts, by SageMaker's clock ([`Api::begun`]). This time is
//! compared with the end time that SageMaker describes, because the clock of a pod can be wrong by
//! hours. KFP gives no usable information: Retry in the UI passes an identical executor input, and
//! the retry count also grows when a pod is lost whose job still runs.
//!
//! *A job that failed while no pod ran* (its pod was lost, and nobody reported the failure) counts
//! as an old failure by these rules: the next pod creates another generation. The step cannot
//! distinguish this from a requested retry, and if it reported the old failure, a requested retry
//! would do nothing. Each start of a pod creates at most one job, and a task at most 100.
//!
//! [`Api::begun`]: sagebell_sagemaker::Api::begun

use std::time::Duration;

use jiff::Timestamp;
use sagebell_monitor::kind::{Kind, Lifecycle};
use sagebell_monitor::phase::Phase;
use sagebell_monitor::time::parse_time;
use sagebell_system::say;
use serde_json::Value;

use super::waiting::{DESCRIBE_PAUSES, Watched};
use super::{Step, StepError, check};
use crate::adopt::{Created, create, find};
use crate::names::LAST_GENERATION;
use crate::plan::{Call, Plan, Watch};
use crate::poll::Question;
use crate::progress::{History, Seen};

/// The time for a pending call when the step is terminated. KFP kills the step within a second.
const LAST_CALL: Duration = Duration::from_millis(500);

impl Step<'_> {
    /// The plan for this generation. Every request is checked before the first one is sent.
    pub(super) async fn plan(&self, family: u32) -> Result<Plan, StepError> {
        let fresh = self.options.task.fresh_name().under(&self.options.name_prefix);
        let fresh = fresh.family(family);
        let plan = self.component.plan(self.inputs, &fresh, &self.api).await?;
        let unknown = check(&plan)?;
        for member in unknown.iter().filter(|_| family == 0) {
            say::err(format_args!("sagebell-step: {member}: sent unchanged"));
        }
        Ok(plan)
    }

    /// Creates what the plan contains, or adopts it. Returns the plan of its generation. A
    /// termination ends this, except for a pending call.
    pub(super) async fn create(
        &self,
        plan: Plan,
        principal: Option<&str>,
    ) -> Result<(Plan, Created), StepError> {
        let creation = self.create_newest(plan, principal);
        tokio::pin!(creation);
        tokio::select! {
            created = &mut creation => return created,
            () = self.terminated.notified() => {}
        }
        tokio::select! {
            created = &mut creation => {
                // Told again to who waits for the job.
                self.terminated.notify_one();
                created
            }
            () = self.clock.sleep(LAST_CALL) => {
                Err(StepError::Terminated("the step knows of nothing that was created"))
            }
        }
    }

    async fn create_newest(
        &self,
        mut plan: Plan,
        principal: Option<&str>,
    ) -> Result<(Plan, Created), StepError> {
        let task = &self.options.task;
        for first in &plan.first {
            let created = create(&self.api, first, task, principal).await?;
            report_created(&first.call, &first.name, &created);
        }
        if let Some(describe) = plan.main.describe.as_ref().filter(|_| plan.already_asked) {
            let created = find(&self.api, describe).await?;
            report_created(&plan.main.call, &plan.main.name, &created);
            return Ok((plan, created));
        }
        for family in 1..=LAST_GENERATION {
            let mut created = create(&self.api, &plan.main, task, principal).await?;
            report_created(&plan.main.call, &plan.main.name, &created);
            let Some(end) = self.old_end(&plan, &mut created).await? else {
                return Ok((plan, created));
            };
            let next = self.plan(family).await?;
            if next.main.call == plan.main.call {
                return Ok((plan, created));
            }
            let (old, new) = (&plan.main.name, &next.main.name);
            say::out(format_args!(
                "{old} had ended before this attempt began ({end}). This attempt creates {new}"
            ));
            plan = next;
        }
        Err(StepError::TooManyTries { name: plan.main.name })
    }

    /// How the job ended badly before this attempt began. `None`: it did not. If the job is
    /// stopping, this waits for its end.
    async fn old_end(&self, plan: &Plan, created: &mut Created) -> Result<Option<Seen>, StepError> {
        let Watch::Job(kind) = plan.watch else { return Ok(None) };
        let is_by_token = plan.main.describe.is_none();
        let has_generations = is_by_token || kind.spec().lifecycle == Lifecycle::OneShot;
        // The call with a token answers the same for what it made long ago.
        if !has_generations || !(created.adopted || is_by_token) {
            return Ok(None);
        }
        let Some(watched) = Watched::of(plan, created) else { return Ok(None) };
        let question = self.question(plan, &watched);
        let seen = Seen::in_answer(&plan.watch, &created.answer, self.clock.now());
        let mut seen = match seen.filter(|_| created.adopted) {
            Some(seen) => seen,
            None => {
                let (answer, seen) = question.ask().await?;
                created.answer = answer;
                seen
            }
        };
        let was_stopping = seen.phase == Phase::Stopping;
        if was_stopping {
            (created.answer, seen) = self.wait_out(&question, created.at).await?;
        }
        let is_bad =
            seen.phase != Phase::Succeeded || self.component.failure(&created.answer).is_some();
        let is_over = seen.phase.is_settled() && !self.component.is_still_busy(&created.answer);
        let is_old = was_stopping || ended_before(kind, &created.answer, self.api.begun());
        Ok(Some(seen).filter(|_| is_over && is_bad && is_old))
    }

    async fn wait_out(
        &self,
        question: &Question<'_>,
        begun: Option<Timestamp>,
    ) -> Result<(Value, Seen), StepError> {
        say::out("The job is stopping; waiting for its end");
        let mut history = History::since(begun.unwrap_or_else(|| self.clock.now()));
        tokio::select! {
            settled = question.until_settled(DESCRIBE_PAUSES, &mut history) => Ok(settled?),
            () = self.patience() => Err(StepError::GaveUp("the job of an earlier attempt is still stopping")),
        }
    }
}

/// Whether the job that `answer` describes ended before `begun`. Where either is not
/// known, it had ended when this try first looked.
fn ended_before(kind: Kind, answer: &Value, begun: Option<Timestamp>) -> bool {
    let fields = &kind.spec().fields;
    let mut times = fields.ended.iter().chain(fields.modified);
    let ended = times.find_map(|pointer| answer.pointer(pointer).and_then(parse_time));
    ended.zip(begun).is_none_or(|(ended, begun)| ended < begun)
}

fn report_created(call: &Call, name: &str, created: &Created) {
    let how = if created.adopted { "created earlier by this task" } else { "done" };
    let arn = created.arn.as_deref().unwrap_or(name);
    say::out(format_args!("{}: {how}: {arn}", call.operation));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_end_is_compared_with_the_start_of_the_try_by_sagemakers_clock() {
        let begun = Timestamp::from_second(1_000).ok();
        let old = |answer: &Value| ended_before(Kind::Training, answer, begun);
        assert!(old(&json!({"TrainingEndTime": 999.9, "LastModifiedTime": 1_500})));
        assert!(!old(&json!({"TrainingEndTime": 1_000.1, "LastModifiedTime": 900})));
        // One that never started training has no such end.
        assert!(old(&json!({"LastModifiedTime": 999})));
        assert!(old(&json!({})) && ended_before(Kind::Training, &json!({}), None));
    }
}
