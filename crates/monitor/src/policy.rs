//! The numbers behind the rules: leases, pauses, limits. Deployments can change those that are
//! fields.

use std::ops::Range;
use std::time::Duration;

use crate::arn::JobArn;
use crate::jitter::vary;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::principal::Principal;

/// How far a pause may be from its length.
const JITTER: Range<f64> = 0.8..1.2;

/// Times and limits of the monitor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The time between the end of a lease and the first probe. It gives a preempted pod time to be
    /// rescheduled, pull its image and renew.
    pub grace: Duration,
    /// How long a waiter may be without a connection before it counts as gone. With a sweep every
    /// minute, its job is asked to stop within three minutes.
    pub reconnect_grace: Duration,
    /// The pause between two probes of a waiter.
    pub probe_pause: Duration,
    /// The longest pause between two sweeps. After a longer one the monitor itself was down, and
    /// every lease starts again.
    pub sweep_gap: Duration,
    /// How long jobs and finished waits are kept.
    pub retention: Duration,
    /// The pause between two readings of a list of SageMaker's. Kinds that send no events are listed
    /// at least once a minute.
    pub list_every: Duration,
    /// The first pause between two checks of a job that has waits and was silent, for kinds that
    /// send events and whose list does not tell what changed.
    pub check_first: Duration,
    /// The longest pause between two such checks.
    pub check_longest: Duration,
    /// The maximum number of waits that one sweep handles.
    pub sweep_limit: usize,
    /// Callbacks in flight at once in one `deliver` batch or sweep.
    pub concurrency: usize,
    /// Accounts whose jobs the monitor accepts. Empty means any.
    pub accounts: Vec<String>,
    /// Regions whose jobs the monitor accepts. Empty means any.
    pub regions: Vec<String>,
    /// Who may wait: patterns of principals, in which `*` stands for anything. Empty means every
    /// caller.
    pub waiters: Vec<String>,
    /// Who may only read, in the same form, even if `waiters` contains them.
    pub viewers: Vec<String>,
    /// How much one principal may register.
    pub limits: Limits,
}

impl Policy {
    /// Two creation times that are closer than this belong to the same generation: some senders
    /// give milliseconds, some whole seconds.
    pub const GENERATION_TOLERANCE: Duration = Duration::from_secs(2);

    /// How far the creation of a one-shot job may be before its waiter's `not_before`, because the
    /// waiter's clock may be ahead. No job can end, be deleted and be created again under its name
    /// in less time.
    pub const ONE_SHOT_SKEW: Duration = Duration::from_secs(30);

    /// The same for resources, whose next update may follow at once. It covers only the rounding to
    /// whole seconds.
    pub const RESOURCE_SKEW: Duration = Duration::from_secs(1);

    /// Jobs whose events of one batch are recorded at the same time.
    pub const EVENTS_AT_ONCE: usize = 16;

    /// The maximum number of timeline entries per job. The first and the latest are kept.
    pub const TIMELINE_LIMIT: usize = 64;

    /// `run` labels kept per job.
    pub const RUNS_LIMIT: usize = 16;

    /// The bounds of a lease, in seconds.
    pub const LEASE_SECONDS: std::ops::RangeInclusive<u32> = 5..=86_400;
    /// The lease of a waiter that gives none, in seconds.
    pub const LEASE_SECONDS_DEFAULT: u32 = 600;

    /// The lease of a waiter on a connection that gives none, in seconds: longer than a connection
    /// may last.
    pub const CONNECTION_LEASE_SECONDS: u32 = 10_800;

    /// How long the record of a connection is kept: its two hours (API Gateway Developer Guide,
    /// "Quotas for configuring and running a WebSocket API"), the longest lease of a wait on it that
    /// was not renewed, and time to search for its waiter.
    pub const CONNECTION_KEPT: Duration = Duration::from_secs(7_200 + 86_400 + 3_600);

