//! What time it can be, when the clock may be set.
//!
//! A wall clock can be set at any time, and the process cannot know which reading was right. But
//! the uptime of a process is never set, so an earlier reading plus the uptime since then is
//! another possible time. A time is in the future only if it is so by every reading. If an
//! observation has no date, it gets the earliest reading, so that facts with dates win over it.

use std::time::Duration;

use jiff::Timestamp;

use crate::time::later;

/// How much earlier or later than the clock shows the time can be. If the clock was set by more,
/// its old readings were nonsense.
pub const MOST: Duration = Duration::from_secs(86_400);

/// The readings of a clock that were furthest ahead and furthest behind, plus the uptime since
/// then.
#[derive(Debug, Default, Clone, Copy)]
pub struct Reckoning {
    latest: Option<Reading>,
    earliest: Option<Reading>,
}

#[derive(Debug, Clone, Copy)]
struct Reading {
    now: Timestamp,
    uptime: Duration,
}

/// What time it can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The earliest possible time.
    pub earliest: Timestamp,
    /// The latest possible time.
    pub latest: Timestamp,
}

impl Reckoning {
    /// The clock shows `now` after the process has run for `uptime`. Returns the possible times, by
    /// this reading and the earlier ones.
    pub fn read(&mut self, now: Timestamp, uptime: Duration) -> Bounds {
        let carried_on = |last: Option<Reading>| {
            let at = last.map(|last| later(last.now, uptime.saturating_sub(last.uptime)));
            at.filter(|at| at.duration_since(now).unsigned_abs() <= MOST).unwrap_or(now)
        };
        let latest = carried_on(self.latest).max(now);
        let earliest = carried_on(self.earliest).min(now);
        let reading = |now| Some(Reading { now, uptime });
        (self.latest, self.earliest) = (reading(latest), reading(earliest));
        Bounds { earliest, latest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);
    const NOON: Timestamp = Timestamp::constant(1_767_268_800, 0);

    /// The hours after noon between which it can be, by a clock that is read at these hours
    /// of uptime and shows so many hours after noon.
    fn read(readings: &[(u32, i64)]) -> (i64, i64) {
        let mut reckoning = Reckoning::default();
        let hours = |at: Timestamp| at.duration_since(NOON).as_hours();
        let bounds = readings.iter().map(|(uptime, shown)| {
            let shown = NOON + jiff::SignedDuration::from_hours(*shown);
            reckoning.read(shown, HOUR * *uptime)
        });
        let Bounds { earliest, latest } = bounds.last().unwrap();
        (hours(earliest), hours(latest))
    }

    #[test]
    fn a_clock_that_goes_as_it_should_shows_the_time() {
        assert_eq!(read(&[(0, 0)]), (0, 0));
        assert_eq!(read(&[(0, 0), (1, 1), (5, 5)]), (5, 5));
    }

    #[test]
    fn after_a_jump_the_earlier_reading_goes_on() {
        assert_eq!(read(&[(0, 0), (1, 0), (3, 2)]), (2, 3));
        assert_eq!(read(&[(0, 0), (1, 2)]), (1, 2));
        assert_eq!(read(&[(0, 0), (1, -1), (2, 5), (3, 3)]), (1, 6));
    }

    #[test]
    fn what_a_clock_showed_that_was_days_off_is_forgotten() {
        assert_eq!(read(&[(0, 24 * 365), (1, 0)]), (0, 0));
        assert_eq!(read(&[(0, -24 * 365), (1, 0), (2, 1)]), (1, 1));
    }
}
