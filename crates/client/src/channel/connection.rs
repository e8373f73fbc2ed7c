//! A connection that the waiter holds, for as long as it waits.
//!
//! Promises: there is no gap between two connections. The next one is opened before the gateway ends
//! the old one, the wait is registered on it, and only then the old one is closed. After a loss the
//! next one is opened at once, then ever more slowly. If there is none for a while, the wait is
//! renewed without a channel, until there is one again.

mod attempts;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sagebell_api_types::SignalBody;
use sagebell_monitor::jitter::vary;
use sagebell_monitor::policy::Policy;
use sagebell_monitor::ports::Entropy as _;
use sagebell_monitor::wait::WaitId;
use sagebell_system::RandomEntropy;
use tokio::time::Instant;

use attempts::Attempts;

use super::none::Reads;
use super::{Accepted, Answer, Call, ChannelEnd, News, Registration};
use crate::client::{Client, ClientError};
use crate::connection::{ANSWER, Connection, Loss, Open, OpenError, Opener, Socket};
use crate::pace::at;

/// When the next connection is opened. API Gateway ends each after two hours (Developer Guide,
/// "Quotas for configuring and running a WebSocket API").
const LIFE: Duration = Duration::from_secs(115 * 60);
/// The jitter of this.
const JITTER: Range<f64> = 100.0 / 115.0..1.0;
/// The attempts before the job is created.
const FIRST_TRIES: u32 = 3;
/// How long after the last message on a connection the wait may be registered without one. A message
/// that the gateway still handles would take the wait back to a connection that is gone.
const FALL_BACK_AFTER: Duration = ANSWER;
/// How long after the return to a connection the wait is registered on it again. A call that was
/// given up, and is handled late, would take the wait from the connection.
const REPEAT_AFTER: Duration = Duration::from_secs(60);

/// A connection, with a number of its own.
struct Numbered {
    number: u64,
    connection: Connection,
}

/// The connection of one wait, and its successors.
pub struct HeldConnection {
    id: WaitId,
    attempts: Attempts,
    /// The one that the wait is registered on.
    current: Option<Numbered>,
    /// One on which the wait is not registered yet.
    next: Option<Numbered>,
    connections: u64,
    /// The connection of the last registration. `None`: it was sent without one.
    asked_on: Option<u64>,
    /// No message was sent on a connection since.
    quiet_since: Instant,
    has_fallen_back: bool,
    reads: Reads,
    /// Whether a call without a connection was made since the last return to one.
    has_put: bool,
}

impl HeldConnection {
    /// Opens the first connection. Tries some times; then the wait begins without one.
    pub async fn open(client: Client, id: WaitId) -> Self {
        Self::over(Arc::new(Opener::new(client)), id).await
    }

    pub(crate) async fn over(opener: Arc<dyn Open>, id: WaitId) -> Self {
        let mut held = Self {
            id,
            attempts: Attempts::new(opener),
            current: None,
            next: None,
            connections: 0,
            asked_on: None,
            quiet_since: Instant::now(),
            has_fallen_back: false,
            reads: Reads::default(),
            has_put: false,
        };
        for _ in 0..FIRST_TRIES {
            if let Some(socket) = held.attempts.opened().await {
                held.take(socket);
                return held;
            }
            if held.attempts.trouble().is_some_and(OpenError::is_lasting) {
                break;
            }
        }
        held.has_fallen_back = true;
        held
    }

    fn take(&mut self, socket: Socket) {
        self.connections += 1;
        let (number, connection) = (self.connections, Connection::over(socket));
        self.next = Some(Numbered { number, connection });
    }

    fn lose_next(&mut self, why: OpenError) {
        self.next = None;
        self.quiet_since = Instant::now();
        self.attempts.again(why);
    }

    fn lose_current(&mut self, why: Loss) {
        self.current = None;
        self.quiet_since = Instant::now();
        self.attempts.afresh(why.into());
    }

    /// When the wait is registered without a connection, if there is none until then.
    fn fall_back_at(&self) -> Option<Instant> {
        let has_none = self.current.is_none() && self.next.is_none();
        (has_none && !self.has_fallen_back).then(|| self.quiet_since + FALL_BACK_AFTER)
    }

