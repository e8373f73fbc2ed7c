//! Judges waiters that nobody can ask for: those without a connection, and those that only renew.
//!
//! Promise: such a waiter counts as gone only after the monitor saw, more than once and over some
//! time, that it could have come back. While waiters cannot reach the API, none is gone.

use std::time::Duration;

use jiff::Timestamp;

use super::plan::Step;
use super::{Learned, StepError, Sweep};
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
        learned: &Learned,
    ) -> Result<Step, StepError> {
        let Learned { beat, entrance, .. } = learned;
        let now = beat.now;
        if !entrance.is_open(&*self.reachability).await {
            wait.value.start_over(now);
            self.save(wait).await?;
            return Ok(Step::Judge);
        }
        wait.value.leave_out_unseen(now, &self.policy);
        wait.value.search.missed(now, &self.policy);
        if wait.value.is_out_of_time(beat.since, &self.policy) {
            // Written first: of two waiters of one job, both gone, one sees that of the other, and
            // does not leave the job to it.
            if let Some(wait) = self.save(wait).await? {
                self.end(wait, record, WaitState::Abandoned, learned).await?;
            }
            return Ok(Step::Abandon);
        }
        // Sweeps do not begin to the second: with the whole pause, every other one would be early.
        wait.value.search.next_at = Some(later(now, self.policy.probe_pause / 2));
        self.save(wait).await?;
        Ok(Step::Judge)
    }
}

impl Wait {
    /// Leaves out the time in which a sweep was missing: the API may have been out of reach too, for
    /// the same reason. Of each pause between two looks as much counts as is usual.
    fn leave_out_unseen(&mut self, now: Timestamp, policy: &Policy) {
        let Some(gone_since) = self.gone_since else { return };
        let seen_at = self.search.probed_at.map_or(gone_since, |last| last.max(gone_since));
        let unseen = Duration::try_from(now.duration_since(seen_at)).unwrap_or_default();
        if unseen > policy.probe_pause * 3 / 2 {
            self.gone_since = Some(later(gone_since, unseen - policy.probe_pause));
        }
    }

    /// Whether the waiter had enough time and chances to come back, the last one after its time.
    pub(super) fn is_out_of_time(&self, since: Timestamp, policy: &Policy) -> bool {
        let Some(gone_since) = self.gone_since else { return self.search.is_in_vain() };
        let until = later(gone_since.max(since), policy.reconnect_grace);
        let had_time = self.search.probed_at.is_some_and(|last| last >= until);
        had_time && self.search.unanswered >= Policy::CHANCES
    }
}
