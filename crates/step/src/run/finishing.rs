//! Finishes a step: interprets the end of the job, writes outputs and artifacts, prints logs.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use sagebell_aws_reads::Account;
use sagebell_monitor::kind::Kind;
use sagebell_monitor::phase::Phase;
use sagebell_system::say;
use serde_json::{Value, json};

use super::waiting::Ended;
use super::{Step, StepError};
use crate::component::{Finished, Outputs};
use crate::options::OnFailure;
use crate::plan::{Plan, Watch};
use crate::subject::{self, Subject};
use crate::summary::{self, Summary};
use crate::{logs, metrics, outputs, reasons, timeline};

impl Step<'_> {
    /// Whether the settled job is what was requested.
    pub(super) async fn verdict(
        &self,
        plan: &Plan,
        arn: Option<&str>,
        ended: &Ended,
    ) -> Result<(), StepError> {
        let Some(last) = &ended.last else { return Ok(()) };
        if last.phase != Phase::Succeeded {
            let parts = self.failed_steps(plan, &ended.answer).await;
            let reason = reasons::of(&ended.answer, &parts, ended.history.seen());
            let reason = reason.as_deref().unwrap_or("SageMaker gives no reason");
            let (name, state) = (subject::name(plan, arn, &ended.answer), last.state());
            return Err(StepError::Failed(format!("{name} is {state}: {reason}")));
        }
        if let Some(expected) = &plan.expected
            && ended.answer.pointer(expected.pointer) != Some(&expected.value)
        {
            let reason = reasons::of(&ended.answer, &[], ended.history.seen());
            let reason = reason.map(|why| format!(": {why}")).unwrap_or_default();
            return Err(StepError::Failed(format!("{}{reason}", expected.otherwise)));
        }
        match self.component.failure(&ended.answer) {
            Some(why) => Err(StepError::Failed(why)),
            None => Ok(()),
        }
    }

    /// The failed steps of a pipeline execution, because the execution itself says only that some
    /// failed. They are listed if the step has the permission.
    async fn failed_steps(&self, plan: &Plan, answer: &Value) -> Vec<Value> {
        let arn = answer.get("PipelineExecutionArn");
        let Some(arn) = arn.filter(|_| plan.watch == Watch::Job(Kind::PipelineExecution)) else {
            return Vec::new();
        };
        let input = json!({"PipelineExecutionArn": arn, "MaxResults": 100});
        let pages = self.api.pages("ListPipelineExecutionSteps", &input, "PipelineExecutionSteps");
        let mut steps = pages.all().await.unwrap_or_default();
        steps.retain(|step| step.get("StepStatus").and_then(Value::as_str) == Some("Failed"));
        steps
    }

    /// Writes outputs and artifacts, prints logs, makes the final calls, and prints the last lines:
    /// what happened, and links.
    pub(super) async fn finish(
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
        } else if ended.last.as_ref().is_some_and(|last| last.phase.is_settled()) {
            outputs.extend(self.component.left(finished, &self.api).await);
        }
        add_common(&mut outputs, arn, ended, result.as_ref().err());
        let written = outputs::write(self.component.definition(), self.output_paths, &outputs);
        let subject = Subject::of(plan, arn, (&ended.answer, ended.last.as_ref()), &ended.history);
        self.write_artifacts(&subject, &Summary::of(&subject, result.as_ref().err()));
        self.print_logs(&subject, result.is_err()).await;
        if let Err(error) = &result
            && self.reports(error)
        {
            Summary::of(&subject, Some(error)).say();
            say::out(
                "The step succeeds because of `on_failure`. Its outputs say how the job ended",
            );
            return Ok(written?);
        }
        let done = self.do_after(plan, result).await.and(written.map_err(StepError::from));
        Summary::of(&subject, done.as_ref().err()).say();
        done
    }

    /// Makes the final calls, if all went well.
    async fn do_after(&self, plan: &Plan, result: Result<(), StepError>) -> Result<(), StepError> {
        result?;
        for call in &plan.after {
            self.api.call(&call.operation, &call.input).await?;
            say::out(format_args!("{} done", call.operation));
        }
        Ok(())
    }

    /// Whether this end is only reported in the outputs and does not fail the step: only a job that
    /// ended badly by itself.
    fn reports(&self, error: &StepError) -> bool {
        let is_jobs = matches!(error, StepError::Failed(_));
        let is_terminated = self.is_terminated.load(Ordering::Relaxed);
        is_jobs && !is_terminated && self.options.on_failure == OnFailure::Report
    }

    /// Writes the pages that KFP shows. A page that cannot be written is not a failure of the job.
    fn write_artifacts(&self, subject: &Subject<'_>, summary: &Summary) {
        let path = |name| self.options.artifacts.get(name);
        let write = |name, text: String| path(name).map(|path| outputs::write_file(path, &text));
        let metrics = metrics::of(subject.answer);
        let handed =
            metrics::hand_over(&metrics, path(metrics::NAME).map(PathBuf::as_path), self.executor);
        let page = subject.last.map(|last| timeline::page(subject, last));
        let page = page.and_then(|page| write(timeline::NAME, page));
        let summary = write(summary::NAME, summary.markdown());
        let written = [Some(handed), page, summary].into_iter().flatten();
        for error in written.filter_map(Result::err) {
            say::err(format_args!("sagebell-step: an artifact could not be written: {error}"));
        }
    }

    async fn print_logs(&self, subject: &Subject<'_>, failed: bool) {
        let Some(arn) = &subject.job else { return };
        match Account::new(self.sdk, arn.region(), Arc::clone(&self.clock)) {
            Ok(account) => logs::print(&account, subject, self.options.logs, failed).await,
            Err(error) => say::err(format_args!("sagebell-step: {error}")),
        }
    }
}

/// Adds the outputs that every component has.
fn add_common(outputs: &mut Outputs, arn: Option<&str>, ended: &Ended, error: Option<&StepError>) {
    let status = ended.last.as_ref().map(|last| last.status.clone());
    let reason = error.map(ToString::to_string);
    let common =
        [("job_arn", arn.map(str::to_owned)), ("status", status), ("failure_reason", reason)];
    for (name, value) in common {
        outputs.entry(name.to_owned()).or_insert_with(|| json!(value.unwrap_or_default()));
    }
}
