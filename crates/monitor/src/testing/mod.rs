//! What tests and simulations stand on: a clock that the test moves, the store
//! in memory, and the contract that every store must keep.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code: a broken assumption is to stop the test"
)]

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use crate::ports::Clock;
use crate::reckoning::{Bounds, Reckoning};
use crate::time::later;

pub mod contract;
pub mod memory;
pub mod samples;
pub mod world;

/// A clock that stands still until the test moves it. Sleeping moves it too, so
/// that code which waits comes back at once and finds the time gone by.
#[derive(Debug)]
pub struct ManualClock(Mutex<Shown>);

#[derive(Debug)]
struct Shown {
    now: Timestamp,
    uptime: Duration,
    reckoning: Reckoning,
}

impl ManualClock {
    /// A clock that shows `start`.
    #[must_use]
    pub fn at(start: Timestamp) -> Self {
        let (uptime, mut reckoning) = (Duration::ZERO, Reckoning::default());
        reckoning.read(start, uptime);
        Self(Mutex::new(Shown { now: start, uptime, reckoning }))
    }

    /// Moves the time on.
    pub fn advance(&self, duration: Duration) {
        let mut shown = self.shown();
        shown.now = later(shown.now, duration);
        shown.uptime += duration;
    }

    /// Sets the clock, forwards or back: no time goes by.
    pub fn set(&self, now: Timestamp) {
        let mut shown = self.shown();
        let (before, uptime) = (shown.now, shown.uptime);
        shown.reckoning.read(before, uptime);
        shown.now = now;
    }

    /// Sets the clock by so many hours, forwards or back.
    pub fn jump(&self, hours: i64) {
        self.set(self.now() + SignedDuration::from_hours(hours));
    }

    fn bounds(&self) -> Bounds {
        let mut shown = self.shown();
        let (now, uptime) = (shown.now, shown.uptime);
        shown.reckoning.read(now, uptime)
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for ManualClock {
    /// Starts at 2026-01-01T00:00:00Z.
    fn default() -> Self {
        Self::at(Timestamp::constant(1_767_225_600, 0))
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.shown().now
    }

    fn latest(&self) -> Timestamp {
        self.bounds().latest
    }

    fn earliest(&self) -> Timestamp {
        self.bounds().earliest
    }

    fn uptime(&self) -> Duration {
        self.shown().uptime
    }

    async fn sleep(&self, duration: Duration) {
        self.advance(duration);
    }
}
