//! Bounds on texts and times from outside. They are checked when the input is parsed.

use jiff::Timestamp;
use metrics::counter;

use crate::time::{CLOCK_SKEW, later};

/// Longest status or name kept, in bytes; SageMaker's own are at most 256.
pub const MAX_WORD: usize = 256;
/// Longest failure reason kept, in bytes; SageMaker's own are at most 1,024.
pub const MAX_REASON: usize = 4_096;

/// Ends a text that was cut.
const MARK: &str = "…";

/// At most `limit` bytes of `text`, cut between characters; a cut text ends with
/// a mark, which is counted.
#[must_use]
pub fn clip(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let Some(room) = limit.checked_sub(MARK.len()) else {
        return String::new();
    };
    let kept = text.get(..text.floor_char_boundary(room)).unwrap_or_default();
    format!("{kept}{MARK}")
}

/// A time from outside, unless it lies in the future by more than clocks differ;
/// those are counted.
pub(crate) fn believed(at: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    let latest = later(now, CLOCK_SKEW);
    let believed = at.filter(|at| *at <= latest);
    if at.is_some() && believed.is_none() {
        counter!("sagebell_future_times_total").increment(1);
    }
    believed
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_cut_text_is_marked_and_never_longer_than_its_limit() {
        assert_eq!(clip("abc", 3), "abc");
        assert_eq!(clip("abcdefgh", 7), "abcd…");
        for text in ["é".repeat(100), "🦀".repeat(100), "x".repeat(100)] {
            for limit in 0..=text.len() {
                let clipped = clip(&text, limit);
                assert!(clipped.len() <= limit, "{limit}: {clipped}");
                assert!(clipped == text || clipped.is_empty() || clipped.ends_with(MARK));
            }
        }
    }

    #[test]
    fn a_time_is_believed_as_far_ahead_as_clocks_differ() {
        let now = Timestamp::constant(1_767_225_600, 0);
        let ahead = |millis| Some(later(now, CLOCK_SKEW + Duration::from_millis(millis)));
        assert_eq!(believed(ahead(0), now), ahead(0));
        assert_eq!(believed(ahead(1), now), None);
        assert_eq!(believed(Some(Timestamp::MIN), now), Some(Timestamp::MIN));
        assert_eq!(believed(None, now), None);
    }
}
