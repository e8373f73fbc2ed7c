//! A connection that a waiter holds, and the waits that are told through it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::policy::Policy;
use crate::principal::Principal;
use crate::time::later;
use crate::wait::{Channel, ConnectionId, WaitKey};

/// A connection, as the store holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// The principal that opened it. Only waits of this principal are told through it.
    pub owner: Principal,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When the monitor learned that it is closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// The waits that were registered on it. Some may have another channel by now.
    #[serde(default)]
    pub waits: Vec<WaitKey>,
    /// When the store may delete it.
    pub expires_at: Timestamp,
}

impl Connection {
    /// A connection that has just been opened.
    #[must_use]
    pub fn opened(id: ConnectionId, owner: Principal, opened_at: Timestamp) -> Self {
        // As long as the lease of a wait on it: until then its end may be asked for.
        let expires_at = later(opened_at, Policy::CONNECTION_KEPT);
        Self { id, owner, opened_at, closed_at: None, waits: Vec::new(), expires_at }
    }

    /// Whether it is open, as far as the monitor knows.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.closed_at.is_none()
    }

    /// The channel of a wait on it.
    #[must_use]
    pub fn channel(&self) -> Channel {
        Channel::Connection { id: self.id.clone(), opened_at: self.opened_at }
    }
}
