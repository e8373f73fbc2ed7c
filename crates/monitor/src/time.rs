//! Times: the formats in which SageMaker and HTTP write them, and calculations with them.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use serde_json::Value;

/// How far ahead of our clock a time from outside may lie: clocks differ by minutes at
/// most, and what is later is not believed.
pub const CLOCK_SKEW: Duration = Duration::from_secs(300);

/// A number below this is seconds, from there on milliseconds: as seconds it
/// would be the year 5138, as milliseconds it is March 1973.
const SECONDS_BELOW: f64 = 1e11;

static HTTP_DATE: DateTimeParser = DateTimeParser::new();

/// Reads a time in any of the formats that senders use: epoch milliseconds (events) or seconds
/// (Describe answers) as a number, a float or a numeric string; RFC 3339. Anything else is not a
/// time.
#[must_use]
pub fn parse_time(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Number(number) => from_epoch(number.as_f64()?),
        Value::String(text) => {
            let text = text.trim();
            text.parse::<f64>().ok().map_or_else(|| text.parse().ok(), from_epoch)
        }
        _ => None,
    }
}

/// Reads a time as HTTP writes it, of a `Date` or a `Retry-After` (RFC 9110, 5.6.7). Its
/// fixed form is RFC 2822's with `GMT`; its two obsolete forms are not understood.
#[must_use]
pub fn http_date(text: &str) -> Option<Timestamp> {
    HTTP_DATE.parse_timestamp(text).ok()
}

/// `at` plus `duration`, or the end of time.
#[must_use]
pub fn later(at: Timestamp, duration: Duration) -> Timestamp {
    at.checked_add(duration).unwrap_or(Timestamp::MAX)
}

/// The time, earlier by this duration. The earliest possible time if that is out of range.
#[must_use]
pub fn earlier(at: Timestamp, duration: Duration) -> Timestamp {
    at.checked_sub(duration).unwrap_or(Timestamp::MIN)
}

fn from_epoch(number: f64) -> Option<Timestamp> {
    if !number.is_finite() || number < 0.0 {
        return None;
    }
    let millis = if number < SECONDS_BELOW { number * 1_000.0 } else { number };
    // `as` saturates; what lies past the end of time is refused by jiff.
    #[expect(clippy::cast_possible_truncation, reason = "saturates, then is range-checked")]
    Timestamp::from_millisecond(millis.round() as i64).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_form_of_one_instant_is_that_instant() {
        let instant: Timestamp = "2020-06-17T18:46:32.203Z".parse().unwrap();
        for form in [
            json!(1_592_419_592_203_i64),
            json!(1_592_419_592_203.0),
            json!("1592419592203"),
            json!(1_592_419_592.203),
            json!("2020-06-17T18:46:32.203Z"),
            json!("2020-06-17T20:46:32.203+02:00"),
        ] {
            assert_eq!(parse_time(&form), Some(instant), "{form}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        let forms = [
            json!(null),
            json!(true),
            json!(""),
            json!("soon"),
            json!("NaN"),
            json!("inf"),
            json!(-1),
            json!(1e300),
            json!({}),
            json!([1]),
            json!("2020-06-17"),
        ];
        for form in forms {
            assert_eq!(parse_time(&form), None, "{form}");
        }
    }
}
