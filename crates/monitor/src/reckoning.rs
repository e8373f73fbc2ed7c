//! The latest that it can be, by a clock that may be set back.
//!
//! A wall clock may be set at any time, and nothing inside tells which of its readings was
//! right. What is never set is how long a process runs: with it an earlier reading is
//! carried on. A time counts as one in the future only if it is so by every reading.

use std::time::Duration;

use jiff::Timestamp;

use crate::wait::later;

/// How much later than the clock shows it can be. A clock that was set back by more had
/// shown nonsense before.
pub const MOST: Duration = Duration::from_secs(86_400);

/// The latest reading of a clock, carried on.
#[derive(Debug, Default, Clone, Copy)]
pub struct Reckoning(Option<Reading>);

#[derive(Debug, Clone, Copy)]
struct Reading {
    now: Timestamp,
    uptime: Duration,
}

impl Reckoning {
    /// The clock shows `now` when the process has run for `uptime`: the latest that it can
    /// be.
    pub fn read(&mut self, now: Timestamp, uptime: Duration) -> Timestamp {
        let carried_on = self.0.map(|last| later(last.now, uptime.saturating_sub(last.uptime)));
        let latest = carried_on.filter(|at| *at <= later(now, MOST)).unwrap_or(now).max(now);
        self.0 = Some(Reading { now: latest, uptime });
        latest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);
    const NOON: Timestamp = Timestamp::constant(1_767_268_800, 0);

    /// Reads at these hours of uptime, of a clock that shows so many hours after noon.
    fn read(readings: &[(u32, i64)]) -> Option<i64> {
        let mut reckoning = Reckoning::default();
        let latest = readings.iter().map(|(uptime, shown)| {
            let shown = NOON + jiff::SignedDuration::from_hours(*shown);
            reckoning.read(shown, HOUR * *uptime).duration_since(NOON).as_hours()
        });
        latest.last()
    }

    #[test]
    fn a_clock_that_goes_as_it_should_shows_the_latest_time() {
        assert_eq!(read(&[(0, 0)]), Some(0));
        assert_eq!(read(&[(0, 0), (1, 1), (5, 5)]), Some(5));
    }

    #[test]
    fn after_a_jump_back_the_earlier_reading_goes_on() {
        assert_eq!(read(&[(0, 0), (1, 0), (3, 2)]), Some(3));
        assert_eq!(read(&[(0, 0), (1, -1), (2, 5), (3, 3)]), Some(6));
    }

    #[test]
    fn after_a_jump_forward_the_clock_shows_the_latest_time() {
        assert_eq!(read(&[(0, 0), (1, 2)]), Some(2));
    }

    #[test]
    fn what_a_clock_showed_that_was_days_ahead_is_forgotten() {
        assert_eq!(read(&[(0, 24 * 365), (1, 0)]), Some(0));
        assert_eq!(read(&[(0, 24 * 365), (1, 0), (2, 1)]), Some(1));
    }
}
