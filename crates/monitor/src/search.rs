//! Searches for a waiter whose lease has ended, before its wait counts as abandoned.
//!
//! Promise: only probes count that were really sent and not answered, spread over some minutes.
//! What the monitor itself failed to do (a sweep that did not run, a queue that lost a message)
//! is no evidence against a waiter.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::policy::Policy;
use crate::time::later;

/// The progress of the search for a waiter that no longer renews its lease.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Search {
    /// The number of probes that were really sent, one after the other, and not answered.
    pub unanswered: u32,
    /// When the last of them was sent.
    pub probed_at: Option<Timestamp>,
    /// When the next probe is due.
    pub next_at: Option<Timestamp>,
    /// How often the sweep requested a probe.
    pub asked: u32,
}

impl Search {
    /// Whether enough probes were sent.
    #[must_use]
    pub fn is_in_vain(&self) -> bool {
        self.unanswered >= Policy::PROBES
    }

    /// Notes that a probe was sent at this time and not answered. Two probes right after each
    /// other, for example because a message was duplicated, count as one.
    pub(crate) fn missed(&mut self, now: Timestamp, policy: &Policy) {
        let spread = policy.probe_pause / 2;
        if self.probed_at.is_none_or(|last| later(last, spread) <= now) {
            self.unanswered += 1;
            self.probed_at = Some(now);
        }
    }
}
