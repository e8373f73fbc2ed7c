//! Retries calls that fail for a temporary reason, for callers that have time.
//!
//! SageMaker allows an account one Create and five Describes of a kind per second, for all callers
//! together ([general reference]). Credentials can expire while a job runs. Neither is a reason to
//! give up a job.
//!
//! [general reference]: https://docs.aws.amazon.com/general/latest/gr/sagemaker.html

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use jiff::Timestamp;
use sagebell_monitor::jitter::vary;
use sagebell_monitor::ports::{Clock, Entropy};

use crate::carrier::Answered;
use crate::error::{CallError, Class};

/// The first pause; each is twice the last, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Of a hundred and fifty that wait for one call a second each asks every twelve
/// seconds or so: often enough that no second goes unused, and the last is not late.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);
/// How much of a pause is kept, so that those who were refused together do not come back
/// together.
const JITTER: Range<f64> = 0.25..1.0;
/// How long requests for credentials are retried: a credential endpoint may fail for minutes.
const STALE_LONGEST: Duration = Duration::from_secs(15 * 60);
/// How long a SageMaker that does not answer is called.
const OUTAGE_LONGEST: Duration = Duration::from_secs(2 * 60);
/// Between two words about the same wait.
const WORDS_APART: Duration = Duration::from_secs(60);

/// Receives what a retried call waits for, and for how long at most.
pub type OnRetry = dyn Fn(&CallError, Duration) + Send + Sync;

/// How long calls with temporary failures are retried.
#[derive(Clone)]
pub struct Patience {
    /// How long a throttled call is retried. Other temporary failures have shorter limits.
    pub longest: Duration,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
    /// Told at each attempt that is answered what time it is by the service's clock: what
    /// is signed by another is refused.
    pub dated: Arc<dyn Fn(Timestamp) + Send + Sync>,
    /// Drops the credentials that are kept, which have gone stale.
    pub renew: Arc<dyn Fn() + Send + Sync>,
    /// Called at a call's first failure, and once a minute after.
    pub on_retry: Arc<OnRetry>,
}

impl Patience {
    /// Calls until there is an answer, a refusal, or no more patience: then the last
    /// error. A call that is under way is never broken off.
    pub(crate) async fn call<F>(&self, attempt: impl Fn() -> F) -> Result<Answered, CallError>
    where
        F: Future<Output = Result<Answered, CallError>>,
    {
        let begun = self.clock.uptime();
        let mut word_at = begun;
        let mut pauses = pauses().build();
        loop {
            let error = match attempt().await {
                Err(error) => error,
                answered => return answered,
            };
            let pause = pauses.next().unwrap_or(LONGEST_PAUSE);
            let drawn = vary(pause, JITTER, self.entropy.unit());
            let now = self.clock.uptime();
            let limit = self.limit(error.class).unwrap_or_default();
            if now + drawn > begun.saturating_add(limit) {
                return Err(error);
            }
            if error.class == Class::Stale {
                (self.renew)();
            }
            if now >= word_at {
                (self.on_retry)(&error, limit);
                word_at = now + WORDS_APART;
            }
            self.clock.sleep(drawn).await;
        }
    }

    /// `None`: it does not pass by itself.
    fn limit(&self, class: Class) -> Option<Duration> {
        let longest = match class {
            Class::Throttled => self.longest,
            Class::Stale => STALE_LONGEST,
            Class::Unavailable => OUTAGE_LONGEST,
            Class::AlreadyExists
            | Class::Conflict
            | Class::Denied
            | Class::Invalid
            | Class::LimitExceeded
            | Class::NotFound
            | Class::Other => return None,
        };
        Some(longest.min(self.longest))
    }
}

/// Without end, and without the jitter, which [`Entropy`] gives.
fn pauses() -> ExponentialBuilder {
    ExponentialBuilder::new()
        .with_min_delay(FIRST_PAUSE)
        .with_max_delay(LONGEST_PAUSE)
        .without_max_times()
}

impl std::fmt::Debug for Patience {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Patience").field("longest", &self.longest).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use sagebell_monitor::testing::ManualClock;
    use sagebell_monitor::testing::world::NoJitter;

    use super::*;

    struct Trial {
        clock: Arc<ManualClock>,
        attempts: Mutex<Vec<Duration>>,
        /// By how many hours the clock is set at each attempt.
        jumps: i64,
        renewed: Arc<Mutex<u32>>,
        retries: Arc<Mutex<u32>>,
        patience: Patience,
    }

