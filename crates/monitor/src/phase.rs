//! Phases: the meaning of a SageMaker status, in the same words for every kind.

use serde::{Deserialize, Serialize};

/// The phase of a job: the same seven words for every kind, and `unknown` for a status that the
/// table of kinds does not list. AWS adds statuses, and a guess could wake waiters wrongly.
///
/// The order of the phases decides between two observations of the same instant: the later phase
/// wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The status is not in the table, or the job was not observed yet.
    Unknown,
    /// Accepted, but not started.
    Pending,
    /// Running.
    Running,
    /// On its way to `Stopped`.
    Stopping,
    /// Ended well, or (for a resource) in its good steady state.
    Succeeded,
    /// Ended badly.
    Failed,
    /// Ended because someone stopped or deleted it.
    Stopped,
    /// Ended because its time limit passed.
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

    /// The settled phase, if this phase ends a wait.
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
