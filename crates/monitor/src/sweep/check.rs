//! Checks a job that sends no events: one Describe call.

use std::sync::PoisonError;

use super::beat::Beat;
use super::{Described, StepError, Sweep};
use crate::job::JobRecord;
use crate::observation::{Observation, Source};
use crate::policy::Policy;
use crate::ports::{SageMakerError, Versioned};
use crate::time::{earlier, later};
use crate::wait::{News, Wait};

impl Sweep {
    pub(super) async fn check(
        &self,
        mut wait: Versioned<Wait>,
        record: Option<&JobRecord>,
        beat: &Beat,
        seen: &Described,
    ) -> Result<(), StepError> {
        // A name field may have told a better spelling than the wait's.
        let arn = record.map_or(&wait.value.arn, |record| &record.job.arn).clone();
        if record.is_none_or(|record| wait.value.news(record) == News::None) {
            // With nothing to tell, a claim or a retry that somebody left behind
            // would keep the wait due for ever.
            wait.value.delivery.claimed_until = None;
            wait.value.delivery.retry_at = None;
        }
        let first = seen.lock().unwrap_or_else(PoisonError::into_inner).insert(arn.clone());
        let mut throttled = false;
        if first {
            match self.sagemaker.describe(&arn).await {
                Ok(seen) => self.intake.submit(seen).await?,
                Err(SageMakerError::NotFound) => self.not_found(&wait.value, record, beat).await?,
                Err(error) => {
                    throttled = matches!(error, SageMakerError::Throttled(_));
                    tracing::info!(%error, "sweep: the job could not be checked");
                }
            }
        }
        let pause = if throttled {
            Policy::REDRIVE
        } else {
            wait.value.checks = wait.value.checks.saturating_add(1);
            self.policy.check_pause(arn.kind(), wait.value.checks, self.entropy.unit())
        };
        wait.value.check_at = later(self.clock.now(), pause);
        self.save(wait).await?;
        Ok(())
    }

    /// An observation for a job that SageMaker no longer knows: it ended, but Sagebell did not see
    /// how.
    ///
    /// The observation is of the job that this wait is for, and dated by what is
    /// known of that one, not by the present: its name may be another's already.
    async fn not_found(
        &self,
        wait: &Wait,
        record: Option<&JobRecord>,
        beat: &Beat,
    ) -> Result<(), StepError> {
        let now = self.clock.latest();
        let own = record.filter(|record| record.is_seen() && wait.is_about(record));
        let created_at = own.and_then(|record| record.job.created_at);
        // Whatever SageMaker tells of a job goes before what a clock of ours dates.
        let earliest = self.clock.earliest();
        let stated = wait.not_before.max(created_at);
        // A wait that is not young was registered that long ago, whatever its clock showed.
        let not_young = earlier(earliest, Policy::NOT_FOUND_GRACE);
        let registered_at = wait.created_at.min(not_young);
        let since = stated.map_or(registered_at, |stated| stated.max(registered_at));
        // A clock that jumped makes young jobs old: each time is compared with its like.
        let broken_at = beat.breaks.last().map(|one| one.over_at);
        let known_since = broken_at.map_or(wait.created_at, |at| at.max(wait.created_at));
        // A step has no creation: the last change that SageMaker told of says that it was there.
        let there_at = stated.max(own.and_then(|record| record.job.modified_at));
        let is_young = |since, now| later(since, Policy::NOT_FOUND_GRACE) > now;
        if there_at.is_some_and(|at| is_young(at, earliest)) || is_young(known_since, now) {
            return Ok(());
        }
        let status = "Deleted";
        let reason =
            "SageMaker no longer knows this job. It was deleted before Sagebell saw its end.";
        let gone = Observation {
            name: None,
            phase: wait.arn.kind().phase(status, None),
            status: status.to_owned(),
            secondary_status: None,
            failure_reason: Some(reason.to_owned()),
            created_at: if own.is_some() { created_at } else { Some(since) },
            modified_at: own
                .and_then(|record| record.job.modified_at)
                .max(Some(since))
                .unwrap_or(now),
            ended_at: Some(now),
            seen_at: now,
            source: Source::Describe,
            arn: wait.arn.clone(),
        };
        Ok(self.intake.submit(gone).await?)
    }
}
