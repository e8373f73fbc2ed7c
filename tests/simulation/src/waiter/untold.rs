//! A waiter that is told by the answers to its renewals alone.

use sagebell_monitor::wait::WaitState;
use sagebell_monitor::wait_registry::{ChannelAsked, Stop, WaitAndJob};

use super::calls::NoAnswer;
use super::{Found, Waiter};
use crate::checks;
use crate::executor::Millis;
use crate::lock;
use crate::owners;

/// The shortest and the longest pause between two reads of a wait of less than five hours.
const READ_PAUSES: (Millis, Millis) = (5_000, 60_000);
/// A read may be late by this part of the age.
const READ_PART: Millis = 5;

/// Whether the wait is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    GoOn,
    Over,
}

impl Waiter {
    /// Renews until the answer is the end.
    pub(super) async fn renew(&self, found: &Found) {
        let longest =
            (Millis::from(self.plan().lease_seconds) * 1_000 / 6).min(self.longest_pause());
        let mut retry = 1_000;
        loop {
            let answer = self.put(ChannelAsked::None, found).await;
            let is_ok = answer.is_ok();
            if self.take_answer(answer.map(Some)).await == Next::Over {
                return;
            }
            retry = if is_ok { 1_000 } else { (retry * 2).min(longest) };
            let pause = if is_ok { self.read_pause() } else { self.jittered(retry) };
            self.sleep(pause).await;
        }
    }

    /// The pause before the state is read again.
    pub(super) fn read_pause(&self) -> Millis {
        let world = &self.cloud.world;
        let since = lock(&world.judge).tasks[self.task].pod_since;
        let (shortest, longest) = READ_PAUSES;
        let pause = ((world.time.now() - since) / READ_PART).clamp(shortest, longest);
        world.roll(crate::world::Dice::Waiters, |rng| rng.u64(pause * 4 / 5..=pause))
    }

    /// Takes the answer to a registration, if there was one.
    pub(super) async fn take_answer(&self, answer: Result<Option<WaitAndJob>, NoAnswer>) -> Next {
        let world = &self.cloud.world;
        match answer {
            Ok(Some(answer)) if answer.wait.state == WaitState::Signalled => {
                world.note(|| format!("task {} is answered: {}", self.task, answer.job.phase));
                checks::received(world, self.task, &answer.job);
                return Next::Over;
            }
            Ok(Some(answer)) => {
                owners::registered(world, self.who(), &answer.wait);
                lock(&world.judge).registered(self.task, world.time.now());
            }
            Err(NoAnswer::NotAllowed) => {
                self.look_after_it_alone().await;
                return Next::Over;
            }
            Err(NoAnswer::Unsure) if self.is_over().await => {
                let _ = self.cancel(Stop::No).await;
                return Next::Over;
            }
            Ok(None) | Err(_) => {}
        }
        Next::GoOn
    }
}
