//! Deadlines of waits when the clock may have jumped.
//!
//! Promise: a deadline ends a wait only when it has passed by every possible reading of the
//! clock. When a sweep comes late, it cannot tell whether that much time has passed or whether
//! its clock was set forward. So each deadline moves later by the length of the breaks since the
//! wait was registered. After a clock jump this is its true time. If a waiter disappears in the
//! meantime, the end of its lease shows it.

use std::time::Duration;

use jiff::Timestamp;

use crate::heartbeat::Break;
use crate::policy::Policy;
use crate::time::later;
use crate::wait::Wait;

impl Wait {
    /// When the wait ends at the latest.
    #[must_use]
    pub fn ends_at(&self) -> Timestamp {
        self.overtime.map_or(self.deadline, |until| until.max(self.deadline))
    }

    /// The same, with these breaks of the sweep. Breaks before the registration make no difference.
    pub(crate) fn ends_after(&self, breaks: &[Break]) -> Timestamp {
        let since = breaks.iter().filter(|one| one.over_at > self.created_at);
        let seconds = since.fold(0_u64, |sum, one| sum.saturating_add(one.seconds));
        later(self.deadline, Duration::from_secs(seconds).min(Policy::OVERTIME))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arn::JobArn;
    use crate::testing::samples;
    use crate::testing::world::TRAINING_ARN;

    const NOON: Timestamp = Timestamp::constant(1_767_268_800, 0);

    /// By how many seconds a wait that is registered at noon outlives its deadline, after
    /// breaks that were over so many seconds after noon and so long.
    fn overtime(breaks: &[(i64, u64)]) -> u64 {
        let wait = samples::wait(&JobArn::parse(TRAINING_ARN).unwrap(), "w", NOON);
        let at = |second| NOON + jiff::SignedDuration::from_secs(second);
        let breaks = breaks
            .iter()
            .map(|(at_second, seconds)| Break { over_at: at(*at_second), seconds: *seconds });
        let ends = wait.ends_after(&breaks.collect::<Vec<_>>());
        ends.duration_since(wait.deadline).as_secs().unsigned_abs()
    }

    #[test]
    fn breaks_since_it_was_registered_put_it_off() {
        assert_eq!(overtime(&[]), 0);
        assert_eq!(overtime(&[(-1, 3_600), (0, 60)]), 0);
        assert_eq!(overtime(&[(-1, 3_600), (1, 400), (900, 500)]), 900);
    }

    #[test]
    fn by_a_day_at_most() {
        assert_eq!(overtime(&[(1, u64::MAX), (2, 5)]), 86_400);
    }
}
