//! Use cases: stop a job, and let what people ask for twice happen once.

use std::time::Duration;

use super::JobQueries;
use crate::arn::JobArn;
use crate::counter::CountKey;
use crate::job::JobRecord;
use crate::owners::{self, NotAllowed};
use crate::ports::{SageMakerError, StoreError};
use crate::principal::Principal;

/// The time in which a second request for the same act counts as the same click.
const CLICK: Duration = Duration::from_secs(4);

/// What people may do with a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// See [`JobQueries::refresh`].
    Refresh,
    /// See [`JobQueries::stop`].
    Stop,
}

impl Act {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refresh => "refresh",
            Self::Stop => "stop",
        }
    }
}

/// Why a job was not stopped.
#[derive(Debug, thiserror::Error)]
pub enum StopError {
    /// The job is another principal's, or nobody's that is known.
    #[error("only the owner of a job may stop it: {0}")]
    NotOwner(NotAllowed),
    /// Other principals still wait for the job.
    #[error("other principals still wait for the job")]
    OthersWait,
    /// SageMaker did not stop it.
    #[error(transparent)]
    SageMaker(#[from] SageMakerError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<NotAllowed> for StopError {
    fn from(why: NotAllowed) -> Self {
        match why {
            NotAllowed::Unknown(error) => Self::SageMaker(error),
            why @ (NotAllowed::OwnedBy(_) | NotAllowed::Unowned) => Self::NotOwner(why),
        }
    }
}

impl JobQueries {
    /// Stops the job for its owner, unless other principals wait for it. A job that is over (see
    /// [`Kind::is_over_in`](crate::kind::Kind::is_over_in)) is left alone. SageMaker is then asked
    /// for the new state: a stop sends no event before it is over.
    ///
    /// # Errors
    /// `NotOwner`, `OthersWait`, SageMaker's or the store's: the job was not stopped.
    pub async fn stop(&self, arn: &JobArn, who: &Principal) -> Result<(), StopError> {
        let record = self.get(arn).await?;
        let is_over = |record: &JobRecord| record.job.kind.is_over_in(record.job.phase);
        if record.as_ref().is_some_and(is_over) {
            return Ok(());
        }
        let arn = record.as_ref().map_or(arn, |record| &record.job.arn);
        owners::check_principal(&*self.sagemaker, arn, record.as_ref(), who).await?;
        if owners::is_wanted(&*self.store, arn, |wait| wait.owner != *who).await? {
            return Err(StopError::OthersWait);
        }
        self.sagemaker.stop(arn).await?;
        if let Err(error) = self.describe(arn).await {
            tracing::info!(%error, "the state of a stopped job is left to its events");
        }
        Ok(())
    }

    /// Whether nobody asked for the same act on the job within the last seconds: a click that comes
    /// twice acts once. If the answer of the store is lost, a first click can count as a second one.
    ///
    /// # Errors
    /// The store's.
    pub async fn is_first_click(&self, arn: &JobArn, act: Act) -> Result<bool, StoreError> {
        let now = self.recorder.clock.now();
        // Two windows, so that a click at the end of one is seen in the next.
        let keys = [now, crate::time::later(now, CLICK)]
            .map(|at| CountKey::at(arn.key(), act.as_str(), CLICK, at));
        let mut is_first = true;
        for key in keys {
            is_first &= self.store.count(&key).await? == 1;
        }
        Ok(is_first)
    }
}
