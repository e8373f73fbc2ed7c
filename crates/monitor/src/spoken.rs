//! Times and durations, as people read them on pages and in terminals.

use jiff::{SignedDuration, Timestamp};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// `2026-01-01 00:01:00 UTC`.
#[must_use]
pub fn exact(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// How long ago it was: `just now`, `5 min ago`, `3 h ago`, `2 d ago`.
#[must_use]
pub fn relative(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(at).as_secs();
    match seconds {
        ..MINUTE => "just now".to_owned(),
        MINUTE..HOUR => format!("{} min ago", seconds / MINUTE),
        HOUR..DAY => format!("{} h ago", seconds / HOUR),
        _ => format!("{} d ago", seconds / DAY),
    }
}

/// `850 ms`, `12s`, `4m 12s`, `2h 05m`, `3d 04h`.
#[must_use]
pub fn duration(lasted: SignedDuration) -> String {
    let seconds = lasted.as_secs().max(0);
    match seconds {
        0 if lasted.subsec_millis() > 0 => format!("{} ms", lasted.subsec_millis()),
        ..MINUTE => format!("{seconds}s"),
        MINUTE..HOUR => format!("{}m {:02}s", seconds / MINUTE, seconds % MINUTE),
        HOUR..DAY => format!("{}h {:02}m", seconds / HOUR, seconds % HOUR / MINUTE),
        _ => format!("{}d {:02}h", seconds / DAY, seconds % DAY / HOUR),
    }
}

/// How long after a change it was seen. SageMaker tells whole seconds of it, so a shorter time is
/// none.
#[must_use]
pub fn seen_after(changed_at: Timestamp, seen_at: Timestamp) -> String {
    let lateness = seen_at.duration_since(changed_at);
    if lateness.as_secs() <= 1 { "at once".to_owned() } else { duration(lateness) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_two_parts_at_most() {
        let said = |millis| duration(SignedDuration::from_millis(millis));
        let seconds = |seconds: i64| said(seconds * 1_000);
        assert_eq!([said(-5), said(0), said(850)], ["0s", "0s", "850 ms"]);
        assert_eq!([seconds(59), seconds(60), seconds(3_599)], ["59s", "1m 00s", "59m 59s"]);
        assert_eq!([seconds(3_600), seconds(86_399)], ["1h 00m", "23h 59m"]);
        assert_eq!(seconds(100 * 86_400 + 3_600), "100d 01h");
    }

    #[test]
    fn what_was_seen_within_a_second_was_seen_at_once() {
        let seen = |millis| {
            let at = Timestamp::UNIX_EPOCH;
            seen_after(at, at + SignedDuration::from_millis(millis))
        };
        assert_eq!([seen(-9_000), seen(0), seen(1_900)], ["at once"; 3]);
        assert_eq!([seen(2_000), seen(60_000)], ["2s", "1m 00s"]);
    }

    #[test]
    fn moments_are_told_from_the_present_on() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let said = |ago: i64| relative(Timestamp::from_second(1_800_000_000 - ago).unwrap(), now);
        assert_eq!([said(-30), said(59)], ["just now", "just now"]);
        assert_eq!([said(60), said(3_599), said(3_600)], ["1 min ago", "59 min ago", "1 h ago"]);
        assert_eq!([said(86_399), said(86_400)], ["23 h ago", "1 d ago"]);
    }
}
