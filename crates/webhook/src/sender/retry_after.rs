//! `Retry-After` (RFC 9110, section 10.2.3): seconds or a date, within limits.

use std::time::Duration;

use jiff::Timestamp;
use sagebell_monitor::time::http_date;

/// The least and the most of it that is honoured.
const MIN: Duration = Duration::from_secs(1);
const MAX: Duration = Duration::from_secs(5 * 60);

/// The requested pause, from one second to five minutes. `None` if the header makes no sense. Then
/// the usual backoff applies.
#[must_use]
pub fn parse(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    let wish = if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        text.parse().map_or(MAX, Duration::from_secs)
    } else {
        let date = http_date(text)?;
        Duration::try_from(date.duration_since(now)).unwrap_or(MIN)
    };
    Some(wish.clamp(MIN, MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_honoured_within_reason() {
        let now: Timestamp = "1994-11-06T08:49:37Z".parse().unwrap();
        let cases = [
            ("7", Some(7)),
            (" 7 ", Some(7)),
            ("0", Some(1)),
            ("301", Some(300)),
            ("99999999999999999999999", Some(300)),
            ("Sun, 06 Nov 1994 08:50:07 GMT", Some(30)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(1)),
            ("Sun, 06 Nov 1994 07:49:37 GMT", Some(1)),
            ("Mon, 07 Nov 1994 08:49:37 GMT", Some(300)),
            ("-7", None),
            ("7.5", None),
            ("soon", None),
            ("", None),
        ];
        for (text, seconds) in cases {
            let expected = seconds.map(Duration::from_secs);
            assert_eq!(parse(text, now), expected, "{text:?}");
        }
    }
}
