//! Callbacks: a listener that the monitor posts signals to.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sagebell_monitor::ports::{Clock, Entropy as _};
use sagebell_monitor::wait::{CallbackUrl, InvalidText, Secret, WaitId};
use sagebell_system::RandomEntropy;
use sagebell_webhook::{CALLBACK_PATH, Listener, Stats};
use tokio::sync::Notify;

use super::{Accepted, Answer, Call, ChannelEnd, News, Registration};
use crate::pace::{lease, renewal_pause};
use crate::secret::new_secret;

/// A listener, with the secret and the id of its wait. Open it before the job exists, so that no
/// signal is missed.
pub struct CallbackReceiver {
    listener: Listener,
    doubt: Arc<Notify>,
    id: WaitId,
    secret: Secret,
    url: CallbackUrl,
    /// The lease of the last registration.
    lease: Duration,
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
        let doubt = listener.doubt();
        Ok(Self { listener, doubt, id, secret, url, lease: Duration::ZERO })
    }
}

#[async_trait]
impl ChannelEnd for CallbackReceiver {
    fn id(&self) -> &WaitId {
        &self.id
    }

    async fn news(&mut self) -> News {
        tokio::select! {
            Some(signal) = self.listener.next() => News::Signal(Box::new(signal)),
            () = self.doubt.notified() => News::Doubt,
        }
    }

    fn register(&mut self, put: &Call, wait: Registration) -> Answer {
        self.lease = lease(wait.age, wait.asked_lease());
        let mut request = wait.leased(self.lease).request;
        request.callback_url = Some(self.url.clone());
        request.secret = Some(self.secret.clone());
        put(request)
    }

    fn accepted(&mut self) -> Accepted {
        let renew_after = renewal_pause(self.lease, RandomEntropy.unit());
        Accepted { renew_after: Some(renew_after), is_back: false }
    }

    fn stats(&self) -> Stats {
        self.listener.stats()
    }

    async fn close(self: Box<Self>) {
        self.listener.shutdown().await;
    }
}

/// The callback URL of a listener.
///
/// # Errors
/// None in practice.
pub fn callback_url(listener: &Listener) -> Result<CallbackUrl, InvalidText> {
    CallbackUrl::parse(&format!("http://{}{CALLBACK_PATH}", listener.local_addr()))
}