    /// The maximum number of waits that are registered on one connection.
    pub const CONNECTION_WAITS: usize = 500;

    /// The number of times that a lost waiter could have come back, and did not, before it counts
    /// as gone.
    pub const CHANCES: u32 = 2;

    /// The longest pause of a waiter between two calls that fail, before a jitter of up to half. A
    /// waiter that pauses for longer may sleep through its chances after the API was out of reach, and
    /// lose its job.
    pub const COME_BACK_PAUSE: Duration = Duration::from_secs(30);

    /// The longest life of a wait. SageMaker's longest job is 28 days
    /// (`StoppingCondition.MaxRuntimeInSeconds`).
    pub const DEADLINE_LONGEST: Duration = Duration::from_secs(35 * 86_400);

    /// The maximum number of labels on a wait.
    pub const LABELS_LIMIT: usize = 16;
    /// Longest label key or value, in bytes.
    pub const LABEL_LEN: usize = 256;

    /// Pauses between attempts of one signal, in seconds; the last one repeats.
    pub const RETRY_PAUSES: [u64; 8] = [1, 2, 5, 15, 30, 60, 120, 300];

    /// The number of attempts of a signal inside one `deliver`, with the first pauses between them.
    /// Later attempts come from the due index.
    pub const ATTEMPTS_AT_ONCE: u32 = 4;

    /// No attempt of one `deliver` begins later than this, whatever its waiter does meanwhile. The
    /// function has one minute (`Timeout` in infra/template.yaml), and an attempt lasts ten seconds
    /// at most.
    pub const ATTEMPTS_FOR: Duration = Duration::from_secs(40);

    /// How long one attempt claims a wait. It is longer than a probe and a send together (5 s
    /// each).
    pub const CLAIM: Duration = Duration::from_secs(15);

    /// The number of unanswered probes after which a wait is abandoned.
    pub const PROBES: u32 = 3;

    /// How far the clock that dates connections may be ahead of the one that reads the dates: both are
    /// AWS's, or the local stack's one clock. It is short, because a longer one would hide for so
    /// long that the clock was set back.
    pub const GATEWAY_SKEW: Duration = Duration::from_secs(2);

    /// How far the clocks of machines may differ. A time that is ahead by more than a rule allows,
    /// and by more than this, comes from a clock that has jumped.
    pub const CLOCK_DRIFT: Duration = Duration::from_secs(60);

    /// The longest extension of a deadline that the clock may have jumped over.
    pub const OVERTIME: Duration = Duration::from_secs(86_400);

    /// The longest pause before a signal is sent again: the longest of the pauses with its jitter,
    /// or the longest `Retry-After` of a waiter.
    pub const LONGEST_RETRY: Duration = Duration::from_secs(360);

    /// The maximum number of signals that one `deliver` sends to a wait, if its job changes during
    /// the sending.
    pub const ROUNDS_AT_ONCE: u32 = 16;

    /// The same pauses for kinds that send no events with their state.
    pub const CHECK_WITHOUT_EVENTS: (Duration, Duration) =
        (Duration::from_secs(60), Duration::from_secs(300));

    /// The longest pause between two checks of a job on a list that the sweep reads.
    pub const CHECK_LISTED: Duration = Duration::from_secs(7 * 86_400);

    /// The number of checks of such a job after which it is described, although its list tells nothing
    /// new: with the pauses between them it was silent for a day or two. A list does not tell that a job
    /// was deleted.
    pub const CHECKS_LISTED: u32 = 9;

    /// The longest pause between the registration of a wait and the first look at its job, and
    /// between two readings of a list of jobs that send no events.
    pub const LOOK: Duration = Duration::from_secs(60);

    /// How much of what was read before is read again, because SageMaker's lists may show a change
    /// late.
    pub const LIST_OVERLAP: Duration = Duration::from_secs(300);

    /// A list that was not read for so long tells nothing: its jobs are described.
    pub const LIST_STALE: Duration = Duration::from_secs(3_600);

