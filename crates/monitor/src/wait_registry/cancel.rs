//! Use case: cancel a wait, and stop its job if its owner asks for that.

use super::error::contended;
use super::{Stop, WaitAndJob, WaitError, WaitRegistry};
use crate::job::JobRecord;
use crate::owners;
use crate::policy::Policy;
use crate::ports::Saved;
use crate::wait::{Wait, WaitKey, WaitState};

impl WaitRegistry {
    /// Takes a wait back, and has the job stopped first if that is asked for.
    /// Cancelling a wait whose life is over changes nothing.
    ///
    /// # Errors
    /// `NotFound`; `NotOwner`, `OthersWait` and `NotStopped`, after which the wait
    /// stays; or the store's.
    pub async fn cancel(&self, key: &WaitKey, stop: Stop) -> Result<WaitAndJob, WaitError> {
        let mut wait = self.find(key).await?;
        let record = self.job_for(&wait.value).await?;
        if stop != Stop::No && !wait.value.is_settled_by(&record) {
            self.stop(&wait.value, &record, stop).await?;
        }
        for tries in 1..=Policy::CAS_TRIES {
            if wait.value.state != WaitState::Waiting {
                return Ok(WaitAndJob::of(wait.value, record));
            }
            wait.value.finish(WaitState::Cancelled, self.clock.now(), &self.policy);
            match self.store.save_wait(&wait.value, Some(wait.version)).await? {
                Saved::Stored(_) => {
                    return Ok(WaitAndJob::of(wait.value, record));
                }
                Saved::Conflict(Some(found)) => wait = found,
                Saved::Conflict(None) => return Err(WaitError::NotFound),
            }
            self.recorder.back_off(tries).await;
        }
        Err(contended(key))
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
