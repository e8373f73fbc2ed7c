//! The owner of a job, and who may have it stopped.
//!
//! Promise: a stop needs evidence that the caller owns the job. The evidence is the job's tag
//! [`OWNER_TAG`], which its creator set, or, without that tag, the record of the principal that
//! registered a wait on it first. The tag is read before every stop and before a refusal, and at
//! no other time. A tag that cannot be read is no evidence.

use crate::arn::JobArn;
use crate::job::JobRecord;
use crate::ports::{SageMaker, SageMakerError, Store, StoreError};
use crate::principal::Principal;
use crate::wait::Wait;

/// The tag that names a job's owner, as the monitor names principals. SageMaker
/// takes `111122223333:role/name` as a tag's value (API reference, `Tag`).
pub const OWNER_TAG: &str = "sagebell:owner";

/// The number of waits read at a time.
const PAGE: usize = 100;

/// Why a principal may not have a job stopped.
#[derive(Debug, thiserror::Error)]
pub enum NotAllowed {
    /// Another principal owns it.
    #[error("the job belongs to {0}")]
    OwnedBy(String),
    /// It has no known owner.
    #[error("the job has no known owner: it has no tag {OWNER_TAG} and no registration")]
    Unowned,
    /// Its tags could not be read.
    #[error("the owner of the job cannot be read: {0}")]
    Unknown(#[from] SageMakerError),
}

/// Whether `who` owns the job, according to its record.
pub(crate) fn is_recorded_owner(record: &JobRecord, who: &Principal) -> bool {
    record.owner.as_ref().is_none_or(|owner| owner == who)
}

/// The owner of the job. Reads its tag.
///
/// # Errors
/// SageMaker's, if the tag could not be read.
pub(crate) async fn owner_of(
    sagemaker: &dyn SageMaker,
    arn: &JobArn,
    record: Option<&JobRecord>,
) -> Result<Option<Principal>, SageMakerError> {
    let tagged = sagemaker.owner(arn).await?;
    Ok(tagged.or_else(|| record.and_then(|record| record.owner.clone())))
}

/// Checks that the wait's principal owns the job and may have it stopped.
///
/// A job that 0.1.0 recorded has no owner. For such a job, a wait that 0.1.0 stored counts as one
/// of its owner, as it did then. No new wait can be of this form.
///
/// # Errors
/// [`NotAllowed`]: another principal owns it, or its owner cannot be read now.
pub(crate) async fn check(
    sagemaker: &dyn SageMaker,
    wait: &Wait,
    record: Option<&JobRecord>,
) -> Result<(), NotAllowed> {
    let arn = record.map_or(&wait.arn, |record| &record.job.arn);
    match check_principal(sagemaker, arn, record, &wait.owner).await {
        Err(NotAllowed::Unowned) if !wait.keyed_by_owner => Ok(()),
        checked => checked,
    }
}

/// Checks that `who` owns the job and may have it stopped.
///
/// # Errors
/// [`NotAllowed`]: another principal owns it, or its owner cannot be read now.
pub(crate) async fn check_principal(
    sagemaker: &dyn SageMaker,
    arn: &JobArn,
    record: Option<&JobRecord>,
    who: &Principal,
) -> Result<(), NotAllowed> {
    match owner_of(sagemaker, arn, record).await? {
        Some(owner) if owner == *who => Ok(()),
        Some(owner) => Err(NotAllowed::OwnedBy(owner.0)),
        None => Err(NotAllowed::Unowned),
    }
}

/// Whether other waits than this one still need the job, among those that `counts` selects.
pub(crate) async fn is_wanted_by_others(
    store: &dyn Store,
    wait: &Wait,
    counts: impl Fn(&Wait) -> bool + Sync,
) -> Result<bool, StoreError> {
    let key = wait.key();
    is_wanted(store, &wait.arn, |other| other.key() != key && counts(other)).await
}

/// Whether waits still need the job, among those that `counts` selects.
pub(crate) async fn is_wanted(
    store: &dyn Store,
    arn: &JobArn,
    counts: impl Fn(&Wait) -> bool + Sync,
) -> Result<bool, StoreError> {
    let mut after = None;
    loop {
        let page = store.list_waits(arn, after.as_ref(), PAGE).await?;
        let live = |wait: &Wait| wait.is_wanted() && counts(wait);
        if page.items.iter().any(live) {
            return Ok(true);
        }
        after = page.next;
        if after.is_none() {
            return Ok(false);
        }
    }
}
