//! Calls Describe until a job has settled. Steps use this without a monitor, for kinds that send
//! no events, and for the short time after the monitor's last signal.

use std::ops::Range;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use sagebell_monitor::jitter::vary;
use sagebell_monitor::policy::Policy;
use sagebell_monitor::ports::{Clock, Entropy as _};
use sagebell_sagemaker::{Api, CallError, Class};
use sagebell_system::{RandomEntropy, say};
use serde_json::Value;

use crate::component::Component;
use crate::plan::{Call, Watch};
use crate::progress::{History, Seen};

/// The factor by which a pause grows.
const GROWTH: f32 = 1.5;
/// The jitter of a pause.
const JITTER: Range<f64> = 0.8..1.2;

/// The first pause and the longest.
pub type Pauses = (Duration, Duration);

/// Why polling failed.
#[derive(Debug, thiserror::Error)]
pub enum PollError {
    /// SageMaker refused the Describe call.
    #[error("{0}. The job still runs")]
    Call(#[from] CallError),
    /// The same, about a job that has ended according to the monitor.
    #[error("{0}. The job has ended, and the outputs contain what the step knows about it")]
    AfterEnd(CallError),
    /// The answer has no status.
    #[error("{operation}: the answer has no status. The job still runs")]
    NoStatus {
        /// The operation.
        operation: String,
    },
}

/// The Describe call, and how to read its answer.
pub struct Question<'a> {
    /// SageMaker.
    pub api: &'a Api,
    /// The Describe.
    pub describe: &'a Call,
    /// What its answer means.
    pub watch: &'a Watch,
    /// Knows whether work continues although the status has settled.
    pub component: &'a dyn Component,
    /// Time.
    pub clock: &'a dyn Clock,
}

impl Question<'_> {
    /// Calls Describe once.
    ///
    /// # Errors
    /// [`PollError`].
    pub async fn ask(&self) -> Result<(Value, Seen), PollError> {
        let answer = self.api.call(&self.describe.operation, &self.describe.input).await?;
        let seen = Seen::in_answer(self.watch, &answer, self.clock.now());
        let no_status = || PollError::NoStatus { operation: self.describe.operation.to_string() };
        let seen = seen.ok_or_else(no_status)?;
        Ok((answer, seen))
    }

    /// Calls Describe until the job has settled and no work continues. Temporary errors are
    /// printed, and the call is repeated. The caller limits the time.
    ///
    /// # Errors
    /// [`PollError`] if SageMaker refuses.
    pub async fn until_settled(
        &self,
        (first, longest): Pauses,
        history: &mut History,
    ) -> Result<(Value, Seen), PollError> {
        let trusted_from = self.clock.uptime() + Policy::NOT_FOUND_GRACE;
        let pauses = ExponentialBuilder::new().with_min_delay(first).with_max_delay(longest);
        let mut pauses = pauses.with_factor(GROWTH).without_max_times().build();
        loop {
            match self.ask().await {
                Ok((answer, seen)) => {
                    history.note(seen.clone(), self.clock.now());
                    if seen.phase.is_settled() && !self.component.is_still_busy(&answer) {
                        return Ok((answer, seen));
                    }
                }
                Err(PollError::Call(error))
                    if passes(&error) || self.trails(&error, trusted_from) =>
                {
                    say::err(format_args!("sagebell-step: {error}; trying again"));
                }
                Err(PollError::Call(error)) if history.has_settled() => {
                    return Err(PollError::AfterEnd(error));
                }
                Err(error) => return Err(error),
            }
            let pause = pauses.next().unwrap_or(longest);
            self.clock.sleep(vary(pause, JITTER, RandomEntropy.unit())).await;
        }
    }

    /// Whether "no such job" may only mean that the read lags behind the create.
    fn trails(&self, error: &CallError, trusted_from: Duration) -> bool {
        error.class == Class::NotFound && self.clock.uptime() < trusted_from
    }
}

fn passes(error: &CallError) -> bool {
    matches!(error.class, Class::Stale | Class::Throttled | Class::Unavailable)
}