    /// How far back a list is read for the sake of one wait. A job that changed last before that is
    /// described instead.
    pub const LIST_REACH: Duration = Duration::from_secs(7_200);

    /// How much longer a list is read than until the next look at its last known wait.
    pub const LIST_SLACK: Duration = Duration::from_secs(21_600);

    /// The pages of lists that one sweep reads, with 100 jobs each at most. The next sweep goes on. With
    /// the budget of List calls it takes half a minute, and the function has one.
    pub const LIST_PAGES: u32 = 10;

    /// How long one sweep reads lists. The function has less than a minute (`Timeout` in
    /// infra/template.yaml), and what it has read must still be written down.
    pub const LIST_FOR: Duration = Duration::from_secs(25);

    /// The jobs that one sweep describes because a list does not tell how they ended.
    pub const ENDS_DESCRIBED: u32 = 10;

    /// How long the sweep waits after it queued a signal request before it queues it again.
    pub const REDRIVE: Duration = Duration::from_secs(60);

    /// A wait that is due for longer than this is overdue. Several sweeps did not handle it: they
    /// fail, or do not keep up.
    pub const OVERDUE: Duration = Duration::from_secs(600);

    /// "No such job" is not believed for this long after the registration of a wait and after the
    /// creation of its job, because SageMaker's reads lag behind its creates.
    pub const NOT_FOUND_GRACE: Duration = Duration::from_secs(300);

    /// How much longer than its longest wait a job is kept.
    pub const EXPIRY_SLACK: Duration = Duration::from_secs(86_400);

    /// The number of compare-and-set attempts before a conflict is answered with "try again".
    pub const CAS_TRIES: u32 = 12;

    /// The longest pause before the second attempt, and before every later one, of a writer that
    /// met a conflict. The pauses double, and each is a random part of its maximum.
    pub const CAS_PAUSES: (Duration, Duration) =
        (Duration::from_millis(10), Duration::from_millis(320));
}

impl Policy {
    /// Whether this monitor accepts jobs of this ARN's account and region.
    #[must_use]
    pub fn in_scope(&self, arn: &JobArn) -> bool {
        let takes = |list: &[String], word| list.is_empty() || list.iter().any(|one| one == word);
        takes(&self.accounts, arn.account()) && takes(&self.regions, arn.region())
    }

    /// Whether this principal may register, cancel and refresh, and not only read.
    #[must_use]
    pub fn may_wait(&self, who: &Principal) -> bool {
        let named = |patterns: &[String]| patterns.iter().any(|one| matches(one, &who.0));
        (self.waiters.is_empty() || named(&self.waiters)) && !named(&self.viewers)
    }

    /// The pause before the next attempt, after `attempts` failed ones: ±20 %,
    /// by `unit` in `0.0..1.0`.
    #[must_use]
    pub fn retry_pause(attempts: u32, unit: f64) -> Duration {
        let step = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
        let longest = Self::RETRY_PAUSES.len() - 1;
        let seconds = Self::RETRY_PAUSES.get(step.min(longest)).copied().unwrap_or(300);
        vary(Duration::from_secs(seconds), JITTER, unit)
    }

    /// The pause of a writer after its `conflicts`-th conflict: a random part (`unit` in
    /// `0.0..1.0`) of a maximum that doubles with every conflict.
    #[must_use]
    pub fn cas_pause(conflicts: u32, unit: f64) -> Duration {
        let (first, longest) = Self::CAS_PAUSES;
        let doubled = 1_u32.checked_shl(conflicts.saturating_sub(1)).unwrap_or(u32::MAX);
        vary(first.saturating_mul(doubled).min(longest), 0.0..1.0, unit)
    }

    /// The pause between the registration of a wait and the first look at its job. It needs no
    /// jitter: registrations come when they come.
    #[must_use]
    pub fn first_look(&self, kind: Kind) -> Duration {
        let is_told = kind.changes().is_some() || kind.spec().has_telling_events();
        // Nothing but a Describe call tells of the others.
        if is_told { self.check_first.min(Self::LOOK) } else { Duration::ZERO }
    }

