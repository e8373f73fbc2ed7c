//! Probes the target of a wait: is its waiter still there?

use crate::ports::{ProbeOutcome, StoreError};
use crate::signal::{Callback, Probe};
use crate::wait::{Wait, WaitKey, WaitState};

use super::{Deliver, SignalOutcome};

impl Deliver {
    /// Sends one probe to a waiter whose lease has ended, and records the result. An answer renews
    /// the lease.
    pub(super) async fn find(&self, key: &WaitKey) -> Result<SignalOutcome, StoreError> {
        let Some(wait) = self.store.load_wait(key).await? else {
            return Ok(SignalOutcome::Nothing);
        };
        let lease_until = wait.value.lease_until;
        if wait.value.state != WaitState::Waiting || lease_until > self.clock.now() {
            return Ok(SignalOutcome::Nothing);
        }
        let outcome = self.probe(&wait.value).await;
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

    /// One probe.
    pub(super) async fn probe(&self, wait: &Wait) -> ProbeOutcome {
        let probe = Probe { wait_id: wait.id.clone(), at: self.clock.now() };
        self.sender.probe(&callback(wait, probe, self.entropy.unit())).await
    }
}

/// `unit` is random: no answer to an earlier probe fits another.
fn callback(wait: &Wait, probe: Probe, unit: f64) -> Callback<Probe> {
    // The signed text is `id.timestamp.body`: keep dots out of the id.
    let name = wait.id.as_str().replace('.', "-");
    Callback {
        url: wait.callback_url.clone(),
        secret: wait.secret.clone(),
        id: format!("probe_{name}_{:016x}", unit.to_bits()),
        message: probe,
    }
}