    /// The wait is registered on the next connection: the one before is closed.
    fn move_on(&mut self, next: Numbered) -> bool {
        let life = vary(LIFE, JITTER, RandomEntropy.unit());
        self.attempts.from(next.connection.opened_at() + life);
        self.current = Some(next);
        std::mem::take(&mut self.has_fallen_back)
    }
}

#[async_trait]
impl ChannelEnd for HeldConnection {
    fn id(&self) -> &WaitId {
        &self.id
    }

    fn trouble(&self) -> Option<&OpenError> {
        self.attempts.trouble().filter(|_| self.has_fallen_back)
    }

    async fn news(&mut self) -> News {
        loop {
            let fall_back_at = self.fall_back_at();
            let Self { current, next, attempts, .. } = self;
            let has_next = next.is_some();
            let signal = tokio::select! {
                signal = signal(current) => match signal {
                    Ok(signal) => signal,
                    Err(loss) => { self.lose_current(loss); continue }
                },
                signal = signal(next) => match signal {
                    Ok(signal) => signal,
                    Err(loss) => { self.lose_next(loss.into()); continue }
                },
                opened = attempts.opened(), if !has_next => {
                    let Some(socket) = opened else { continue };
                    self.take(socket);
                    return News::Register;
                }
                () = at(fall_back_at) => {
                    self.has_fallen_back = true;
                    return News::FellBack(self.attempts.take_trouble().unwrap_or(OpenError::Late));
                }
            };
            if signal.data.wait_id == self.id {
                return News::Signal(Box::new(signal));
            }
        }
    }

    fn is_ready(&self) -> bool {
        self.current.is_some() || self.next.is_some() || self.has_fallen_back
    }

    fn register(&mut self, put: &Call, wait: Registration) -> Answer {
        let Some(Numbered { number, connection }) = self.next.as_ref().or(self.current.as_ref())
        else {
            (self.asked_on, self.has_put) = (None, true);
            return self.reads.register(put, wait);
        };
        (self.asked_on, self.quiet_since) = (Some(*number), Instant::now());
        let lease = Duration::from_secs(Policy::CONNECTION_LEASE_SECONDS.into());
        let lease = lease.max(wait.asked_lease());
        let wait = wait.leased(lease);
        connection.register(&wait.arn, &wait.id, wait.request)
    }

    fn accepted(&mut self) -> Accepted {
        let asked_on = self.asked_on;
        let next = self.next.take_if(|next| Some(next.number) == asked_on);
        let is_back = next.is_some_and(|next| self.move_on(next));
        let renew_after = if self.next.is_some() {
            Some(Duration::ZERO)
        } else if self.current.is_some() {
            std::mem::take(&mut self.has_put).then_some(REPEAT_AFTER)
        } else {
            self.has_fallen_back.then(|| self.reads.renew_after())
        };
        Accepted { renew_after, is_back }
    }

    fn failed(&mut self, error: &ClientError) -> bool {
        let is = |held: &Option<Numbered>, number| {
            held.as_ref().is_some_and(|held| held.number == number)
        };
        let Some(number) = self.asked_on else { return self.next.is_some() };
        let is_gateways = matches!(error, ClientError::Gateway { .. });
        if is(&self.next, number) && (error.needs_another_connection() || is_gateways) {
            self.lose_next(OpenError::Unregistered(error.to_string()));
        } else if is(&self.current, number) && error.needs_another_connection() {
            self.lose_current(Loss::Refused(error.to_string()));
        } else {
            // Of neither: it was lost meanwhile.
            return !is(&self.next, number) && !is(&self.current, number);
        }
        true
    }

    async fn close(self: Box<Self>) {
        let Self { current, next, .. } = *self;
        let close = |held: Option<Numbered>| async {
            if let Some(held) = held {
                held.connection.close().await;
            }
        };
        tokio::join!(close(current), close(next));
    }
}

/// The next signal of a connection, or why it ended.
async fn signal(held: &mut Option<Numbered>) -> Result<SignalBody, Loss> {
    let Some(there) = held else { return std::future::pending().await };
    match there.connection.next().await {
        Some(signal) => Ok(signal),
        None => Err(held.take().map_or(Loss::Left, |ended| ended.connection.loss())),
    }
}