    /// The pause between two readings of the list of this kind.
    #[must_use]
    pub fn list_pause(&self, kind: Kind) -> Duration {
        let has_events = kind.spec().has_telling_events();
        if has_events { self.list_every } else { self.list_every.min(Self::LOOK) }
    }

    /// The pause before the next check of a job, after `checks` checks. It doubles, ±20 %.
    #[must_use]
    pub fn check_pause(&self, kind: Kind, checks: u32, unit: f64) -> Duration {
        let has_events = kind.spec().has_telling_events();
        let own = (self.check_first, self.check_longest);
        doubled(if has_events { own } else { Self::CHECK_WITHOUT_EVENTS }, checks, unit)
    }

    /// The same for a job on a list that the sweep reads. Such a check calls nobody.
    #[must_use]
    pub fn listed_pause(&self, checks: u32, unit: f64) -> Duration {
        doubled((self.check_first, Self::CHECK_LISTED), checks, unit)
    }
}

/// The first pause, doubled so many times, and never longer than the longest: ±20 %.
fn doubled((first, longest): (Duration, Duration), times: u32, unit: f64) -> Duration {
    let pause = first.saturating_mul(1_u32.checked_shl(times.min(31)).unwrap_or(u32::MAX));
    vary(pause.min(longest), JITTER, unit)
}

/// Whether `text` matches the pattern, in which `*` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

impl Policy {
    /// The longest pause between looks at a job of any kind.
    pub(crate) fn longest_check_pause(&self) -> Duration {
        let longest = [self.check_longest, Self::CHECK_WITHOUT_EVENTS.1, Self::CHECK_LISTED];
        let longest = longest.into_iter().fold(Self::REDRIVE, Duration::max);
        vary(longest, JITTER, 1.0)
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            grace: Duration::from_secs(300),
            reconnect_grace: Duration::from_secs(110),
            probe_pause: Duration::from_secs(60),
            sweep_gap: Duration::from_secs(300),
            retention: Duration::from_secs(30 * 86_400),
            list_every: Duration::from_secs(300),
            check_first: Duration::from_secs(300),
            check_longest: Duration::from_secs(3_600),
            sweep_limit: 2_000,
            concurrency: 64,
            accounts: Vec::new(),
            regions: Vec::new(),
            waiters: Vec::new(),
            viewers: Vec::new(),
            limits: Limits::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may_wait(waiters: &[&str], viewers: &[&str], who: &str) -> bool {
        let owned = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        let policy =
            Policy { waiters: owned(waiters), viewers: owned(viewers), ..Policy::default() };
        policy.may_wait(&Principal(who.to_owned()))
    }

    #[test]
    fn everybody_waits_unless_told_otherwise() {
        assert!(may_wait(&[], &[], "111122223333:role/x"));
        assert!(!may_wait(&[], &["*:role/dashboard"], "111122223333:role/dashboard"));
        assert!(may_wait(&[], &["*:role/dashboard"], "111122223333:role/dashboards"));
        assert!(!may_wait(&["111122223333:role/kfp-*"], &[], "111122223333:role/x"));
        assert!(may_wait(&["111122223333:role/kfp-*"], &[], "111122223333:role/kfp-a"));
        assert!(!may_wait(&["*"], &["*:user/*"], "111122223333:user/x"));
    }

    #[test]
    fn a_star_stands_for_anything_and_all_else_for_itself() {
        for (pattern, text, does) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("a", "b", false),
            ("*", "", true),
            ("a*", "a", true),
            ("*a", "ba", true),
            ("*a", "ab", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("a*b*c", "a-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("**", "x", true),
        ] {
            assert_eq!(matches(pattern, text), does, "{pattern} {text}");
        }
    }
}
