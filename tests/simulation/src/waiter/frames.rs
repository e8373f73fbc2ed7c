//! What a waiter says to the API through connections.

use std::sync::Arc;

use futures::channel::oneshot;
use futures::future::{Either, select};
use sagebell_monitor::wait_registry::{ChannelAsked, Registration, Stop, WaitAndJob};

use super::calls::{NoAnswer, registration};
use super::{Found, Waiter};
use crate::connections::Mailbox;
use crate::executor::Millis;
use crate::faults::Fault;
use crate::gateway::Line;
use crate::judge::Try;
use crate::lock;
use crate::mutation::Mutation;
use crate::teams::Ask;
use crate::world::{Dice, instant};

/// How long a waiter waits for the answer to a frame (`connection.rs` of the client).
pub(super) const ANSWER: Millis = 30_000;
/// How late a frame is handled: API Gateway's integration timeout (Developer Guide, "Quotas for
/// configuring and running a WebSocket API").
const LATEST: Millis = 29_000;
/// How long opening may take.
const OPEN: Millis = 20_000;

impl Waiter {
    /// Opens a connection, which the API records first.
    pub(super) async fn connect(&self, mailbox: Mailbox) -> Option<Line> {
        let world = &self.cloud.world;
        world.hop(Dice::Connections).await;
        if world.is_api_out() {
            self.tried(Try::Out);
            return None;
        }
        if world.strikes(Fault::ConnectLost) {
            self.tried(Try::Cut);
            return None;
        }
        let line = Line::open(world, self.who(), mailbox);
        // As a local stack dates it: by the one clock that may be set.
        let now = world.time.now();
        let ahead = jiff::SignedDuration::from_millis(world.faults.jump.ahead(now));
        let opened_at = instant(now) + ahead;
        let opened = {
            let owner = self.who().principal(world);
            let opening = self.cloud.connections.open(line.id.clone(), owner, opened_at);
            let ask = Ask { who: self.who(), stop: Stop::No };
            let timeout = world.time.sleep(OPEN);
            match select(Box::pin(self.cloud.ask(ask, opening)), timeout).await {
                Either::Left((opened, _)) => opened.is_some_and(|opened| opened.is_ok()),
                Either::Right(_) => false,
            }
        };
        world.hop(Dice::Connections).await;
        if !opened || world.strikes(Fault::ConnectLost) {
            self.tried(Try::Cut);
            return None;
        }
        line.begin();
        Some(line)
    }

    /// Registers the wait through this connection.
    pub(super) async fn frame(&self, line: &Line, found: &Found) -> Result<WaitAndJob, NoAnswer> {
        let world = &self.cloud.world;
        let not_before = found.not_before.filter(|_| !world.breaks(Mutation::NoNotBefore));
        let channel = ChannelAsked::Connection(line.id.clone());
        let asked = Registration { channel, not_before, ..registration(world, self.task) };
        let answer = self.ask_through(line, asked).await;
        if answer.is_err() {
            world.note(|| format!("task {} is not registered on {}", self.task, line.id));
        }
        answer
    }

    async fn ask_through(&self, line: &Line, asked: Registration) -> Result<WaitAndJob, NoAnswer> {
        let world = &self.cloud.world;
        world.hop(Dice::Connections).await;
        if !line.is_through() {
            self.tried(Try::Cut);
            select(Box::pin(line.lost()), world.time.sleep(ANSWER)).await;
            return Err(NoAnswer::Lost);
        }
        if world.is_api_out() {
            self.tried(Try::Out);
            return Err(NoAnswer::Lost);
        }
        if world.strikes(Fault::FrameLost) {
            self.tried(Try::Cut);
            return Err(NoAnswer::Lost);
        }
        let is_torn = world.strikes(Fault::FrameTorn);
        let answered = self.handle_frame(asked, is_torn || world.strikes(Fault::FrameLate));
        if is_torn {
            line.tear();
        }
        let given_up = select(Box::pin(line.lost()), world.time.sleep(ANSWER));
        let Either::Left((Ok(Some(answer)), _)) = select(answered, given_up).await else {
            self.tried(Try::Cut);
            return Err(NoAnswer::Lost);
        };
        if answer.is_err() {
            self.tried(Try::Cut);
        }
        if world.strikes(Fault::FrameUnanswered) {
            select(Box::pin(line.lost()), world.time.sleep(ANSWER)).await;
            return Err(NoAnswer::Lost);
        }
        world.hop(Dice::Connections).await;
        if !line.is_through() {
            return Err(NoAnswer::Lost);
        }
        answer
    }

    /// Has the frame handled, now or late, whatever becomes of its connection and its waiter.
    fn handle_frame(
        &self,
        asked: Registration,
        late: bool,
    ) -> oneshot::Receiver<Option<Result<WaitAndJob, NoAnswer>>> {
        let world = &self.cloud.world;
        let late = if late { world.roll(Dice::Connections, |rng| rng.u64(..LATEST)) } else { 0 };
        lock(&world.judge).jobs[self.plan().job].calls += 1;
        let ask = Ask { who: self.who(), stop: Stop::No };
        let (cloud, task, (tell, told)) = (Arc::clone(&self.cloud), self.task, oneshot::channel());
        world.time.spawn(async move {
            cloud.world.time.sleep(late).await;
            if cloud.world.is_api_out() {
                return drop(tell);
            }
            let answer = cloud.ask(ask, cloud.waits.register(asked)).await;
            if let Some(Ok(_)) = answer {
                lock(&cloud.world.judge).tasks[task].reached();
            }
            let _ = tell.send(answer.map(|answer| answer.map_err(NoAnswer::from)));
        });
        told
    }

    /// Notes a try to reach the API that came to nothing.
    pub(super) fn tried(&self, how: Try) {
        let now = self.cloud.world.time.now();
        lock(&self.cloud.world.judge).tasks[self.task].tried(how, now);
    }
}
