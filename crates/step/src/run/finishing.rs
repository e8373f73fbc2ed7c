//! Finishing: what the end means, outputs, artifacts, logs.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use account::Account;
use bootstrap::say;
use monitor::arn::JobArn;
use monitor::phase::Phase;
use serde_json::{Value, json};

use super::waiting::Ended;
use super::{Step, StepError};
use crate::component::{Finished, Outputs};
use crate::options::OnFailure;
use crate::plan::Plan;
use crate::{logs, metrics, outputs, timeline};

impl Step<'_> {
    /// Whether what has settled is what was asked for.
    pub(super) fn verdict(&self, plan: &Plan, ended: &Ended) -> Result<(), StepError> {
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
        }
        add_common(&mut outputs, arn, ended, result.as_ref().err());
        let written = outputs::write(self.component.definition(), self.output_paths, &outputs);
        self.write_artifacts(plan, arn, ended);
        self.print_logs(arn, &ended.answer, result.is_err()).await;
        if let Err(error) = &result
            && self.reports(error)
        {
            error.tell();
            say::out(
                "The step succeeds all the same, as `on_failure` asks: its outputs tell of it",
            );
            return Ok(written?);
        }
        result?;
        for call in &plan.after {
            self.api.call(&call.operation, &call.input).await?;
            say::out(format_args!("{} done", call.operation));
        }
        Ok(written?)
    }

    /// Whether this end is told of in the outputs and fails no step: of a job that ended
    /// badly by itself, and of nothing else.
    fn reports(&self, error: &StepError) -> bool {
        let is_jobs = matches!(error, StepError::Failed(_));
        let is_terminated = self.is_terminated.load(Ordering::Relaxed);
        is_jobs && !is_terminated && self.options.on_failure == OnFailure::Report
    }

    /// The pages that KFP shows. A page that can't be written is no failed job.
    fn write_artifacts(&self, plan: &Plan, arn: Option<&str>, ended: &Ended) {
        let path = |name| self.options.artifacts.get(name);
        let metrics = metrics::of(&ended.answer);
        let handed =
            metrics::hand_over(&metrics, path(metrics::NAME).map(PathBuf::as_path), self.executor);
        let page = ended.last.as_ref().zip(path(timeline::NAME)).map(|(last, path)| {
            let arn = arn.unwrap_or_default();
            let subject =
                timeline::Subject { name: &plan.main.name, arn, last, answer: &ended.answer };
            outputs::write_file(path, &timeline::page(subject, &ended.history))
        });
        for error in [handed.err(), page.and_then(Result::err)].into_iter().flatten() {
            say::err(format_args!("sagebell-step: an artifact could not be written: {error}"));
        }
    }

    async fn print_logs(&self, arn: Option<&str>, answer: &Value, failed: bool) {
        let Some(arn) = arn.and_then(|arn| JobArn::parse(arn).ok()) else { return };
        match Account::new(self.sdk, arn.region(), Arc::clone(&self.clock)) {
            Ok(account) => logs::print(&account, &arn, answer, self.options.logs, failed).await,
            Err(error) => say::err(format_args!("sagebell-step: {error}")),
        }
    }
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
