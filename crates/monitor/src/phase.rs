//! What Sagebell makes of a SageMaker status.

use serde::{Deserialize, Serialize};

/// The phase of a job, the same seven words for every kind, and `unknown` for
/// a status that the table of kinds does not list (AWS adds statuses; guessing
/// at them would wake waiters wrongly).
///
/// The order is the rank that breaks ties between two observations of the same
/// instant: further along wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// A status no row of the table names, or a job not seen yet.
    Unknown,
    /// Accepted, not started.
    Pending,
    /// Doing its work.
    Running,
    /// On its way to `Stopped`.
    Stopping,
    /// Ended well, or a resource in its good steady state.
    Succeeded,
    /// Ended badly.
    Failed,
    /// Ended because someone stopped or deleted it.
    Stopped,
    /// Ended because it ran out of its allowed time.
    TimedOut,
}

impl Phase {
    /// Every phase, for tables and filters.
    pub const ALL: [Self; 8] = [
        Self::Unknown,
        Self::Pending,
        Self::Running,
        Self::Stopping,
        Self::Succeeded,
        Self::Failed,
        Self::Stopped,
        Self::TimedOut,
    ];

    /// The settled phase this is, if it is one of the four that end a wait.
    #[must_use]
    pub fn settled(self) -> Option<SettledPhase> {
        match self {
            Self::Succeeded => Some(SettledPhase::Succeeded),
            Self::Failed => Some(SettledPhase::Failed),
            Self::Stopped => Some(SettledPhase::Stopped),
            Self::TimedOut => Some(SettledPhase::TimedOut),
            Self::Unknown | Self::Pending | Self::Running | Self::Stopping => None,
        }
    }

    /// Whether this phase ends a wait.
    #[must_use]
    pub fn is_settled(self) -> bool {
        self.settled().is_some()
    }

    /// The word on the wire, `snake_case`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::TimedOut => "timed_out",
        }
    }

    /// The phase with this wire word.
    #[must_use]
    pub fn from_wire(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.as_str() == word)
    }
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A phase that ends a wait; it cannot be `Running`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SettledPhase {
    /// See [`Phase::Succeeded`].
    Succeeded,
    /// See [`Phase::Failed`].
    Failed,
    /// See [`Phase::Stopped`].
    Stopped,
    /// See [`Phase::TimedOut`].
    TimedOut,
}
