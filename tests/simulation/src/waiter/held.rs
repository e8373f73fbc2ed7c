//! A waiter that is told through connections, as `channel/connection.rs` of the client has it.
//!
//! The next connection is opened before the gateway ends the old one, the wait is registered on it,
//! and only then the old one is closed. After a loss the next one is opened at once, then ever more
//! slowly. If there is none for a while, the wait is registered without a channel, until there is
//! one again.

use std::future::poll_fn;
use std::task::Poll;

use futures::future::{Either, select};
use sagebell_monitor::policy::Policy;
use sagebell_monitor::wait_registry::{ChannelAsked, WaitAndJob};

use super::calls::NoAnswer;
use super::frames::ANSWER;
use super::untold::Next;
use super::{Found, Waiter};
use crate::connections::Mailbox;
use crate::executor::Millis;
use crate::gateway::Line;
use crate::lock;
use crate::mutation::Mutation;
use crate::world::Dice;

/// The first pause after a loss.
const FIRST_PAUSE: Millis = 1_000;
/// The attempts before the job is created.
const FIRST_TRIES: u32 = 3;
/// After how much of a connection's life the next one is opened.
const LIFE: std::ops::Range<f64> = 100.0 / 120.0..115.0 / 120.0;
/// How long after the return to a connection the wait is registered on it again. A call that was
/// given up, and is handled late, would take the wait from the connection.
const REPEAT_AFTER: Millis = 60_000;

/// One process that holds connections.
pub(super) struct Held<'a> {
    waiter: &'a Waiter,
    found: &'a Found,
    mailbox: Mailbox,
    /// The one that the wait is registered on.
    current: Option<Line>,
    /// One on which the wait is not registered yet.
    next: Option<Line>,
    /// Since when no frame was sent.
    quiet_since: Millis,
    /// A call without a connection was made since the last return to one.
    has_put: bool,
    has_fallen_back: bool,
    registrations: u32,
}

impl Waiter {
    /// Opens a connection before the job exists. Tries some times; then the wait begins without one.
    pub(super) async fn connect_first(&self, mailbox: Mailbox) -> Option<Line> {
        for attempt in 0..FIRST_TRIES {
            let line = self.connect(mailbox).await;
            if line.is_some() {
                return line;
            }
            self.sleep(self.jittered(FIRST_PAUSE << attempt)).await;
        }
        None
    }

    /// Waits until the end is pushed, or is the answer to a registration.
    pub(super) async fn hold(&self, mailbox: Mailbox, first: Option<Line>, found: &Found) {
        let mut held = Held {
            waiter: self,
            found,
            mailbox,
            current: None,
            has_fallen_back: first.is_none(),
            next: first,
            quiet_since: self.cloud.world.time.now(),
            has_put: false,
            registrations: 0,
        };
        select(Box::pin(held.run()), Box::pin(self.end_pushed(mailbox))).await;
    }

