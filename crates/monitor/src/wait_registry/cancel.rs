//! Use case: cancel a wait, and stop its job if the owner requests this.

use super::{Stop, WaitAndJob, WaitError, WaitRegistry};
use crate::compare_and_set::{Edit, Written};
use crate::job::JobRecord;
use crate::owners;
use crate::ports::Versioned;
use crate::record::RecordError;
use crate::wait::{Wait, WaitKey, WaitState};

impl WaitRegistry {
    /// Cancels a wait, and first stops the job if that is requested. Cancelling a wait that has
    /// ended changes nothing.
    ///
    /// # Errors
    /// `NotFound`; `NotOwner`, `OthersWait` and `NotStopped`, after which the wait
    /// stays; or the store's.
    pub async fn cancel(&self, key: &WaitKey, stop: Stop) -> Result<WaitAndJob, WaitError> {
        let wait = self.find(key).await?;
        let record = self.job_for(&wait.value).await?;
        if stop != Stop::No && !wait.value.is_settled_by(&record) {
            self.stop(&wait.value, &record, stop).await?;
        }
        let edit = |found: Option<Versioned<Wait>>| match found {
            Some(Versioned { value: mut wait, .. }) if wait.state == WaitState::Waiting => {
                wait.finish(WaitState::Cancelled, self.clock.now(), &self.policy);
                Edit::Write(wait)
            }
            ended_or_gone => Edit::Keep(ended_or_gone),
        };
        let wait = match self.compare_and_set().run(Some(wait), edit).await? {
            Written::Stored(wait) => wait,
            Written::Kept(ended_or_gone) => ended_or_gone.ok_or(WaitError::NotFound)?,
            Written::Contended => return Err(RecordError::wait_contended(key).into()),
        };
        Ok(WaitAndJob::of(wait.value, record))
    }

    async fn stop(&self, wait: &Wait, record: &JobRecord, stop: Stop) -> Result<(), WaitError> {
        owners::check(&*self.sagemaker, wait, Some(record)).await?;
        // One whose deadline has passed counts until the sweep has ended it: the clock may
        // have jumped.
        let others = owners::is_wanted_by_others(&*self.store, wait, |_| true);
        if stop == Stop::Unwanted && others.await? {
            return Err(WaitError::OthersWait);
        }
        self.sagemaker.stop(&record.job.arn).await.map_err(WaitError::NotStopped)
    }
}
