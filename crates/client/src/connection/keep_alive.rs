//! Keeps a connection alive, and notices when it is dead.
//!
//! API Gateway closes a connection after ten minutes without a message (Developer Guide, "Quotas for
//! configuring and running a WebSocket API"), and bills each message ("Amazon API Gateway pricing").
//! AWS documents neither whether its gateway answers the ping frames of RFC 6455, nor whether they
//! count as messages, and its users report both. So:
//!
//! - After some silence the connection is asked for life by a ping frame. With the first of them goes
//!   a message `ping`.
//! - Once a ping frame was answered, each of them must be. A dead connection is then noticed within
//!   a minute, also behind a proxy.
//! - If only the message was answered, ping frames are sent all the same: for proxies, which cut a
//!   silent connection, and for TCP, which notices data that nobody takes. A dead connection is then
//!   noticed within a minute too, but behind a proxy only by the next message.
//! - A message `ping` is also sent when no other message was sent or received for about nine
//!   minutes. It must be answered.

use std::ops::Range;
use std::time::Duration;

use reqwest::ClientBuilder;
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
/// After how long without a message one is sent, at the latest.
const IDLE: Duration = Duration::from_secs(570);

/// After how much silence, and in which pauses, TCP itself asks the other side (tcp(7):
/// `TCP_KEEPIDLE`, `TCP_KEEPINTVL`).
const SILENT: Duration = Duration::from_secs(15);
/// How many of these questions may stay unanswered (tcp(7): `TCP_KEEPCNT`).
const SILENT_COUNT: u32 = 2;
/// How long the other side may leave data unacknowledged (tcp(7): `TCP_USER_TIMEOUT`). A packet that
/// was lost and is sent again arrives well within it.
#[cfg(target_os = "linux")]
const UNTAKEN: Duration = Duration::from_secs(30);

/// Has TCP notice within a minute that the other side is gone, whether data is on its way or not.
pub(crate) fn with_socket_keep_alive(http: ClientBuilder) -> ClientBuilder {
    let http = http
        .tcp_keepalive(SILENT)
        .tcp_keepalive_interval(SILENT)
        .tcp_keepalive_retries(SILENT_COUNT);
    #[cfg(target_os = "linux")]
    let http = http.tcp_user_timeout(UNTAKEN);
    http
}

/// Whether ping frames are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pongs {
    /// None was sent yet.
    Unknown,
    /// One was.
    Answered,
    /// A message was answered that was sent after one.
    Unanswered,
}

/// What is known of the life of a connection.
#[derive(Debug)]
pub(super) struct KeepAlive {
    /// When to ask, if nothing is received until then.
    ask_at: Instant,
    /// When an answer must be there.
    dead_at: Option<Instant>,
    /// When the last message was sent or received.
    message_at: Instant,
    pongs: Pongs,
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
        Self { ask_at: ask_at(now), dead_at: None, message_at: now, pongs: Pongs::Unknown }
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
    pub(super) fn received_pong(&mut self, now: Instant) {
        self.pongs = Pongs::Answered;
        self.received(now);
    }

    /// Notes that a message was received.
    pub(super) fn received_message(&mut self, now: Instant) {
        // It was asked for life, and said something else than a pong.
        if self.dead_at.is_some() && self.pongs == Pongs::Unknown {
            self.pongs = Pongs::Unanswered;
        }
        self.message_at = now;
        self.received(now);
    }

    /// Notes that a message was sent.
    pub(super) fn sent_message(&mut self, now: Instant) {
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
        // Who asks less than once in this time asks too late.
        let is_idle = now.duration_since(self.message_at) + SILENCE > IDLE;
        let asks_by_message = is_idle || self.pongs == Pongs::Unknown;
        if asks_by_message || self.pongs == Pongs::Answered {
            self.dead_at = Some(now + PONG);
        } else {
            self.ask_at = ask_at(now);
        }
        if asks_by_message { Due::PingAndMessage } else { Due::Ping }
    }
}

