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

/// What a waiter asks of the monitor.
#[derive(Debug, Clone)]
pub struct Terms {
    /// What to be told.
    pub signal_on: SignalOn,
    /// What becomes of the job if the waiter vanishes for good.
    pub on_abandon: OnAbandon,
    /// How long the wait lives without being renewed, in seconds.
    pub lease_seconds: u32,
    /// When to give up; `None`: as late as the monitor allows.
    pub deadline: Option<Timestamp>,
    /// Older states of the resource are not heard of.
    pub not_before: Option<Timestamp>,
    /// The waiter's own labels.
    pub labels: BTreeMap<String, String>,
}

/// A listener with the secret and the id of the wait that it will hear of. It is
/// opened before there is a job, so that no signal can come unheard.
pub struct CallbackReceiver {
    pub(crate) listener: Listener,
    pub(crate) id: WaitId,
    secret: Secret,
    url: CallbackUrl,
}

impl CallbackReceiver {
    /// Listens on `address` (port 0: any free one).
    ///
    /// # Errors
    /// What the system says when the address cannot be had.
    pub async fn open(address: SocketAddr, id: WaitId, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let secret = new_secret().map_err(io::Error::other)?;
        let listener = Listener::bind(address, secret.clone(), id.clone(), clock).await?;
        let url = callback_url(&listener).map_err(io::Error::other)?;
        Ok(Self { listener, secret, id, url })
    }

    /// The body of the registration.
    pub(crate) fn request(&self, terms: Terms) -> WaitRequest {
        WaitRequest {
            callback_url: self.url.clone(),
            secret: self.secret.clone(),
            signal_on: terms.signal_on,
            on_abandon: terms.on_abandon,
            lease_seconds: terms.lease_seconds,
            deadline: terms.deadline,
            not_before: terms.not_before,
            labels: terms.labels,
        }
    }
}

/// Where a listener is called back.
///
/// # Errors
/// None that an address can cause.
pub fn callback_url(listener: &Listener) -> Result<CallbackUrl, InvalidText> {
    CallbackUrl::parse(&format!("http://{}{CALLBACK_PATH}", listener.local_addr()))
}
