//! Times and durations, as people read them. `assets/live.js` says them in the same words, as
//! time goes on.

use jiff::Timestamp;
use maud::{Markup, html};
use sagebell_monitor::ports::Clock;
use sagebell_monitor::spoken::relative;
pub(crate) use sagebell_monitor::spoken::{duration, exact};

/// How exactly pages know the present, in seconds. A page that changed with every second would
/// never be "nothing new".
const TICK: i64 = 15;

/// The present, as pages show it.
pub(crate) fn present(clock: &dyn Clock) -> Timestamp {
    let now = clock.now();
    let second = now.as_second();
    Timestamp::from_second(second - second.rem_euclid(TICK)).unwrap_or(now)
}

/// A moment: how long ago it was, and exactly when for those who point at it.
pub(crate) fn ago(at: Timestamp, now: Timestamp) -> Markup {
    html! { time.ago datetime=(at) title=(exact(at)) { (relative(at, now)) } }
}

/// A moment, exactly.
pub(crate) fn moment(at: Timestamp) -> Markup {
    html! { time datetime=(at) { (exact(at)) } }
}

/// How long something has lasted that began then and goes on.
pub(crate) fn lasting(since: Timestamp, now: Timestamp) -> Markup {
    html! { span.since data-since=(since) { (lasted(since, now)) } }
}

/// How long something lasted.
pub(crate) fn lasted(from: Timestamp, to: Timestamp) -> String {
    duration(to.duration_since(from))
}
