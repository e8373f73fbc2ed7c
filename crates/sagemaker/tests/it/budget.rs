//! The budget, on a clock that sleeping moves.

use std::sync::Arc;
use std::time::Duration;

use sagebell_monitor::ports::{Clock as _, Entropy};
use sagebell_monitor::testing::ManualClock;
use sagebell_sagemaker::{Budget, Rate};

use crate::server::no_jitter;

const RATE: Rate = Rate { per_second: 4.0, burst: 2.0, longest_wait: Duration::from_secs(2) };

fn budget() -> (Budget, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::default());
    (Budget::new(RATE, clock.clone(), no_jitter()), clock)
}

fn elapsed(clock: &ManualClock) -> Duration {
    let start = ManualClock::default().now();
    Duration::try_from(clock.now().duration_since(start)).unwrap()
}

#[tokio::test]
async fn a_burst_goes_at_once_and_then_the_rate_holds() {
    let (budget, clock) = budget();
    for _ in 0..2 {
        budget.take().await.unwrap();
    }
    assert_eq!(elapsed(&clock), Duration::ZERO);
    for _ in 0..40 {
        budget.take().await.unwrap();
    }
    assert_eq!(elapsed(&clock), Duration::from_secs(10), "40 calls at 4 a second");
}

#[tokio::test]
async fn quiet_time_fills_no_more_than_the_burst() {
    let (budget, clock) = budget();
    clock.advance(Duration::from_secs(3_600));
    let quiet = elapsed(&clock);
    for _ in 0..3 {
        budget.take().await.unwrap();
    }
    assert_eq!(elapsed(&clock) - quiet, Duration::from_millis(250), "the third waits");
}

/// Sleeps without moving the time: other callers come meanwhile.
#[derive(Debug, Default)]
struct Frozen(ManualClock);

#[async_trait::async_trait]
impl sagebell_monitor::ports::Clock for Frozen {
    fn now(&self) -> jiff::Timestamp {
        self.0.now()
    }
    fn latest(&self) -> jiff::Timestamp {
        self.0.latest()
    }
    fn earliest(&self) -> jiff::Timestamp {
        self.0.earliest()
    }
    fn uptime(&self) -> Duration {
        self.0.uptime()
    }
    async fn sleep(&self, duration: Duration) {
        assert!(duration <= RATE.longest_wait);
    }
}

#[tokio::test]
async fn turns_beyond_the_longest_wait_are_not_given_out() {
    let clock = Arc::new(Frozen::default());
    let budget = Budget::new(RATE, clock.clone(), no_jitter());
    let mut taken = 0;
    let spent = loop {
        match budget.take().await {
            Ok(()) => taken += 1,
            Err(spent) => break spent,
        }
    };
    assert_eq!(taken, 2 + 8, "the burst, and two seconds' worth");
    assert_eq!(spent.wait, Duration::from_millis(2_250));
    assert!(budget.take().await.is_err(), "a refusal reserves nothing");
    clock.0.advance(Duration::from_millis(250));
    budget.take().await.unwrap();
    assert!(budget.take().await.is_err());
}

struct Half;

impl Entropy for Half {
    fn unit(&self) -> f64 {
        0.5
    }
}

#[tokio::test]
async fn waits_are_drawn_out_by_chance() {
    let clock = Arc::new(ManualClock::default());
    let budget = Budget::new(RATE, clock.clone(), Arc::new(Half));
    for _ in 0..3 {
        budget.take().await.unwrap();
    }
    assert_eq!(elapsed(&clock), Duration::from_millis(275), "a tenth more than 250");
}

#[tokio::test]
async fn a_throttle_halves_the_rate_and_empties_the_bucket() {
    let (budget, clock) = budget();
    budget.throttled();
    assert!((budget.per_second() - 2.0).abs() < 1e-9);
    budget.take().await.unwrap();
    assert_eq!(elapsed(&clock), Duration::from_millis(500));
}

#[tokio::test]
async fn throttles_of_one_moment_count_once_and_the_rate_has_a_floor() {
    let (budget, clock) = budget();
    for _ in 0..10 {
        budget.throttled();
    }
    assert!((budget.per_second() - 2.0).abs() < 1e-9);
    for _ in 0..20 {
        clock.advance(Duration::from_secs(1));
        budget.throttled();
    }
    assert!(budget.per_second() >= RATE.per_second / 16.0);
    assert!(budget.per_second() < RATE.per_second / 8.0);
}

#[tokio::test]
async fn the_rate_climbs_back_within_a_minute() {
    let (budget, clock) = budget();
    budget.throttled();
    clock.advance(Duration::from_secs(15));
    assert!((budget.per_second() - 3.0).abs() < 1e-6, "a quarter of 4 in a quarter minute");
    clock.advance(Duration::from_secs(45));
    assert!((budget.per_second() - 4.0).abs() < 1e-9);
}

#[tokio::test]
async fn a_clock_that_is_set_gives_and_takes_nothing() {
    for hours in [1, -1] {
        let (budget, clock) = budget();
        budget.take().await.unwrap();
        budget.take().await.unwrap();
        clock.jump(hours);
        let before = clock.uptime();
        budget.take().await.unwrap();
        assert_eq!((clock.uptime() - before).as_millis(), 250, "{hours} h");
    }
}
