//! What a waiter needs to wait: its listener, and the options of its wait.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use jiff::Timestamp;
use sagebell_api_types::WaitRequest;
use sagebell_monitor::ports::Clock;
use sagebell_monitor::wait::{CallbackUrl, InvalidText, OnAbandon, Secret, SignalOn, WaitId};
use sagebell_webhook::{CALLBACK_PATH, Listener};

use crate::secret::new_secret;

/// The options of a wait.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Which signals to receive.
    pub signal_on: SignalOn,
    /// What to do with the job if the wait is abandoned.
    pub on_abandon: OnAbandon,
    /// How long the wait lives without a renewal, in seconds.
    pub lease_seconds: u32,
    /// When the monitor ends the wait. `None`: as late as the monitor allows.
    pub deadline: Option<Timestamp>,
    /// Older states of the resource are ignored.
    pub not_before: Option<Timestamp>,
    /// The waiter's labels.
    pub labels: BTreeMap<String, String>,
}

/// A listener, with the secret and the id of its wait. Open it before the job exists, so that no
/// signal is missed.
pub struct CallbackReceiver {
    pub(crate) listener: Listener,
    pub(crate) id: WaitId,
    secret: Secret,
    url: CallbackUrl,
}

impl CallbackReceiver {
    /// Listens on `address` (port 0: any free port).
    ///
    /// # Errors
    /// The system's error if the address cannot be used.
    pub async fn open(address: SocketAddr, id: WaitId, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let secret = new_secret().map_err(io::Error::other)?;
        let listener = Listener::bind(address, secret.clone(), id.clone(), clock).await?;
        let url = callback_url(&listener).map_err(io::Error::other)?;
        Ok(Self { listener, secret, id, url })
    }

    /// The body of the registration.
    pub(crate) fn request(&self, terms: Terms) -> WaitRequest {
        WaitRequest {
            callback_url: Some(self.url.clone()),
            secret: Some(self.secret.clone()),
            signal_on: terms.signal_on,
            on_abandon: terms.on_abandon,
            lease_seconds: terms.lease_seconds,
            deadline: terms.deadline,
            not_before: terms.not_before,
            labels: terms.labels,
        }
    }
}

/// The callback URL of a listener.
///
/// # Errors
/// None in practice.
pub fn callback_url(listener: &Listener) -> Result<CallbackUrl, InvalidText> {
    CallbackUrl::parse(&format!("http://{}{CALLBACK_PATH}", listener.local_addr()))
}
