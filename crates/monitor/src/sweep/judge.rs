//! Judges waiters that nobody can ask for: those without a connection, and those that only renew.
//!
//! Promise: such a waiter counts as gone only after the monitor saw, more than once and over some
//! time, that it could have come back. While waiters cannot reach the API, none is gone.

use jiff::Timestamp;

use super::beat::Beat;
use super::entrance::Entrance;
use super::plan::Step;
use super::{StepError, Sweep};
use crate::job::JobRecord;
use crate::policy::Policy;
use crate::ports::Versioned;
use crate::time::later;
use crate::wait::{Wait, WaitState};

impl Sweep {
    /// Notes that the waiter could have come back, and did not. Ends the wait if that is enough.
    pub(super) async fn judge(
        &self,
        mut wait: Versioned<Wait>,
        record: Option<&JobRecord>,
        beat: &Beat,
        entrance: &Entrance,
    ) -> Result<Step, StepError> {
        let now = beat.now;
        if !entrance.is_open(&*self.reachability).await {
            wait.value.start_over(now);
            self.save(wait).await?;
            return Ok(Step::Judge);
        }
        wait.value.search.missed(now, &self.policy);
        if wait.value.is_out_of_time(beat.since, now, &self.policy) {
            self.end(wait, record, WaitState::Abandoned, beat).await?;
            return Ok(Step::Abandon);
        }
        // Sweeps do not begin to the second: with the whole pause, every other one would be early.
        wait.value.search.next_at = Some(later(now, self.policy.probe_pause / 2));
        self.save(wait).await?;
        Ok(Step::Judge)
    }
}

impl Wait {
    /// Whether the waiter had enough time and chances to come back.
    fn is_out_of_time(&self, since: Timestamp, now: Timestamp, policy: &Policy) -> bool {
        match self.gone_since {
            Some(gone_since) => {
                let until = later(gone_since.max(since), policy.reconnect_grace);
                self.search.unanswered >= Policy::CHANCES && until <= now
            }
            None => self.search.is_in_vain(),
        }
    }
}
