//! Deadlines of waits, where a clock may have jumped over them.
//!
//! Promise: a deadline that passed since the wait was registered without a break of the
//! sweep ends it at once. After a break it may be the clock that passed it, not the time:
//! then the waiter is looked for first, and the wait lives on while its waiter does, for a
//! day at most. A waiter that has waited long enough goes away by itself.

use std::time::Duration;

use jiff::Timestamp;

use crate::policy::Policy;
use crate::wait::{Wait, later};

/// What a wait whose deadline passed needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passed {
    /// Its life is over.
    Ends,
    /// It lives on until then.
    LivesOn(Timestamp),
    /// Its waiter is to be looked for.
    Probe,
}

impl Wait {
    /// When its life ends, if it is not over before.
    #[must_use]
    pub fn ends_at(&self) -> Timestamp {
        self.overtime.map_or(self.deadline, |until| until.max(self.deadline))
    }

    /// Whether its time is up. `broken_at` is when the sweep last began again after a
    /// break, or its clock was set.
    pub(crate) fn is_over(
        &self,
        broken_at: Option<Timestamp>,
        now: Timestamp,
        policy: &Policy,
    ) -> bool {
        self.ends_at() <= now && self.passed(broken_at, now, policy) == Passed::Ends
    }

    /// What it needs now that its deadline has passed.
    pub(crate) fn passed(
        &self,
        broken_at: Option<Timestamp>,
        now: Timestamp,
        policy: &Policy,
    ) -> Passed {
        let broken_at = broken_at.filter(|at| *at > self.created_at);
        let Some(broken_at) = broken_at.filter(|_| now < later(self.deadline, Policy::OVERTIME))
        else {
            return Passed::Ends;
        };
        let lapses_at = self.lapses_at(policy);
        if self.renewed_at() >= broken_at.max(self.deadline) && lapses_at > now {
            return Passed::LivesOn(lapses_at);
        }
        match self.search.next_at {
            _ if self.search.is_in_vain() => Passed::Ends,
            Some(at) if at > now && at <= later(now, policy.probe_pause) => Passed::LivesOn(at),
            _ => Passed::Probe,
        }
    }

    /// When its waiter last showed that it is there.
    fn renewed_at(&self) -> Timestamp {
        let lease = Duration::from_secs(self.lease_seconds.into());
        self.lease_until.checked_sub(lease).unwrap_or(Timestamp::MIN)
    }
}
