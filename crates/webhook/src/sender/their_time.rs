//! The time by the clock of the receiver.
//!
//! A callback is signed with the time at which it is sent, and the receiver rejects it more than
//! five minutes from then (Standard Webhooks 1.0, "Verifying webhook authenticity"). If two clocks
//! differ, nobody knows which one is right. But the receiver uses its own, and sends its time with
//! every answer (`Date`, RFC 9110, 6.6.1). So the sender signs again with that time. This is no
//! weaker: an attacker who could change the date could also delay the callback.

use std::time::Duration;

use http::header::DATE;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use reqwest::Response;
use sagebell_monitor::policy::Policy;
use sagebell_monitor::time::http_date;

/// The largest difference of a clock that is still believed.
const MOST: Duration = Duration::from_secs(2 * 86_400);

/// When this was answered, by the clock of who answered.
#[must_use]
pub fn date(headers: &HeaderMap) -> Option<Timestamp> {
    http_date(headers.get(DATE)?.to_str().ok()?)
}

/// The time to sign for instead, if a callback that was signed for `signed_at` was refused
/// by who has another time.
pub(super) fn instead(response: &Response, signed_at: Timestamp) -> Option<Timestamp> {
    let refusals = [StatusCode::BAD_REQUEST, StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN];
    let is_refusal = refusals.contains(&response.status());
    let theirs = date(response.headers()).filter(|_| is_refusal)?;
    let off = theirs.duration_since(signed_at).unsigned_abs();
    (Policy::CLOCK_DRIFT..MOST).contains(&off).then_some(theirs)
}
