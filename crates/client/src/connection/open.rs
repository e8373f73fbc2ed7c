//! Opens connections: asks the monitor where, and upgrades a request there to a WebSocket.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use sagebell_api_types::ErrorCode;
use sagebell_monitor::causes::root_cause;
use tokio::time::timeout;
use url::Url;

use super::upgrade::upgrade;
use super::{Loss, Socket};
use crate::client::{Client, ClientError};

/// How long opening may take, with the question where.
const OPEN: Duration = Duration::from_secs(20);

/// Why no connection could be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The monitor has none.
    #[error("this monitor has no connections")]
    NotOffered,
    /// The monitor did not say where.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// What the monitor said is no address to connect to.
    #[error(
        "the monitor wants connections at {0:?}, which is no ws:// or wss:// URL that is as safe as the monitor's own"
    )]
    BadAddress(String),
    /// Nothing answered there.
    #[error("no answer from {url}: {}", root_cause(source))]
    Unreachable {
        /// Where.
        url: Box<Url>,
        /// What happened.
        source: reqwest::Error,
    },
    /// The gateway, or a proxy, does not let a WebSocket through.
    #[error("{url} answered HTTP {status} instead of opening a WebSocket: {said}")]
    Refused {
        /// Where.
        url: Box<Url>,
        /// The status.
        status: u16,
        /// The beginning of the answer.
        said: String,
    },
    /// It took too long.
    #[error("no connection was opened within {} s", OPEN.as_secs())]
    Late,
    /// One was open, and lost.
    #[error(transparent)]
    Lost(#[from] Loss),
    /// One was opened, and the wait could not be registered on it.
    #[error("the wait could not be registered on the connection: {0}")]
    Unregistered(String),
}

impl OpenError {
    /// Whether it would be the same in a moment.
    pub(crate) fn is_lasting(&self) -> bool {
        matches!(self, Self::NotOffered | Self::BadAddress(_))
    }
}

/// Opens WebSockets to a monitor.
pub(crate) trait Open: Send + Sync {
    /// Opens one.
    fn open(&self) -> BoxFuture<'_, Result<Socket, OpenError>>;
}

/// Opens them by a client's address, proxies and credentials.
pub(crate) struct Opener {
    client: Client,
    /// Where the last one was opened.
    address: Mutex<Option<Url>>,
}

impl Opener {
    pub(crate) fn new(client: Client) -> Self {
        Self { client, address: Mutex::default() }
    }

    async fn try_open(&self) -> Result<Socket, OpenError> {
        // Taken, so that after a failure the monitor is asked anew.
        let known = self.known().take();
        let address = match known {
            Some(address) => address,
            None => ask(&self.client).await?,
        };
        let socket = upgrade(&self.client, &address).await?;
        *self.known() = Some(address);
        Ok(socket)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Option<Url>> {
        self.address.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open for Opener {
    fn open(&self) -> BoxFuture<'_, Result<Socket, OpenError>> {
        Box::pin(async { timeout(OPEN, self.try_open()).await.map_err(|_| OpenError::Late)? })
    }
}

/// Asks the monitor where connections are opened. A monitor of version 0.1.0 does not know the
/// question.
async fn ask(client: &Client) -> Result<Url, OpenError> {
    let told = match client.connect_url().await {
        Err(ClientError::Problem { code, .. }) if code == ErrorCode::NotFound.as_str() => {
            return Err(OpenError::NotOffered);
        }
        told => told?,
    };
    checked(client.base(), told)
}

/// The address that a monitor at `base` told. The token of a session goes there: it must not go over
/// the network in the clear.
fn checked(base: &Url, told: String) -> Result<Url, OpenError> {
    let is_safe = |url: &Url| match url.scheme() {
        "wss" => true,
        "ws" => base.scheme() == "http",
        _ => false,
    };
    Url::parse(&told).ok().filter(is_safe).ok_or(OpenError::BadAddress(told))
}

#[cfg(test)]
mod tests;
