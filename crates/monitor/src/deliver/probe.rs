//! Probes the target of a wait: is its waiter still there?

use crate::ports::{Failure, ProbeOutcome, StoreError};
use crate::signal::{Callback, ProbeBody};
use crate::wait::{FailureClass, Wait, WaitKey, WaitState};

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
        let now = self.clock.now();
        match probe(wait, ProbeBody::new(wait.id.clone(), now), self.entropy.unit()) {
            Ok(probe) => self.sender.probe(&probe).await,
            Err(error) => {
                ProbeOutcome::Unanswered(Failure::new(FailureClass::Internal, error.to_string()))
            }
        }
    }
}

/// `unit` is random: no answer to an earlier probe fits another.
fn probe(wait: &Wait, body: ProbeBody, unit: f64) -> Result<Callback, serde_json::Error> {
    // The signed text is `id.timestamp.body`: keep dots out of the id.
    let name = wait.id.as_str().replace('.', "-");
    Ok(Callback {
        url: wait.callback_url.clone(),
        secret: wait.secret.clone(),
        id: format!("probe_{name}_{:016x}", unit.to_bits()),
        body: serde_json::to_string(&body)?,
    })
}