    async fn end_pushed(&self, mailbox: Mailbox) {
        poll_fn(|cx| match lock(&self.cloud.world.connections).has_end(mailbox, cx.waker()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
    }

    /// After how long the next connection is opened.
    fn life(&self) -> Millis {
        let world = &self.cloud.world;
        let part = world.roll(Dice::Waiters, |rng| rng.f64());
        let part = LIFE.start + part * (LIFE.end - LIFE.start);
        (world.plan.connection_life as f64 * part) as Millis
    }

    /// The longest pause after a call that failed, before jitter.
    pub(super) fn longest_pause(&self) -> Millis {
        if self.cloud.world.breaks(Mutation::ComesBackLate) {
            return 300_000;
        }
        Policy::COME_BACK_PAUSE.as_secs() * 1_000
    }

    pub(super) fn jittered(&self, pause: Millis) -> Millis {
        self.cloud.world.roll(Dice::Waiters, |rng| pause + rng.u64(..=pause / 2))
    }
}

impl Held<'_> {
    async fn run(&mut self) {
        let mut next = Next::GoOn;
        while next == Next::GoOn {
            next = if self.current.is_some() { self.stay().await } else { self.come_back().await };
        }
    }

    fn now(&self) -> Millis {
        self.waiter.cloud.world.time.now()
    }

    /// Without a connection that the wait is registered on: tries until there is one.
    async fn come_back(&mut self) -> Next {
        let longest = self.waiter.longest_pause();
        let mut pause = FIRST_PAUSE;
        if self.put_first() {
            self.next = None;
        }
        loop {
            if self.next.is_none() && !self.put_first() {
                self.next = self.waiter.connect(self.mailbox).await;
            }
            if self.next.is_some() {
                let answer = self.register_on_next().await;
                let is_back = answer.is_ok();
                self.has_fallen_back &= !is_back;
                let next = self.waiter.take_answer(answer).await;
                if is_back || next == Next::Over {
                    return next;
                }
            }
            self.has_fallen_back |= self.now() >= self.quiet_since + ANSWER;
            let mut next_pause = self.waiter.jittered(pause);
            if self.has_fallen_back || self.put_first() {
                self.has_put = true;
                let answer = self.waiter.put(ChannelAsked::None, self.found).await;
                let is_ok = answer.is_ok();
                if self.waiter.take_answer(answer.map(Some)).await == Next::Over {
                    return Next::Over;
                }
                if is_ok {
                    self.registrations += 1;
                    next_pause = self.waiter.read_pause();
                }
            }
            self.waiter.sleep(next_pause).await;
            pause = (pause * 2).min(longest);
        }
    }

    /// Whether the wait is registered before there is a connection, and not on it.
    fn put_first(&self) -> bool {
        self.waiter.cloud.world.breaks(Mutation::RegistersFirst) && self.registrations == 0
    }

    /// Registers on the next connection. It becomes the current one, or is left.
    async fn register_on_next(&mut self) -> Result<Option<WaitAndJob>, NoAnswer> {
        let Some(next) = self.next.take() else { return Err(NoAnswer::Lost) };
        let world = &self.waiter.cloud.world;
        let silent = world.breaks(Mutation::NoReregister) || world.breaks(Mutation::RegistersFirst);
        let mut answer = Ok(None);
        if !silent || self.registrations == 0 {
            self.quiet_since = self.now();
            answer = self.waiter.frame(&next, self.found).await.map(Some);
        }
        if answer.is_ok() {
            self.registrations += 1;
            let left = self.current.replace(next);
            left.into_iter().for_each(Line::close);
        } else {
            next.close();
            self.quiet_since = self.now();
        }
        answer
    }

    /// With a connection: until it is lost, or the wait has moved to the next.
    async fn stay(&mut self) -> Next {
        let Some(opened_at) = self.current.as_ref().map(|current| current.opened_at) else {
            return Next::GoOn;
        };
        let mut move_at = opened_at + self.waiter.life();
        let mut repeat_at = std::mem::take(&mut self.has_put).then(|| self.now() + REPEAT_AFTER);
        let mut pause = FIRST_PAUSE;
        loop {
            let until = repeat_at.unwrap_or(Millis::MAX).min(move_at);
            if self.is_lost_before(until).await {
                return Next::GoOn;
            }
            let answer = if repeat_at.take_if(|at| *at <= until).is_some() {
                self.repeat().await
            } else {
                self.next = self.waiter.connect(self.mailbox).await;
                self.register_on_next().await
            };
            let is_done = answer.is_ok();
            if self.waiter.take_answer(answer).await == Next::Over {
                return Next::Over;
            }
            if is_done && self.current.as_ref().is_some_and(|held| held.opened_at != opened_at) {
                return Next::GoOn;
            }
            if until == move_at {
                move_at = self.now() + self.waiter.jittered(pause);
                pause = (pause * 2).min(self.waiter.longest_pause());
            }
        }
    }

    /// Waits until then; says whether there is no connection by then.
    async fn is_lost_before(&mut self, until: Millis) -> bool {
        let Some(current) = &self.current else { return true };
        let sleep = self.waiter.cloud.world.time.sleep(until.saturating_sub(self.now()));
        if let Either::Right(_) = select(Box::pin(current.lost()), sleep).await {
            return false;
        }
        self.current = None;
        self.quiet_since = self.now();
        self.waiter.sleep(self.waiter.jittered(FIRST_PAUSE)).await;
        true
    }

    /// Registers on the same connection once more. One that does not answer is left.
    async fn repeat(&mut self) -> Result<Option<WaitAndJob>, NoAnswer> {
        let Some(current) = &self.current else { return Err(NoAnswer::Lost) };
        let again = self.waiter.frame(current, self.found).await;
        self.quiet_since = self.now();
        if again.is_err() {
            self.current.take().into_iter().for_each(Line::close);
        }
        again.map(Some)
    }
}
