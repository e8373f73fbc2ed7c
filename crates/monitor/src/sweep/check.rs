//! Checks a job that has waits and was silent. For most kinds SageMaker's list tells every change of
//! every job, so the check only sees to it that the list is read. What no list tells is asked for by
//! a Describe call.

use std::sync::PoisonError;
use std::time::Duration;

use super::beat::Beat;
use super::lists::Want;
use super::{Learned, StepError, Sweep};
use crate::arn::JobArn;
use crate::facts::Facts;
use crate::job::JobRecord;
use crate::job_list::JobList;
use crate::kind::{Kind, Lifecycle};
use crate::observation::{Observation, Source};
use crate::phase::Phase;
use crate::policy::Policy;
use crate::ports::{SageMakerError, Versioned};
use crate::time::{earlier, later};
use crate::wait::{News, Wait};

impl Sweep {
    pub(super) async fn check(
        &self,
        mut wait: Versioned<Wait>,
        record: Option<&JobRecord>,
        learned: &Learned,
    ) -> Result<(), StepError> {
        if record.is_none_or(|record| wait.value.news(record) == News::None) {
            // With nothing to tell, a claim or a retry that somebody left behind
            // would keep the wait due for ever.
            wait.value.delivery.claimed_until = None;
            wait.value.delivery.retry_at = None;
        }
        let pause = self.look(&wait.value, record, learned).await?;
        wait.value.checks = wait.value.checks.saturating_add(1);
        wait.value.check_at = later(self.clock.now(), pause);
        self.save(wait).await?;
        Ok(())
    }

    /// Sees to it that the next change of the job is noticed. Returns the pause before the next check.
    async fn look(
        &self,
        wait: &Wait,
        record: Option<&JobRecord>,
        learned: &Learned,
    ) -> Result<Duration, StepError> {
        let kind = wait.arn.kind();
        let known = record.filter(|record| is_known(wait, record));
        let known = known.filter(|record| !may_vanish(kind, record.job.phase));
        let Some(list) = JobList::of(&wait.arn) else {
            let is_told = known.is_some() && kind.spec().has_telling_events();
            if is_told && wait.checks == 0 {
                return Ok(self.policy.check_pause(kind, wait.checks, self.entropy.unit()));
            }
            return self.describe(wait, record, learned).await;
        };
        let pause = self.policy.listed_pause(wait.checks, self.entropy.unit());
        let listed = match known {
            Some(record) if wait.checks < Policy::CHECKS_LISTED => {
                let since = record.job.modified_at.unwrap_or(record.recorded_at);
                Some(Want { list, since, pause, at_once: false })
            }
            None if wait.checks == 0 => {
                let pause = self.policy.first_look(kind);
                let since = wait.not_before.unwrap_or(wait.created_at);
                Some(Want { list, since, pause, at_once: true })
            }
            // Perhaps it is not on the list any more, or changed before the list was read.
            Some(_) | None => None,
        };
        if let Some(want) = listed
            && learned.notes.join_list(&*self.store, &want, learned.beat.now).await?
        {
            return Ok(want.pause);
        }
        self.describe(wait, record, learned).await
    }

    async fn describe(
        &self,
        wait: &Wait,
        record: Option<&JobRecord>,
        learned: &Learned,
    ) -> Result<Duration, StepError> {
        // A name field may have told a better spelling than the wait's.
        let arn = record.map_or(&wait.arn, |record| &record.job.arn);
        let pause = self.policy.check_pause(arn.kind(), wait.checks, self.entropy.unit());
        if !learned.describes_first(arn) {
            return Ok(pause);
        }
        match self.sagemaker.describe(arn).await {
            Ok(seen) => self.describe_seen(wait, seen, pause, learned).await,
            Err(SageMakerError::NotFound) => {
                self.not_found(wait, record, &learned.beat).await?;
                Ok(pause)
            }
            Err(error) => {
                tracing::info!(%error, "sweep: the job could not be checked");
                let is_throttled = matches!(error, SageMakerError::Throttled(_));
                Ok(if is_throttled { Policy::REDRIVE } else { pause })
            }
        }
    }

    /// Records what a Describe call saw. From then on the list tells what changes.
    async fn describe_seen(
        &self,
        wait: &Wait,
        seen: Observation,
        pause: Duration,
        learned: &Learned,
    ) -> Result<Duration, StepError> {
        let (since, phase) = (seen.seen_at, seen.phase);
        self.intake.submit(seen).await?;
        let list = JobList::of(&wait.arn).filter(|list| !may_vanish(list.kind, phase));
        let Some(list) = list else { return Ok(pause) };
        let pause = self.policy.listed_pause(wait.checks, self.entropy.unit());
        let want = Want { list, since, pause, at_once: false };
        learned.notes.join_list(&*self.store, &want, learned.beat.now).await?;
        Ok(pause)
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
            facts: Facts::default(),
            arn: wait.arn.clone(),
        };
        Ok(self.intake.submit(gone).await?)
    }
}

/// Whether the record tells the state of the job that this wait is for.
fn is_known(wait: &Wait, record: &JobRecord) -> bool {
    record.is_seen() && !record.is_in_doubt() && wait.is_about(record)
}

/// Whether a resource is perhaps being deleted. Then it is on no list soon.
fn may_vanish(kind: Kind, phase: Phase) -> bool {
    kind.spec().lifecycle == Lifecycle::Resource && phase == Phase::Stopping
}

impl Learned {
    /// Notes that this sweep describes the job. Returns whether it has not yet: many waits on one job
    /// cost one Describe call.
    pub(super) fn describes_first(&self, arn: &JobArn) -> bool {
        self.described.lock().unwrap_or_else(PoisonError::into_inner).insert(arn.clone())
    }
}
