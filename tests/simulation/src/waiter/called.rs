//! A waiter that is told by callbacks.

use std::future::poll_fn;
use std::task::Poll;

use futures::future::{Either, select};
use sagebell_monitor::signal::Signal;
use sagebell_monitor::wait::{Secret, WaitState};
use sagebell_monitor::wait_registry::Stop;

use super::calls::NoAnswer;
use super::{Found, Waiter};
use crate::checks;
use crate::executor::Millis;
use crate::judge::Over;
use crate::lock;
use crate::mutation::Mutation;
use crate::network::{Address, callback};
use crate::owners;
use crate::world::Dice;

impl Waiter {
    pub(super) async fn called_pod(&self) -> Over {
        let world = &self.cloud.world;
        let bytes: [u8; 24] = world.roll(Dice::Waiters, |rng| std::array::from_fn(|_| rng.u8(..)));
        let secret = Secret::from_bytes(&bytes).unwrap();
        let address = world.roll(Dice::Waiters, |rng| {
            lock(&world.network).listen(rng, self.who(), secret.expose().to_owned())
        });
        let _home = Home { waiter: self, address };
        let Some(found) = self.find_job().await else {
            return Over::GaveUp;
        };
        self.wait(address, &secret, &found).await;
        lock(&world.network).at(address).unwrap().closed = true;
        self.tidy_up().await;
        Over::Received
    }

    /// Registers, renews, and listens until the end is heard.
    async fn wait(&self, address: Address, secret: &Secret, found: &Found) {
        let world = &self.cloud.world;
        let renew_every = Millis::from(self.plan().lease_seconds) * 1_000 / 3;
        let url = format!("http://10.0.0.{address}:8080/callback");
        let mut retry = 1_000;
        loop {
            let registered = self.put(callback(&url, secret), found).await;
            let pause = match registered {
                Ok(answer) if answer.wait.state == WaitState::Signalled => {
                    world.note(|| format!("task {} is answered: {}", self.task, answer.job.phase));
                    checks::received(world, self.task, &answer.job);
                    return;
                }
                Ok(answer) => {
                    owners::registered(world, self.who(), &answer.wait);
                    lock(&world.judge).registered(self.task, world.time.now());
                    retry = 1_000;
                    renew_every
                }
                Err(NoAnswer::Refused) if world.breaks(Mutation::FinalWhenRefused) => {
                    while !self.listen(address, renew_every).await {}
                    return;
                }
                Err(NoAnswer::NotAllowed) => return self.look_after_it_alone().await,
                Err(NoAnswer::Unsure) if self.is_over().await => {
                    let _ = self.cancel(Stop::No).await;
                    return;
                }
                Err(_) => {
                    retry = (retry * 2).min(renew_every / 2).min(self.longest_pause());
                    retry
                }
            };
            if self.listen(address, pause).await {
                return;
            }
        }
    }

    /// Listens for so long; says whether the end was heard.
    async fn listen(&self, address: Address, millis: Millis) -> bool {
        let mut over = Box::pin(self.cloud.world.time.sleep(millis));
        loop {
            let next = Box::pin(self.next(address));
            match select(next, over).await {
                Either::Left((signal, _)) if signal.job.phase.is_settled() => return true,
                Either::Left((_, rest)) => over = rest,
                Either::Right(_) => return false,
            }
        }
    }

    async fn next(&self, address: Address) -> Signal {
        poll_fn(|cx| match lock(&self.cloud.world.network).next(address, cx.waker()) {
            Some(signal) => Poll::Ready(signal),
            None => Poll::Pending,
        })
        .await
    }
}

/// A pod's place in the network, until it is gone.
struct Home<'a> {
    waiter: &'a Waiter,
    address: Address,
}

impl Drop for Home<'_> {
    fn drop(&mut self) {
        lock(&self.waiter.cloud.world.network).leave(self.address);
    }
}
