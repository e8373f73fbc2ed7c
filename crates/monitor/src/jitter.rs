//! Jitter: random pauses, so that callers that failed together do not come back together.

use std::ops::Range;
use std::time::Duration;

/// A random part of `pause`, from `parts.start` to `parts.end` of it. `unit` is random,
/// in `0.0..1.0`, and says where in between: see [`Entropy::unit`](crate::ports::Entropy).
///
/// ```
/// use std::time::Duration;
/// use sagebell_monitor::jitter::vary;
///
/// let minute = Duration::from_secs(60);
/// assert_eq!(vary(minute, 0.8..1.2, 0.0), Duration::from_secs(48));
/// assert_eq!(vary(minute, 0.8..1.2, 0.5), minute);
/// ```
#[must_use]
pub fn vary(pause: Duration, parts: Range<f64>, unit: f64) -> Duration {
    pause.mul_f64(parts.start + (parts.end - parts.start) * unit.clamp(0.0, 1.0))
}
