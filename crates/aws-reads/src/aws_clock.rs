//! The time by AWS's clock.
//!
//! AWS rejects a request whose signature is more than five minutes away from AWS's own time
//! ([Signature Version 4]). The clock of a machine can be wrong by hours, and someone can set it
//! while a process runs. But every answer of AWS contains AWS's time (`Date`, RFC 9110, 6.6.1).
//! AWS's SDK for JavaScript uses it to correct its clock (aws-sdk-js-v3
//! `getUpdatedSystemClockOffset.ts`). The SDK for Rust does not, so this module does.
//!
//! [Signature Version 4]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_types::sdk_config::TimeSource;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{DATE, HeaderMap};
use sagebell_monitor::policy::Policy;
use sagebell_monitor::ports::Clock;
use sagebell_monitor::time::http_date;

/// A clock that is corrected by AWS's answers. Clones share the correction.
#[derive(Clone)]
pub struct AwsClock {
    of: Arc<dyn Clock>,
    /// How many seconds AWS's clock is ahead of the machine's clock.
    ahead: Arc<AtomicI64>,
}

impl AwsClock {
    /// The machine's clock, until an answer of AWS corrects it.
    #[must_use]
    pub fn new(of: Arc<dyn Clock>) -> Self {
        Self { of, ahead: Arc::default() }
    }

    /// AWS answered at this time by its clock. Returns whether this clock differed by more than
    /// machine clocks normally do. Then it uses AWS's time from now on.
    pub fn learn(&self, date: Timestamp) -> bool {
        let is_off = Clock::now(self).duration_since(date).unsigned_abs() > Policy::CLOCK_DRIFT;
        if is_off {
            let ahead = date.duration_since(self.of.now()).as_secs();
            self.ahead.store(ahead, Ordering::Relaxed);
            tracing::warn!(
                ahead,
                "this machine's clock is wrong by this many seconds; using AWS's time"
            );
        }
        is_off
    }

    /// As [`learn`](Self::learn), by the headers of an answer.
    pub fn learn_from(&self, headers: &HeaderMap) -> bool {
        let date = headers.get(DATE).and_then(|date| http_date(date.to_str().ok()?));
        date.is_some_and(|date| self.learn(date))
    }

    fn corrected(&self, at: Timestamp) -> Timestamp {
        let ahead = SignedDuration::from_secs(self.ahead.load(Ordering::Relaxed));
        at.saturating_add(ahead).unwrap_or(at)
    }
}

#[async_trait]
impl Clock for AwsClock {
    fn now(&self) -> Timestamp {
        self.corrected(self.of.now())
    }

    fn latest(&self) -> Timestamp {
        self.corrected(self.of.latest())
    }

    fn earliest(&self) -> Timestamp {
        self.corrected(self.of.earliest())
    }

    fn uptime(&self) -> Duration {
        self.of.uptime()
    }

    async fn sleep(&self, duration: Duration) {
        self.of.sleep(duration).await;
    }
}

/// What the SDK signs by.
impl TimeSource for AwsClock {
    fn now(&self) -> SystemTime {
        // All times that a clock shows can be one of these.
        SystemTime::try_from(Clock::now(self)).unwrap_or(SystemTime::UNIX_EPOCH)
    }
}

impl std::fmt::Debug for AwsClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AwsClock").field("ahead", &self.ahead).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use sagebell_monitor::testing::ManualClock;

    use super::*;

    #[test]
    fn it_goes_by_what_aws_tells_however_the_machines_clock_is_set() {
        let machine = Arc::new(ManualClock::default());
        let clock = AwsClock::new(machine.clone());
        let theirs = Clock::now(&*machine);
        for hours in [1, -2, 1] {
            machine.jump(hours);
            assert!(clock.learn(theirs), "{hours} h");
            assert_eq!(Clock::now(&clock), theirs);
            assert!(!clock.learn(theirs), "told before");
        }
    }

    #[test]
    fn what_a_date_leaves_off_or_the_way_takes_is_no_correction() {
        let machine = Arc::new(ManualClock::default());
        let clock = AwsClock::new(machine.clone());
        for seconds in [-59, 0, 59] {
            let date = Clock::now(&*machine) + SignedDuration::from_secs(seconds);
            assert!(!clock.learn(date));
        }
        assert_eq!(Clock::now(&clock), Clock::now(&*machine));
    }

    #[test]
    fn an_answers_date_is_read_and_what_is_none_is_passed_over() {
        let machine = Arc::new(ManualClock::default());
        let clock = AwsClock::new(machine);
        let learn = |text: &str| {
            clock.learn_from(&HeaderMap::from_iter([(DATE, text.try_into().unwrap())]))
        };
        assert!(!learn("yesterday") && !clock.learn_from(&HeaderMap::new()));
        assert!(learn("Thu, 01 Jan 2026 01:00:00 GMT"));
        assert_eq!(Clock::now(&clock), "2026-01-01T01:00:00Z".parse().unwrap());
    }
}
