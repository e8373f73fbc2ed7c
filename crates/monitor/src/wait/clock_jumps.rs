//! Corrects the times of a wait after the clock was set.

use std::time::Duration;

use jiff::Timestamp;

use super::Wait;
use crate::policy::Policy;
use crate::time::{earlier, later};

impl Wait {
    /// When the first probe is due, if the monitor has been running since `since` without a break:
    /// every lease starts again then.
    pub(crate) fn lapses_since(&self, since: Timestamp, policy: &Policy) -> Timestamp {
        if let Some(gone_since) = self.gone_since {
            return gone_since.max(since);
        }
        let lease = Duration::from_secs(self.lease_seconds.into());
        later(later(since, lease), policy.grace).max(self.lapses_at(policy))
    }

    /// Corrects the times that a clock wrote before it went back by this much: what was due soon is
    /// still due soon. Claims stay: one that was made since then has not ended.
    pub(crate) fn bring_forward(&mut self, by: Duration) {
        let Self { delivery, search, .. } = self;
        for at in [&mut self.check_at, &mut self.lease_until] {
            *at = earlier(*at, by);
        }
        let of_search =
            [&mut search.next_at, &mut search.probed_at, &mut self.gone_since, &mut self.overtime];
        for at in of_search.into_iter().chain([&mut delivery.retry_at]) {
            *at = at.map(|at| earlier(at, by));
        }
    }

    /// Brings back what a clock wrote that has jumped back since: no time lies further
    /// ahead than the rules let it.
    pub(crate) fn mend(&mut self, now: Timestamp, policy: &Policy) {
        let lease = Duration::from_secs(self.lease_seconds.into());
        let skewed = |longest: Duration| later(now, longest + Policy::CLOCK_DRIFT);
        if self.lease_until > skewed(lease) {
            self.lease_until = later(now, lease);
        }
        let delivery = &mut self.delivery;
        if delivery.claimed_until.is_some_and(|at| at > skewed(Policy::CLAIM)) {
            // Its signal may still be under way.
            delivery.claimed_until = Some(later(now, Policy::CLAIM));
        }
        if delivery.retry_at.is_some_and(|at| at > skewed(Policy::LONGEST_RETRY)) {
            delivery.retry_at = Some(now);
        }
        if self.check_at > skewed(policy.longest_check_pause()) {
            self.check_at = now;
        }
        if self.gone_since.is_some_and(|at| at > skewed(Duration::ZERO)) {
            self.gone_since = Some(now);
        }
        if self.search.next_at.is_some_and(|at| at > skewed(lease + policy.grace)) {
            self.search.next_at = None;
        }
        if self.search.probed_at.is_some_and(|at| at > skewed(Duration::ZERO)) {
            self.search.probed_at = None;
        }
        if self.overtime.is_some_and(|at| at > skewed(Policy::OVERTIME)) {
            self.overtime = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::samples;

    const NOW: Timestamp = Timestamp::constant(1_767_225_600, 0);

    /// One of a wait's times.
    struct Time {
        name: &'static str,
        of: fn(&mut Wait) -> Slot<'_>,
        /// How far ahead it may lie.
        longest: Duration,
        /// What becomes of one that lies further ahead.
        mended: Option<Timestamp>,
    }

    enum Slot<'a> {
        Always(&'a mut Timestamp),
        Maybe(&'a mut Option<Timestamp>),
    }

    impl Slot<'_> {
        fn set(self, at: Timestamp) {
            match self {
                Self::Always(slot) => *slot = at,
                Self::Maybe(slot) => *slot = Some(at),
            }
        }

        fn get(self) -> Option<Timestamp> {
            match self {
                Self::Always(slot) => Some(*slot),
                Self::Maybe(slot) => *slot,
            }
        }
    }

    fn times(policy: &Policy) -> Vec<Time> {
        use Slot::{Always, Maybe};
        let lease = Duration::from_secs(600);
        let time = |name, of, longest, mended| Time { name, of, longest, mended };
        let renewed = Some(later(NOW, lease));
        let claimed = Some(later(NOW, Policy::CLAIM));
        let search = lease + policy.grace;
        vec![
            time("lease", |wait| Always(&mut wait.lease_until), lease, renewed),
            time("claim", |wait| Maybe(&mut wait.delivery.claimed_until), Policy::CLAIM, claimed),
            time(
                "retry",
                |wait| Maybe(&mut wait.delivery.retry_at),
                Policy::LONGEST_RETRY,
                Some(NOW),
            ),
            time(
                "check",
                |wait| Always(&mut wait.check_at),
                policy.longest_check_pause(),
                Some(NOW),
            ),
            time("next probe", |wait| Maybe(&mut wait.search.next_at), search, None),
            time("last probe", |wait| Maybe(&mut wait.search.probed_at), Duration::ZERO, None),
            time("loss", |wait| Maybe(&mut wait.gone_since), Duration::ZERO, Some(NOW)),
            time("overtime", |wait| Maybe(&mut wait.overtime), Policy::OVERTIME, None),
        ]
    }

    #[test]
    fn a_time_further_ahead_than_its_rule_lets_it_is_mended_and_no_other() {
        let policy = Policy::default();
        let second = Duration::from_secs(1);
        for Time { name, of, longest, mended } in times(&policy) {
            let after = |at| {
                let mut wait = samples::wait(&samples::arn("x"), "w", NOW);
                of(&mut wait).set(at);
                wait.mend(NOW, &policy);
                of(&mut wait).get()
            };
            let last = later(NOW, longest + Policy::CLOCK_DRIFT);
            for at in [earlier(NOW, second), later(NOW, longest / 2), last] {
                assert_eq!(after(at), Some(at), "{name}: {at} may be");
            }
            for at in [later(last, second), later(last, Policy::OVERTIME)] {
                assert_eq!(after(at), mended, "{name}: {at} may not be");
            }
        }
    }
}
