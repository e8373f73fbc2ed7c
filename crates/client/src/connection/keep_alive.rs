//! Keeps a connection alive, and notices when it is dead.
//!
//! API Gateway closes a connection after ten minutes without a message (Developer Guide, "Quotas for
//! configuring and running a WebSocket API"). AWS documents neither whether its gateway answers the
//! ping frames of RFC 6455, nor whether they count as messages, and its users report both. So:
//!
//! - A connection is asked for life by a ping frame. Until one was answered by a pong frame, a
//!   message `ping`, which the monitor answers, goes with it.
//! - That message is also sent when no other message was sent or received for eight minutes.

use std::ops::Range;
use std::time::Duration;

use sagebell_monitor::jitter::vary;
use sagebell_monitor::ports::Entropy as _;
use sagebell_system::RandomEntropy;
use tokio::time::Instant;

/// After how much silence the connection is asked for life.
const SILENCE: Duration = Duration::from_secs(60);
/// The jitter of this. With the time for the answer it stays below a minute: a connection is dead
/// for no longer than that before it is noticed.
const JITTER: Range<f64> = 0.6..0.8;
/// How long the answer may take.
pub(crate) const PONG: Duration = Duration::from_secs(10);
/// After how long without a message one is sent.
const IDLE: Duration = Duration::from_secs(480);

/// What is known of the life of a connection.
#[derive(Debug)]
pub(super) struct KeepAlive {
    /// When to ask, if nothing is received until then.
    ask_at: Instant,
    /// When an answer must be there.
    dead_at: Option<Instant>,
    /// When the last message was sent or received.
    message_at: Instant,
    /// Whether a ping frame was answered.
    has_pongs: bool,
}

/// What to send, or what to conclude.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing yet.
    Nothing,
    /// A ping frame.
    Ping,
    /// A ping frame, and the message `ping`.
    PingAndMessage,
    /// The connection is dead.
    Dead,
}

impl KeepAlive {
    pub(super) fn new(now: Instant) -> Self {
        Self { ask_at: ask_at(now), dead_at: None, message_at: now, has_pongs: false }
    }

    /// When to call [`due`](Self::due) next.
    pub(super) fn wake_at(&self) -> Instant {
        self.dead_at.unwrap_or(self.ask_at)
    }

    /// Notes that something was received.
    pub(super) fn received(&mut self, now: Instant) {
        (self.ask_at, self.dead_at) = (ask_at(now), None);
    }

    /// Notes that a pong frame was received.
    pub(super) fn pong(&mut self) {
        self.has_pongs = true;
    }

    /// Notes that a message was sent or received.
    pub(super) fn message(&mut self, now: Instant) {
        self.message_at = now;
    }

    /// What is due now.
    pub(super) fn due(&mut self, now: Instant) -> Due {
        if self.dead_at.is_some_and(|dead_at| dead_at <= now) {
            return Due::Dead;
        }
        if self.dead_at.is_some() || self.ask_at > now {
            return Due::Nothing;
        }
        self.dead_at = Some(now + PONG);
        // Who asks less than once in this time asks too late.
        let is_idle = now.duration_since(self.message_at) + SILENCE > IDLE;
        if self.has_pongs && !is_idle { Due::Ping } else { Due::PingAndMessage }
    }
}

fn ask_at(now: Instant) -> Instant {
    now + vary(SILENCE, JITTER, RandomEntropy.unit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    /// What is sent in this time, if each ping is answered at once, by a pong frame or not.
    fn sent(within: Duration, has_pongs: bool) -> (Vec<Duration>, Vec<Duration>) {
        let begun = Instant::now();
        let (mut keep, mut now) = (KeepAlive::new(begun), begun);
        let (mut pings, mut messages) = (Vec::new(), Vec::new());
        while now < begun + within {
            now = keep.wake_at();
            let due = keep.due(now);
            assert!(matches!(due, Due::Ping | Due::PingAndMessage), "{due:?}");
            pings.push(now - begun);
            if due == Due::PingAndMessage {
                messages.push(now - begun);
                keep.message(now);
            }
            keep.received(now);
            if has_pongs {
                keep.pong();
            }
        }
        (pings, messages)
    }

    fn longest(times: &[Duration]) -> Duration {
        let pauses = times.windows(2).map(|two| two[1] - two[0]);
        pauses.max().unwrap()
    }

    #[test]
    fn where_pings_are_answered_messages_are_few_but_never_ten_minutes_apart() {
        let (pings, messages) = sent(120 * MINUTE, true);
        assert!(longest(&pings) + PONG < MINUTE, "{pings:?}");
        assert!(longest(&messages) < 9 * MINUTE, "{messages:?}");
        assert!(messages.len() < 20, "{messages:?}");
    }

    #[test]
    fn where_pings_are_not_answered_each_goes_with_a_message() {
        let (pings, messages) = sent(120 * MINUTE, false);
        assert_eq!(pings, messages);
    }

    #[test]
    fn silence_after_a_ping_is_death_and_any_word_is_life() {
        let mut keep = KeepAlive::new(Instant::now());
        let asked_at = keep.wake_at();
        assert_eq!(keep.due(asked_at - Duration::from_millis(1)), Due::Nothing);
        assert_eq!(keep.due(asked_at), Due::PingAndMessage);
        assert_eq!(keep.due(asked_at + PONG / 2), Due::Nothing);
        assert_eq!(keep.due(asked_at + PONG), Due::Dead);
        keep.received(asked_at + PONG / 2);
        assert_eq!(keep.due(asked_at + PONG), Due::Nothing);
    }
}
