//! Searches for the waiter of a wait: is it still there?

use crate::ports::{ProbeOutcome, Sender, StoreError, Versioned};
use crate::signal::{Callback, Probe, Purpose};
use crate::wait::{CallbackUrl, Channel, ConnectionId, Secret, Wait, WaitKey, WaitState};

use super::{Deliver, SignalOutcome};

impl Deliver {
    /// Asks for a waiter whose lease has ended, and records the answer. If the waiter is there, the
    /// lease is renewed.
    pub(super) async fn find(&self, key: &WaitKey) -> Result<SignalOutcome, StoreError> {
        let Some(wait) = self.store.load_wait(key).await? else {
            return Ok(SignalOutcome::Nothing);
        };
        if wait.value.state != WaitState::Waiting || wait.value.lease_until > self.clock.now() {
            return Ok(SignalOutcome::Nothing);
        }
        if self.senders.hand_over(&wait.value, Purpose::Probe).await? {
            return Ok(SignalOutcome::HandedOver);
        }
        match wait.value.channel.clone() {
            Channel::Callback { url, secret } => self.find_by_probe(wait, url, secret).await,
            Channel::Connection { id, .. } => self.find_by_connection(wait, &id).await,
            // The sweep itself judges such a wait: see `sweep/judge.rs`.
            Channel::None => Ok(SignalOutcome::Nothing),
        }
    }

    async fn find_by_probe(
        &self,
        wait: Versioned<Wait>,
        url: CallbackUrl,
        secret: Secret,
    ) -> Result<SignalOutcome, StoreError> {
        let Some(sender) = &self.senders.callbacks else { return Ok(SignalOutcome::Later) };
        let lease_until = wait.value.lease_until;
        let outcome = self.probe(&**sender, &wait.value, url, secret).await;
        tracing::info!(?outcome, "probed a waiter");
        let answered = outcome == ProbeOutcome::Answered;
        self.mark(wait, |wait, now, policy| {
            if answered {
                wait.renew(now);
                wait.delivery.proven = true;
            } else if wait.lease_until == lease_until {
                wait.search.missed(now, policy);
            }
        })
        .await?;
        Ok(if answered { SignalOutcome::Found } else { SignalOutcome::Missed })
    }

    /// A held connection is a waiter that is there, and a closed one is a loss. A gateway that does
    /// not say is neither.
    async fn find_by_connection(
        &self,
        wait: Versioned<Wait>,
        id: &ConnectionId,
    ) -> Result<SignalOutcome, StoreError> {
        let Some(gateway) = &self.senders.gateway else { return Ok(SignalOutcome::Later) };
        let is_open = gateway.is_open(id).await;
        tracing::info!(?is_open, "asked for the connection of a waiter");
        match is_open {
            Ok(true) => {
                self.mark(wait, |wait, now, _| wait.renew(now)).await?;
                Ok(SignalOutcome::Found)
            }
            Ok(false) => {
                self.disconnect(wait).await?;
                Ok(SignalOutcome::Disconnected)
            }
            Err(_) => Ok(SignalOutcome::Later),
        }
    }

    /// One probe.
    pub(super) async fn probe(
        &self,
        sender: &dyn Sender,
        wait: &Wait,
        url: CallbackUrl,
        secret: Secret,
    ) -> ProbeOutcome {
        let message = Probe { wait_id: wait.id.clone(), at: self.clock.now() };
        let id = probe_id(wait, self.entropy.unit());
        sender.probe(&Callback { url, secret, id, message }).await
    }
}

/// `unit` is random: no answer to an earlier probe fits another.
fn probe_id(wait: &Wait, unit: f64) -> String {
    // The signed text is `id.timestamp.body`: keep dots out of the id.
    let name = wait.id.as_str().replace('.', "-");
    format!("probe_{name}_{:016x}", unit.to_bits())
}
