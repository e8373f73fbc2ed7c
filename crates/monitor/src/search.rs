//! Searches for a waiter whose lease has ended, before its wait counts as abandoned.
//!
//! Promise: only probes count that were really sent and not answered, spread over some minutes.
//! What the monitor itself failed to do (a sweep that did not run, a queue that lost a message)
//! is no evidence against a waiter.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::policy::Policy;
use crate::time::later;

/// How far the search for a waiter that no longer renews its lease has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Search {
    /// Probes that were really sent, one after the other, and not answered.
    pub unanswered: u32,
    /// When the last of them was sent.
    pub probed_at: Option<Timestamp>,
    /// When the sweep looks for the waiter next.
    pub next_at: Option<Timestamp>,
    /// How often the sweep asked for a probe.
    pub asked: u32,
}

impl Search {
    /// Whether the waiter was looked for often enough.
    #[must_use]
    pub fn is_in_vain(&self) -> bool {
        self.unanswered >= Policy::PROBES
    }

    /// A probe was sent at this time and not answered. Two that follow each other at
    /// once, as when a message is doubled, are one.
    pub(crate) fn missed(&mut self, now: Timestamp, policy: &Policy) {
        let spread = policy.probe_pause / 2;
        if self.probed_at.is_none_or(|last| later(last, spread) <= now) {
            self.unanswered += 1;
            self.probed_at = Some(now);
        }
    }
}