fn ask_at(now: Instant) -> Instant {
    now + vary(SILENCE, JITTER, RandomEntropy.unit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    /// What is sent in this time, to a gateway that answers messages, and ping frames or not.
    fn sent(within: Duration, has_pongs: bool) -> (Vec<Duration>, Vec<Duration>) {
        let begun = Instant::now();
        let (mut keep, mut now) = (KeepAlive::new(begun), begun);
        let (mut pings, mut messages) = (Vec::new(), Vec::new());
        while now < begun + within {
            now = keep.wake_at();
            let due = keep.due(now);
            assert!(matches!(due, Due::Ping | Due::PingAndMessage), "{due:?}");
            pings.push(now - begun);
            if has_pongs {
                keep.received_pong(now);
            }
            if due == Due::PingAndMessage {
                messages.push(now - begun);
                keep.sent_message(now);
                keep.received_message(now);
            }
        }
        (pings, messages)
    }

    fn longest(times: &[Duration]) -> Duration {
        let pauses = times.windows(2).map(|two| two[1] - two[0]);
        pauses.max().unwrap()
    }

    #[test]
    fn messages_are_few_but_never_ten_minutes_apart_whether_ping_frames_are_answered_or_not() {
        for has_pongs in [true, false] {
            let (pings, messages) = sent(120 * MINUTE, has_pongs);
            assert!(longest(&pings) + PONG < MINUTE, "{pings:?}");
            assert!(longest(&messages) + PONG < 10 * MINUTE, "{messages:?}");
            assert!(messages.len() <= 2 + 120 * 60 / 510, "{messages:?}");
        }
    }

    #[test]
    fn the_first_question_is_a_message_as_well() {
        let (pings, messages) = sent(MINUTE, true);
        assert_eq!(pings[0], messages[0]);
    }

    #[test]
    fn silence_after_a_question_is_death_and_any_word_is_life() {
        let mut keep = KeepAlive::new(Instant::now());
        let asked_at = keep.wake_at();
        assert_eq!(keep.due(asked_at - Duration::from_millis(1)), Due::Nothing);
        assert_eq!(keep.due(asked_at), Due::PingAndMessage);
        assert_eq!(keep.due(asked_at + PONG / 2), Due::Nothing);
        assert_eq!(keep.due(asked_at + PONG), Due::Dead);
        keep.received(asked_at + PONG / 2);
        assert_eq!(keep.due(asked_at + PONG), Due::Nothing);
    }

    #[test]
    fn who_answered_one_ping_frame_must_answer_the_next() {
        let mut keep = KeepAlive::new(Instant::now());
        let asked_at = keep.wake_at();
        keep.due(asked_at);
        // In either order.
        keep.received_message(asked_at);
        keep.received_pong(asked_at);
        let asked_at = keep.wake_at();
        assert_eq!(keep.due(asked_at), Due::Ping);
        assert_eq!(keep.due(keep.wake_at()), Due::Dead);
    }

    #[test]
    fn who_never_answered_a_ping_frame_must_answer_the_message() {
        let mut keep = KeepAlive::new(Instant::now());
        let asked_at = keep.wake_at();
        keep.due(asked_at);
        keep.received_message(asked_at);
        let due = std::iter::repeat_with(|| keep.due(keep.wake_at()));
        let due: Vec<_> = due.take_while(|due| *due != Due::Dead).collect();
        let (last, pings) = due.split_last().unwrap();
        assert_eq!(*last, Due::PingAndMessage);
        assert!(!pings.is_empty() && pings.iter().all(|due| *due == Due::Ping), "{pings:?}");
    }

    #[test]
    fn a_word_that_nobody_asked_for_says_nothing_of_ping_frames() {
        let mut keep = KeepAlive::new(Instant::now());
        keep.received_message(Instant::now());
        assert_eq!(keep.due(keep.wake_at()), Due::PingAndMessage);
    }
}