    impl Trial {
        fn with(longest: Duration) -> Self {
            let (clock, renewed, retries) =
                (Arc::new(ManualClock::default()), Arc::default(), Arc::default());
            let count = |of: &Arc<Mutex<u32>>| {
                let of = Arc::clone(of);
                move || *of.lock().unwrap() += 1
            };
            let (renew, on_retry) = (count(&renewed), count(&retries));
            let patience = Patience {
                longest,
                clock: clock.clone(),
                entropy: Arc::new(NoJitter),
                dated: Arc::new(|_| ()),
                renew: Arc::new(renew),
                on_retry: Arc::new(move |_, _| on_retry()),
            };
            Self { clock, attempts: Mutex::default(), jumps: 0, renewed, retries, patience }
        }

        /// How it ends if the first `failures` calls fail so.
        async fn end(&self, class: Class, failures: usize) -> Result<Answered, CallError> {
            let attempt = async || {
                let mut attempts = self.attempts.lock().unwrap();
                attempts.push(self.clock.uptime());
                self.clock.jump(self.jumps);
                if attempts.len() <= failures {
                    return Err(CallError::new(class, "CreateTrainingJob", "later"));
                }
                Ok(Answered { value: serde_json::json!({}), date: None })
            };
            self.patience.call(attempt).await
        }

        fn lasted(&self) -> Duration {
            let attempts = self.attempts.lock().unwrap();
            let (first, last) = (attempts.first().unwrap(), attempts.last().unwrap());
            *last - *first
        }
    }

    const DAY: Duration = Duration::from_secs(24 * 3_600);

    #[tokio::test]
    async fn what_passes_is_called_again_until_it_has_passed() {
        for class in [Class::Throttled, Class::Stale, Class::Unavailable] {
            let trial = Trial::with(DAY);
            trial.end(class, 6).await.unwrap();
            assert_eq!(trial.attempts.lock().unwrap().len(), 7);
            let renewed = if class == Class::Stale { 6 } else { 0 };
            assert_eq!(*trial.renewed.lock().unwrap(), renewed, "{class:?}");
        }
    }

    #[tokio::test]
    async fn a_refusal_is_final() {
        for class in [Class::Denied, Class::Invalid, Class::AlreadyExists, Class::LimitExceeded] {
            let trial = Trial::with(DAY);
            assert_eq!(trial.end(class, 1).await.unwrap_err().class, class);
            assert_eq!(trial.attempts.lock().unwrap().len(), 1);
        }
    }

    #[tokio::test]
    async fn patience_has_an_end_that_the_caller_may_draw_nearer() {
        for (class, longest, wanted) in [
            (Class::Throttled, DAY, DAY),
            (Class::Throttled, Duration::from_secs(90), Duration::from_secs(90)),
            (Class::Stale, DAY, STALE_LONGEST),
            (Class::Unavailable, DAY, OUTAGE_LONGEST),
            (Class::Unavailable, Duration::from_secs(30), Duration::from_secs(30)),
        ] {
            let trial = Trial::with(longest);
            trial.end(class, usize::MAX).await.unwrap_err();
            let lasted = trial.lasted();
            assert!(lasted <= wanted && lasted + LONGEST_PAUSE >= wanted, "{class:?}: {lasted:?}");
        }
    }

    #[tokio::test]
    async fn a_clock_that_is_set_makes_it_neither_longer_nor_shorter() {
        for jumps in [1, -1] {
            let trial = Trial { jumps, ..Trial::with(DAY) };
            trial.end(Class::Unavailable, usize::MAX).await.unwrap_err();
            let lasted = trial.lasted();
            let in_time = lasted <= OUTAGE_LONGEST && lasted + LONGEST_PAUSE >= OUTAGE_LONGEST;
            assert!(in_time, "{jumps} h: {lasted:?}");
        }
    }

    #[tokio::test]
    async fn it_says_so_at_first_and_then_once_a_minute() {
        let trial = Trial::with(Duration::from_secs(600));
        trial.end(Class::Throttled, usize::MAX).await.unwrap_err();
        let retries = *trial.retries.lock().unwrap();
        assert!((8..=10).contains(&retries), "{retries} times in ten minutes");
    }
}
