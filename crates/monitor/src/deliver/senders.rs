//! Who sends, by the channel of the wait.

use std::sync::Arc;

use crate::ports::{Gateway, Queue, Sender, StoreError};
use crate::signal::{Purpose, SignalRequest};
use crate::wait::{Channel, Wait};

/// Who sends. One program may send on both channels, or two may share the work: only one of them
/// needs the network of the waiters.
#[derive(Clone)]
pub struct Senders {
    /// Posts callbacks.
    pub callbacks: Option<Arc<dyn Sender>>,
    /// Pushes down connections.
    pub gateway: Option<Arc<dyn Gateway>>,
    /// The queue of the program that sends on the other channel.
    pub other: Option<Arc<dyn Queue>>,
}

impl Senders {
    /// Hands the wait over to the other program, if that one sends on its channel. Returns whether
    /// it did.
    ///
    /// # Errors
    /// The request must be handled again.
    pub(crate) async fn hand_over(
        &self,
        wait: &Wait,
        purpose: Purpose,
    ) -> Result<bool, StoreError> {
        let is_own = match wait.channel {
            Channel::Connection { .. } => self.gateway.is_some(),
            Channel::Callback { .. } => self.callbacks.is_some(),
            Channel::None => true,
        };
        let Some(queue) = self.other.as_ref().filter(|_| !is_own) else { return Ok(false) };
        let request = SignalRequest { purpose, ..wait.key().into() };
        let pushed = queue.push(&[request]).await;
        pushed.map_err(|error| StoreError::Retryable(error.to_string()))?;
        Ok(true)
    }
}

impl Wait {
    /// Whether it is told through a connection.
    pub(crate) fn is_connected(&self) -> bool {
        matches!(self.channel, Channel::Connection { .. })
    }
}
