//! Why a wait cannot be registered, read or cancelled.

use crate::limits::TooMany;
use crate::owners::NotAllowed;
use crate::policy::Policy;
use crate::ports::{SageMakerError, StoreError};
use crate::record::RecordError;

/// What a registration may be refused for. On the wire the fields have names of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// Where to call back.
    CallbackUrl,
    /// When to give up.
    Deadline,
    /// The waiter's own labels.
    Labels,
    /// How long the wait lives without a renewal.
    LeaseSeconds,
    /// From when on observations count.
    NotBefore,
    /// What becomes of the job if the waiter is gone.
    OnAbandon,
}

impl std::fmt::Display for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::CallbackUrl => "callback URL",
            Self::Deadline => "deadline",
            Self::Labels => "labels",
            Self::LeaseSeconds => "lease",
            Self::NotBefore => "earliest time of an observation",
            Self::OnAbandon => "wish for an abandoned job",
        })
    }
}

/// Why a wait could not be registered, read or cancelled.
#[derive(Debug, thiserror::Error)]
pub enum WaitError {
    /// A field is wrong.
    #[error("{field}: {problem}")]
    Invalid {
        /// The field.
        field: Field,
        /// What is wrong and what is right.
        problem: String,
    },
    /// A job of an account or region that this monitor is not for.
    #[error("this monitor does not accept jobs of {0}")]
    OutOfScope(String),
    /// No such wait.
    #[error("no such wait on this job")]
    NotFound,
    /// The job is another principal's, or nobody's that is known.
    #[error("only the owner of a job may have it stopped: {0}")]
    NotOwner(NotAllowed),
    /// Others still wait for the job that is to be stopped.
    #[error("others still wait for the job: cancel without stop, or force it as its owner")]
    OthersWait,
    /// The connection is closed, unknown, or another principal's.
    #[error("the connection is not open, or not yours: open another one and register again")]
    ConnectionNotOpen,
    /// So many waits are registered on the connection already.
    #[error(
        "{} waits are registered on this connection: open another one",
        Policy::CONNECTION_WAITS
    )]
    ConnectionFull,
    /// Its principal registered more than its share.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// SageMaker did not stop the job.
    #[error("the job was not stopped, and the wait stays: {0}")]
    NotStopped(#[source] SageMakerError),
    /// Recording or the store failed.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl From<NotAllowed> for WaitError {
    fn from(why: NotAllowed) -> Self {
        match why {
            NotAllowed::Unknown(error) => Self::NotStopped(error),
            why @ (NotAllowed::OwnedBy(_) | NotAllowed::Unowned) => Self::NotOwner(why),
        }
    }
}

impl From<StoreError> for WaitError {
    fn from(error: StoreError) -> Self {
        Self::Record(error.into())
    }
}

pub(super) fn invalid(field: Field, problem: impl Into<String>) -> WaitError {
    WaitError::Invalid { field, problem: problem.into() }
}
