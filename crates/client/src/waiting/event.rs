//! What a wait tells its caller, and how it ends.

use std::time::Duration;

use sagebell_monitor::job::Job;
use sagebell_monitor::wait::WaitState;

use crate::client::ClientError;
use crate::connection::OpenError;

/// The time limit for cancelling a wait, because the caller wants to continue.
pub(super) const CANCEL: Duration = Duration::from_secs(5);

/// Why the wait is over.
#[derive(Debug, thiserror::Error)]
pub enum WaitError {
    /// The monitor refuses the wait for good.
    #[error(transparent)]
    Refused(#[from] ClientError),
    /// The wait ended, but its job has not settled.
    #[error("the wait is {}: another caller ended it", .0.as_str())]
    Ended(WaitState),
}

/// Why a wait was not cancelled.
#[derive(Debug, thiserror::Error)]
pub enum CancelError {
    /// The monitor did not answer in time.
    #[error("the monitor did not answer within {} s", CANCEL.as_secs())]
    Late,
    /// The monitor could not be reached, or refused.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// An event of a wait.
#[derive(Debug)]
pub enum WaitEvent {
    /// The job has changed. Contains the job, as known now.
    Job(Job),
    /// The monitor cannot be reached. Reported at once, and then every few minutes. The wait
    /// continues, and a signal can still come.
    Outage(ClientError),
    /// The monitor can be reached again, after this time.
    Restored(Duration),
    /// The monitor was out of reach for a long time: call SageMaker itself, once.
    Unsure,
    /// There is no connection for the moment. The wait continues: the answers to renewals tell the
    /// state.
    FellBack(OpenError),
    /// There is a connection again.
    Connected,
}
