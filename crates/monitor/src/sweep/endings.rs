//! Ends waits (abandoned, past their deadline, undeliverable), and stops jobs that nobody needs
//! any more.

use metrics::counter;

use super::beat::Beat;
use super::{Learned, StepError, Sweep};
use crate::job::JobRecord;
use crate::owners::{self, NotAllowed};
use crate::policy::Policy;
use crate::ports::{SageMakerError, StoreError, Versioned};
use crate::signal::Announcement;
use crate::time::later;
use crate::wait::{OnAbandon, Wait, WaitState};

impl Sweep {
    /// Nobody waits any more: the wait is abandoned, or its deadline has passed. The job is stopped
    /// if the wait says so and no other wait needs it.
    pub(super) async fn end(
        &self,
        mut wait: Versioned<Wait>,
        record: Option<&JobRecord>,
        state: WaitState,
        learned: &Learned,
    ) -> Result<(), StepError> {
        let settled = record.is_some_and(|record| wait.value.is_settled_by(record));
        let stopping = wait.value.on_abandon == OnAbandon::Stop
            && !settled
            && !self.is_wanted_by_others(&wait.value, &learned.beat).await?;
        wait.value.stop_pending = stopping;
        wait.value.check_at = self.clock.now();
        let (arn, wait_id) = (wait.value.arn.clone(), wait.value.id.clone());
        // Written first: a waiter that comes back before the stop takes it back.
        let Some(wait) = self.finish(wait, state).await? else {
            return Ok(());
        };
        if state == WaitState::Abandoned {
            learned.notes.give_up(wait.value.key(), state, learned.beat.now);
            let gone = Announcement::WaitAbandoned { arn, wait_id, stopping };
            self.announcer.announce(&gone).await;
        }
        if stopping { self.stop(wait, record).await } else { Ok(()) }
    }

    /// Waiters whose time is up as well want nothing any more, even if the sweep has yet
    /// to look at them: two that look at each other would both leave the job to the other.
    async fn is_wanted_by_others(&self, wait: &Wait, beat: &Beat) -> Result<bool, StoreError> {
        let counts = |other: &Wait| {
            let is_gone = other.is_out_of_time(beat.since, &self.policy);
            other.ends_after(&beat.breaks) > beat.now && !is_gone
        };
        owners::is_wanted_by_others(&*self.store, wait, counts).await
    }

    /// Stops the job of the wait, if its principal may have it stopped.
    async fn stop_owned(&self, wait: &Wait, record: Option<&JobRecord>) -> Result<(), NotAllowed> {
        owners::check(&*self.sagemaker, wait, record).await?;
        Ok(self.sagemaker.stop(record.map_or(&wait.arn, |record| &record.job.arn)).await?)
    }

    /// Retries a stop that failed before. By now somebody else may wait for the job.
    pub(super) async fn stop_again(
        &self,
        mut wait: Versioned<Wait>,
        record: Option<&JobRecord>,
        beat: &Beat,
    ) -> Result<(), StepError> {
        if !self.is_wanted_by_others(&wait.value, beat).await? {
            return self.stop(wait, record).await;
        }
        wait.value.stop_pending = false;
        self.save(wait).await?;
        Ok(())
    }

    async fn stop(
        &self,
        mut wait: Versioned<Wait>,
        record: Option<&JobRecord>,
    ) -> Result<(), StepError> {
        let settled = record.is_some_and(|record| wait.value.is_settled_by(record));
        let stopped = if settled { Ok(()) } else { self.stop_owned(&wait.value, record).await };
        match stopped {
            Ok(()) | Err(NotAllowed::Unknown(SageMakerError::NotFound)) => {
                counter!("sagebell_orphans_stopped_total").increment(1);
                wait.value.stop_pending = false;
            }
            Err(why @ (NotAllowed::OwnedBy(_) | NotAllowed::Unowned)) => {
                tracing::warn!(%why, "an abandoned job is not stopped: another principal owns it");
                counter!("sagebell_stops_refused_total").increment(1);
                wait.value.stop_pending = false;
            }
            Err(NotAllowed::Unknown(error)) => {
                let given_up = self.clock.now() >= later(wait.value.deadline, Policy::EXPIRY_SLACK)
                    || matches!(error, SageMakerError::Unsupported { .. });
                tracing::error!(%error, given_up, "an abandoned job could not be stopped");
                wait.value.stop_pending = !given_up;
                wait.value.checks = wait.value.checks.saturating_add(1);
                let pause = Policy::retry_pause(wait.value.checks, self.entropy.unit());
                wait.value.check_at = later(self.clock.now(), pause.max(Policy::REDRIVE));
            }
        }
        self.save(wait).await?;
        Ok(())
    }

    pub(super) async fn undeliverable(
        &self,
        wait: Versioned<Wait>,
        learned: &Learned,
    ) -> Result<(), StepError> {
        let state = WaitState::Undeliverable;
        let (arn, wait_id) = (wait.value.arn.clone(), wait.value.id.clone());
        let reason = wait.value.delivery.last_error.clone();
        let reason = reason.unwrap_or_else(|| "the deadline passed before any attempt".to_owned());
        if let Some(wait) = self.finish(wait, state).await? {
            learned.notes.give_up(wait.value.key(), state, learned.beat.now);
            self.announcer
                .announce(&Announcement::WaitUndeliverable { arn, wait_id, reason })
                .await;
        }
        Ok(())
    }

    async fn finish(
        &self,
        mut wait: Versioned<Wait>,
        state: WaitState,
    ) -> Result<Option<Versioned<Wait>>, StoreError> {
        wait.value.finish(state, self.clock.now(), &self.policy);
        self.save(wait).await
    }
}
