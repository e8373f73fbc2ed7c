//! The numbers the rules turn on: leases, pauses, limits. Deployments may
//! change those that are fields.

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
    /// How long after its lease a waiter begins to be looked for: time enough for a
    /// preempted pod to be rescheduled, pull its image and renew.
    pub grace: Duration,
    /// The pause between two probes of a waiter that is looked for.
    pub probe_pause: Duration,
    /// The longest pause between two sweeps. After a longer one the monitor was away
    /// itself: every lease gets its time anew.
    pub sweep_gap: Duration,
    /// How long jobs and finished waits are kept.
    pub retention: Duration,
    /// First pause before a job with waits and no news is looked at, for kinds
    /// that send events.
    pub check_first: Duration,
    /// Longest pause between such looks.
    pub check_longest: Duration,
    /// Most waits handled in one sweep.
    pub sweep_limit: usize,
    /// Callbacks in flight at once in one `deliver` batch or sweep.
    pub concurrency: usize,
    /// Accounts whose jobs are taken; empty means any.
    pub accounts: Vec<String>,
    /// Regions whose jobs are taken; empty means any.
    pub regions: Vec<String>,
    /// Who may wait: patterns of principals, in which `*` stands for anything; empty
    /// means everybody whom the API knows.
    pub waiters: Vec<String>,
    /// Who may read and do nothing else, in the same form, also if `waiters` has them.
    pub viewers: Vec<String>,
    /// How much one principal may register.
    pub limits: Limits,
}

impl Policy {
    /// Two creation times closer than this are one generation: some senders
    /// give milliseconds, some whole seconds.
    pub const GENERATION_TOLERANCE: Duration = Duration::from_secs(2);

    /// How far a one-shot job's creation may lie before its waiter's
    /// `not_before`: the waiter's clock may run ahead. A job takes longer than
    /// this to end, be deleted and be created again under its name.
    pub const ONE_SHOT_SKEW: Duration = Duration::from_secs(30);

    /// The same for resources, whose next update may follow at once: no more
    /// than what cutting to whole seconds loses.
    pub const RESOURCE_SKEW: Duration = Duration::from_secs(1);

    /// Jobs whose events of one batch are recorded at the same time.
    pub const EVENTS_AT_ONCE: usize = 16;

    /// Timeline entries kept per job; the oldest but the first go.
    pub const TIMELINE_LIMIT: usize = 64;

    /// `run` labels kept per job.
    pub const RUNS_LIMIT: usize = 16;

    /// Bounds of a lease, in seconds, and what it is when the waiter says none.
    pub const LEASE_SECONDS: std::ops::RangeInclusive<u32> = 5..=86_400;
    /// The lease of a waiter that names none, in seconds.
    pub const LEASE_SECONDS_DEFAULT: u32 = 600;

    /// Longest life of a wait; SageMaker's longest job is 28 days
    /// (`StoppingCondition.MaxRuntimeInSeconds`).
    pub const DEADLINE_LONGEST: Duration = Duration::from_secs(35 * 86_400);

    /// Labels on a wait at most, and the longest key and value in bytes.
    pub const LABELS_LIMIT: usize = 16;
    /// Longest label key or value, in bytes.
    pub const LABEL_LEN: usize = 256;

    /// Pauses between attempts of one signal, in seconds; the last one repeats.
    pub const RETRY_PAUSES: [u64; 8] = [1, 2, 5, 15, 30, 60, 120, 300];

    /// The first attempts of a signal, made inside one `deliver` with the first
    /// pauses between them; later ones come through the due index.
    pub const ATTEMPTS_AT_ONCE: u32 = 4;

    /// No attempt of one `deliver` begins later than this, whatever its waiter does
    /// meanwhile. The function has a minute (`Timeout` in infra/template.yaml), and an
    /// attempt takes ten seconds at most.
    pub const ATTEMPTS_FOR: Duration = Duration::from_secs(40);

