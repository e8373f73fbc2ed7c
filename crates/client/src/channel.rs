//! The waiter's end of a wait's channel: how it registers, and how it is told.

mod callback;
mod connection;
mod none;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::BoxFuture;
use sagebell_api_types::{SignalBody, WaitAndJobView, WaitRequest};
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::ports::Clock;
use sagebell_monitor::wait::WaitId;
use sagebell_webhook::Stats;

use crate::client::{Client, ClientError};
use crate::connection::OpenError;

pub use callback::{CallbackReceiver, callback_url};
pub use connection::HeldConnection;
pub use none::Renewals;

/// Makes the call that registers and renews a wait by HTTP.
pub type Call = Box<dyn Fn(WaitRequest) -> Answer + Send + Sync>;
/// The pending answer.
pub type Answer = BoxFuture<'static, Result<WaitAndJobView, ClientError>>;

/// The word for a channel, as in the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelWord {
    /// `connection`
    Connection,
    /// `callback`
    Callback,
    /// `none`
    None,
}

impl ChannelWord {
    /// The channel of this word.
    #[must_use]
    pub fn from_wire(word: &str) -> Option<Self> {
        match word {
            "connection" => Some(Self::Connection),
            "callback" => Some(Self::Callback),
            "none" => Some(Self::None),
            _ => None,
        }
    }
}

/// The address of the callbacks cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("can't listen for callbacks on {address}: {source}")]
pub struct ListenError {
    /// The address.
    pub address: SocketAddr,
    /// What the system says.
    pub source: io::Error,
}

/// How a waiter wants to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelChoice {
    /// Through a connection that it holds. While there is none, as without a channel.
    Connection,
    /// By callbacks to this address (port 0: any free port).
    Callback(SocketAddr),
    /// By the answers to its renewals.
    None,
}

impl ChannelChoice {
    /// Opens this end of the channel. Open it before the job exists, so that no signal is missed.
    ///
    /// # Errors
    /// [`ListenError`]. A connection that cannot be opened is no error: see
    /// [`ChannelEnd::trouble`].
    pub async fn open(
        self,
        client: &Client,
        id: WaitId,
        clock: Arc<dyn Clock>,
    ) -> Result<Box<dyn ChannelEnd>, ListenError> {
        Ok(match self {
            Self::Connection => Box::new(HeldConnection::open(client.clone(), id).await),
            Self::Callback(address) => {
                let receiver = CallbackReceiver::open(address, id, clock).await;
                Box::new(receiver.map_err(|source| ListenError { address, source })?)
            }
            Self::None => Box::new(Renewals::new(id)),
        })
    }
}

/// What a registration is about.
pub struct Registration {
    pub(crate) arn: JobArn,
    pub(crate) id: WaitId,
    /// As asked for: the channel adds what it needs, and the lease that suits it.
    pub(crate) request: WaitRequest,
    /// Since when the waiter waits.
    pub(crate) age: Duration,
}

impl Registration {
    /// The lease that was asked for.
    pub(crate) fn asked_lease(&self) -> Duration {
        Duration::from_secs(self.request.lease_seconds.into())
    }

    /// The same registration with this lease.
    pub(crate) fn leased(mut self, lease: Duration) -> Self {
        self.request.lease_seconds = u32::try_from(lease.as_secs()).unwrap_or(u32::MAX);
        self
    }
}

/// What comes by itself.
pub enum News {
    /// A signal.
    Signal(Box<SignalBody>),
    /// Register now: there is a new way to do it.
    Register,
    /// Something came that cannot be trusted. The answer to a renewal can.
    Doubt,
    /// There is no connection, for this reason. Register now, without one.
    FellBack(OpenError),
}

/// What follows from an accepted registration.
pub struct Accepted {
    /// When to renew. `None`: when there are news.
    pub(crate) renew_after: Option<Duration>,
    /// There is a connection again.
    pub(crate) is_back: bool,
}

/// The waiter's end of a channel.
#[async_trait]
pub trait ChannelEnd: Send {
    /// The wait.
    fn id(&self) -> &WaitId;

    /// Why the channel is not the one that was asked for: there is no connection.
    fn trouble(&self) -> Option<&OpenError> {
        None
    }

    /// The next news. Cancel safe.
    async fn news(&mut self) -> News;

    /// Whether a registration can be sent now. If not, there will be news.
    fn is_ready(&self) -> bool {
        true
    }

    /// Sends a registration.
    fn register(&mut self, put: &Call, wait: Registration) -> Answer;

    /// Notes that the registration was accepted.
    fn accepted(&mut self) -> Accepted;

    /// Notes that the registration failed. Returns whether the channel has another way to send it,
    /// now or soon.
    fn failed(&mut self, _error: &ClientError) -> bool {
        false
    }

    /// The statistics of callbacks.
    fn stats(&self) -> Stats {
        Stats::default()
    }

    /// Closes this end, within a few seconds.
    async fn close(self: Box<Self>);
}
