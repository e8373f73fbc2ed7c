//! Use cases: read jobs, their timelines and their waits, list jobs, refresh a job now.

pub mod act;

use std::sync::Arc;

use crate::arn::JobArn;
use crate::job::{Job, JobRecord};
use crate::owners::{is_recorded_owner, owner_of};
use crate::ports::{Cursor, JobFilter, Page, SageMaker, SageMakerError, Store, StoreError};
use crate::principal::Principal;
use crate::record::{RecordError, Recorder};
use crate::wait::Wait;

/// The maximum number of jobs on one page.
pub const PAGE_LIMIT: usize = 200;

/// Why a job could not be refreshed.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// Another principal owns the job.
    #[error("only the owner of a job may refresh it. It belongs to {0}")]
    NotOwner(String),
    /// The Describe call failed.
    #[error(transparent)]
    SageMaker(#[from] SageMakerError),
    /// The answer could not be recorded.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The use cases about jobs.
#[derive(Clone)]
pub struct JobQueries {
    /// Where jobs are.
    pub store: Arc<dyn Store>,
    /// SageMaker itself.
    pub sagemaker: Arc<dyn SageMaker>,
    /// Records what a refresh sees.
    pub recorder: Recorder,
}

impl JobQueries {
    /// Reads one job with its timeline.
    ///
    /// # Errors
    /// The store's.
    pub async fn get(&self, arn: &JobArn) -> Result<Option<JobRecord>, StoreError> {
        Ok(self.store.load_job(arn).await?.map(|found| found.value))
    }

    /// Lists jobs, the latest first. `limit` is limited to 1..=200.
    ///
    /// # Errors
    /// The store's.
    pub async fn list(
        &self,
        filter: &JobFilter,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page<Job>, StoreError> {
        self.store.list_jobs(filter, after, limit.clamp(1, PAGE_LIMIT)).await
    }

    /// Lists the waits on a job as `who` may see them: only the job's owner sees why a callback
    /// failed, since that reveals much about a network. Others see the class of the failure alone.
    ///
    /// # Errors
    /// The store's.
    pub async fn waits(
        &self,
        record: &JobRecord,
        who: &Principal,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page<Wait>, StoreError> {
        let limit = limit.clamp(1, PAGE_LIMIT);
        let mut page = self.store.list_waits(&record.job.arn, after, limit).await?;
        if !is_recorded_owner(record, who) {
            page.items.iter_mut().for_each(Wait::withhold_reason);
        }
        Ok(page)
    }

    /// Whether `who` owns the job as far as its record tells, so that a request to act on it makes
    /// sense. The job's tag has the last word, and is read when somebody acts.
    #[must_use]
    pub fn may_act(&self, record: &JobRecord, who: &Principal) -> bool {
        let may = self.recorder.policy.may_wait(who) && is_recorded_owner(record, who);
        may && self.sagemaker.is_there()
    }

    /// Describes the job now, for its owner or if it has no owner yet, and records the answer.
    ///
    /// # Errors
    /// `NotOwner`, SageMaker's, the recorder's or the store's.
    pub async fn refresh(
        &self,
        arn: &JobArn,
        who: &Principal,
    ) -> Result<Option<JobRecord>, RefreshError> {
        let known = self.get(arn).await?;
        let spelt = known.as_ref().map_or(arn, |record| &record.job.arn);
        if let Some(record) = known.as_ref().filter(|known| !is_recorded_owner(known, who)) {
            // Whoever came first may have guessed the name: the tag goes before.
            let owner = owner_of(&*self.sagemaker, spelt, Some(record)).await?;
            if let Some(owner) = owner.filter(|owner| owner != who) {
                return Err(RefreshError::NotOwner(owner.0));
            }
        }
        self.describe(spelt).await?;
        Ok(self.get(arn).await?)
    }

    /// Asks SageMaker for the job and records the answer.
    async fn describe(&self, arn: &JobArn) -> Result<(), RefreshError> {
        let seen = self.sagemaker.describe(arn).await?;
        self.recorder.record(&seen).await?;
        Ok(())
    }
}
