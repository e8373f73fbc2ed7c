//! Sends one signal, by the channel of the wait.

use super::Deliver;
use crate::compare_and_set::CompareAndSet;
use crate::connections;
use crate::job::JobRecord;
use crate::ports::{Failure, ProbeOutcome, SendOutcome, StoreError, Versioned};
use crate::signal::{Callback, Signal};
use crate::wait::{CallbackUrl, Channel, FailureClass, Secret, Wait};

impl Deliver {
    /// Sends the signal about `record`. A server at a callback URL first proves that it has the
    /// secret.
    pub(super) async fn send(&self, wait: &mut Wait, record: &JobRecord) -> SendOutcome {
        let signal = signal(wait, record);
        match wait.channel.clone() {
            Channel::Connection { id, .. } => match &self.senders.gateway {
                Some(gateway) => gateway.push(&id, &signal).await,
                None => off("this program has no connections"),
            },
            Channel::Callback { url, secret } => self.call_back(wait, signal, url, secret).await,
            Channel::None => off("the waiter asked for no signals"),
        }
    }

    async fn call_back(
        &self,
        wait: &mut Wait,
        signal: Signal,
        url: CallbackUrl,
        secret: Secret,
    ) -> SendOutcome {
        let Some(sender) = &self.senders.callbacks else {
            return off("this program sends no callbacks");
        };
        if !wait.delivery.proven {
            let answer = self.probe(&**sender, wait, url.clone(), secret.clone()).await;
            if let ProbeOutcome::Unanswered(failure) = answer {
                return SendOutcome::Failed { failure, retry_after: None };
            }
            wait.delivery.proven = true;
        }
        let id = message_id(wait);
        sender.send(&Callback { url, secret, id, message: signal }).await
    }

    /// Notes that the connection of this wait is closed.
    pub(super) async fn disconnect(&self, wait: Versioned<Wait>) -> Result<(), StoreError> {
        let Channel::Connection { id, .. } = wait.value.channel.clone() else { return Ok(()) };
        let at_once = CompareAndSet { store: &*self.store, pauses: None };
        connections::lose(at_once, Some(wait), &id, &*self.clock, &self.policy).await
    }
}

fn off(reason: &str) -> SendOutcome {
    let failure = Failure::new(FailureClass::NotAllowed, reason);
    SendOutcome::Failed { failure, retry_after: None }
}

fn signal(wait: &Wait, record: &JobRecord) -> Signal {
    Signal { wait_id: wait.id.clone(), seq: wait.delivery.seq, job: record.job.clone() }
}

fn message_id(wait: &Wait) -> String {
    // The signed text is `id.timestamp.body`: keep dots out of the id.
    let name = wait.id.as_str().replace('.', "-");
    let since = wait.created_at.as_millisecond();
    format!("msg_{name}_{since}_{}", wait.delivery.seq)
}