    /// How long one attempt holds a wait: longer than a probe and a send can take (5 s
    /// each).
    pub const CLAIM: Duration = Duration::from_secs(15);

    /// Unanswered probes after which a waiter counts as gone.
    pub const PROBES: u32 = 3;

    /// By how much clocks of machines may differ. A time that is further ahead than a
    /// rule allows, and by more than this, was written by a clock that has jumped.
    pub const CLOCK_DRIFT: Duration = Duration::from_secs(60);

    /// By how much later a deadline counts at most, if the clock may have jumped over it.
    pub const OVERTIME: Duration = Duration::from_secs(86_400);

    /// The longest pause before a signal is tried again: the longest of the pauses, with
    /// its jitter, or what a waiter may wish for.
    pub const LONGEST_RETRY: Duration = Duration::from_secs(360);

    /// Signals told one after the other in one `deliver`, when the job moves on
    /// while its waiter is being told.
    pub const ROUNDS_AT_ONCE: u32 = 16;

    /// The same pauses for kinds whose state no event is known to tell: only a look does.
    pub const CHECK_WITHOUT_EVENTS: (Duration, Duration) =
        (Duration::from_secs(60), Duration::from_secs(300));

    /// How long the sweep leaves a signal request it queued before it rings again.
    pub const REDRIVE: Duration = Duration::from_secs(60);

    /// A wait due for longer than this was left by several sweeps: they fail, or
    /// do not keep up.
    pub const OVERDUE: Duration = Duration::from_secs(600);

    /// How long after a wait's registration, and after the job's creation, "no
    /// such job" is not believed: SageMaker's reads trail its creates.
    pub const NOT_FOUND_GRACE: Duration = Duration::from_secs(300);

    /// How much longer than its longest wait a job is kept.
    pub const EXPIRY_SLACK: Duration = Duration::from_secs(86_400);

    /// Compare-and-set tries before a conflict is given back as "try again".
    pub const CAS_TRIES: u32 = 12;

    /// The longest pause before the second try, and before every later one, of a
    /// writer that met another's write: doubling, and of each a random part.
    pub const CAS_PAUSES: (Duration, Duration) =
        (Duration::from_millis(10), Duration::from_millis(320));
}

impl Policy {
    /// Whether this monitor takes jobs of this ARN's account and region.
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

    /// The pause of a writer that met another's write for the `conflicts`-th time:
    /// a part, by `unit` in `0.0..1.0`, of what doubles with every conflict.
    #[must_use]
    pub fn cas_pause(conflicts: u32, unit: f64) -> Duration {
        let (first, longest) = Self::CAS_PAUSES;
        let doubled = 1_u32.checked_shl(conflicts.saturating_sub(1)).unwrap_or(u32::MAX);
        vary(first.saturating_mul(doubled).min(longest), 0.0..1.0, unit)
    }

    /// The pause before the next look at a job, after `checks` looks: doubling,
    /// ±20 %.
    #[must_use]
    pub fn check_pause(&self, kind: Kind, checks: u32, unit: f64) -> Duration {
        let (first, longest) = if kind.spec().has_telling_events() {
            (self.check_first, self.check_longest)
        } else {
            Self::CHECK_WITHOUT_EVENTS
        };
        let pause = first.saturating_mul(1_u32.checked_shl(checks.min(31)).unwrap_or(u32::MAX));
        vary(pause.min(longest), JITTER, unit)
    }
}

/// Whether `text` is what the pattern says, in which `*` stands for anything.
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
        let longest = self.check_longest.max(Self::CHECK_WITHOUT_EVENTS.1).max(Self::REDRIVE);
        vary(longest, JITTER, 1.0)
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            grace: Duration::from_secs(300),
            probe_pause: Duration::from_secs(60),
            sweep_gap: Duration::from_secs(300),
            retention: Duration::from_secs(30 * 86_400),
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
