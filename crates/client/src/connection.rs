//! A connection to the monitor: one WebSocket, on which waits are registered and signals arrive.
//!
//! Promises: a request is answered in time, or the connection is lost. A dead peer is noticed, as
//! [`keep_alive`] says. An answer to a request that nobody waits for is dropped. Dropping a
//! connection closes it.

mod keep_alive;
mod open;
mod task;
#[cfg(test)]
pub(crate) mod tests;
mod upgrade;

use std::time::Duration;

use sagebell_api_types::WaitRequest;
use sagebell_api_types::{Ask, FRAME_LIMIT, Received, SignalBody};
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::wait::WaitId;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::channel::Answer;
use crate::client::ClientError;

pub(crate) use keep_alive::with_socket_keep_alive;
pub use open::OpenError;
pub(crate) use open::{Open, Opener};

/// How long the monitor may take to answer a request. API Gateway gives up after 29 s (Developer
/// Guide, "Quotas for configuring and running a WebSocket API": integration timeout).
pub(crate) const ANSWER: Duration = Duration::from_secs(30);
/// How long closing may take.
const CLOSE: Duration = Duration::from_secs(1);
/// Signals that nobody has read yet. With one more the connection is given up: whoever registers
/// again is told the state.
const UNREAD: usize = 64;
/// Requests that are not sent yet.
const UNSENT: usize = 4;
/// The largest message that is read, in bytes. API Gateway sends larger messages in several frames
/// (the same page: 128 KB).
const LARGEST: usize = 128 * 1_024;
/// The buffer for reading, in bytes. A waiting step receives a message now and then.
const READ_BUFFER: usize = 4 * 1_024;

/// The bytes below a WebSocket.
pub(crate) trait Transport: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Transport for T {}

/// An open WebSocket.
pub(crate) type Socket = WebSocketStream<Box<dyn Transport>>;

/// The WebSocket over these bytes, after the handshake.
pub(crate) async fn socket(bytes: impl Transport + 'static) -> Socket {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(2 * FRAME_LIMIT)
        .max_message_size(Some(LARGEST))
        .max_frame_size(Some(LARGEST));
    let bytes: Box<dyn Transport> = Box::new(bytes);
    WebSocketStream::from_raw_socket(bytes, Role::Client, Some(config)).await
}

/// Why a connection ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Loss {
    /// The other side closed it.
    #[error("the monitor closed the connection ({0})")]
    Closed(String),
    /// It broke.
    #[error("the connection broke: {0}")]
    Broke(String),
    /// A ping was not answered, or nothing could be written.
    #[error("the connection is dead: a ping was not answered")]
    Dead,
    /// A request was not answered.
    #[error("the monitor did not answer on the connection within {} s", ANSWER.as_secs())]
    Unanswered,
    /// The signals were not read.
    #[error("the waiter did not read its signals")]
    Unread,
    /// The monitor wants another one.
    #[error("{0}")]
    Refused(String),
    /// This side closed it.
    #[error("the waiter closed the connection")]
    Left,
}

/// A request, and where its answer goes.
struct Asked {
    ask: Ask,
    answer: oneshot::Sender<Received>,
}

/// A connection to the monitor.
pub struct Connection {
    asks: mpsc::Sender<Asked>,
    signals: mpsc::Receiver<SignalBody>,
    ended: oneshot::Receiver<Loss>,
    opened_at: Instant,
}

impl Connection {
    /// Opens a connection to the client's monitor.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(client: &crate::Client) -> Result<Self, OpenError> {
        Ok(Self::over(Opener::new(client.clone()).open().await?))
    }

    /// Holds this WebSocket.
    pub(crate) fn over(socket: Socket) -> Self {
        let (asks, asked) = mpsc::channel(UNSENT);
        let (sender, signals) = mpsc::channel(UNREAD);
        let (end, ended) = oneshot::channel();
        let task = task::Task::new(socket, asked, sender);
        tokio::spawn(async move {
            // Whoever does not look at the end does not need it.
            end.send(task.run().await).ok();
        });
        Self { asks, signals, ended, opened_at: Instant::now() }
    }

    /// Registers, re-attaches or renews a wait, to be told through this connection.
    pub fn register(&self, arn: &JobArn, id: &WaitId, request: WaitRequest) -> Answer {
        let (arn, wait_id, request) = (arn.clone(), id.clone(), Box::new(request));
        let answer = answer(self.asks.clone(), Ask::Wait { arn, wait_id, request });
        Box::pin(async move {
            match answer.await? {
                Received::Wait { answer, .. } => Ok(*answer),
                other => Err(failure(other)),
            }
        })
    }

    /// Asks the gateway for an answer. On AWS no function is behind it.
    ///
    /// # Errors
    /// [`ClientError`]. If the connection was lost meanwhile, [`loss`](Self::loss) says why.
    pub async fn ping(&self) -> Result<(), ClientError> {
        match answer(self.asks.clone(), Ask::Ping).await? {
            Received::Pong => Ok(()),
            other => Err(failure(other)),
        }
    }

    /// The next signal. `None`: the connection has ended. Cancel safe.
    pub async fn next(&mut self) -> Option<SignalBody> {
        self.signals.recv().await
    }

    /// Why the connection has ended.
    #[must_use]
    pub fn loss(mut self) -> Loss {
        self.ended.try_recv().unwrap_or(Loss::Left)
    }

    /// Since when it is open.
    pub(crate) fn opened_at(&self) -> Instant {
        self.opened_at
    }

    /// Closes the connection, within a second or two.
    pub async fn close(self) {
        drop(self.asks);
        timeout(CLOSE * 2, self.ended).await.ok();
    }
}

/// Sends a request, and waits for its answer. Does not keep the connection open.
async fn answer(asks: mpsc::Sender<Asked>, ask: Ask) -> Result<Received, ClientError> {
    let (answer, answered) = oneshot::channel();
    asks.send(Asked { ask, answer }).await.map_err(|_| ClientError::ConnectionLost)?;
    // The task ends when nobody can ask any more.
    drop(asks);
    answered.await.map_err(|_| ClientError::ConnectionLost)
}

/// What an answer means that is not the one to this request.
fn failure(answer: Received) -> ClientError {
    match answer {
        Received::Problem { problem, .. } => ClientError::of(*problem, None),
        Received::Other(said) => ClientError::Gateway { said },
        // The monitor does not answer so.
        Received::Wait { .. } | Received::Pong | Received::Signal(_) => ClientError::ConnectionLost,
    }
}
