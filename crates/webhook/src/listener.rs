//! The receiver of a waiter: a small HTTP server for the callbacks of one wait.
//!
//! Promises: it yields only signals that were signed with the wait's secret, within five minutes,
//! for this wait, and each `webhook-id` once. It answers probes by itself, which proves to the
//! monitor that the waiter is there. It answers before the program handles the signal. Slow, large
//! or many requests cannot block it or fill its memory. A signal only wakes the waiter: read the job
//! from SageMaker before you trust it.

mod intake;
mod server;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use sagebell_api_types::SignalBody;
use sagebell_monitor::ports::Clock;
use sagebell_monitor::wait::{Secret, WaitId};
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinSet;

use crate::sign::Verifier;
use intake::Intake;

/// The only path that a listener answers, with `POST`.
pub const CALLBACK_PATH: &str = "/callback";

/// The limits of a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The time in which the request line and the headers must arrive.
    pub header_timeout: Duration,
    /// The maximum duration of a connection.
    pub request_timeout: Duration,
    /// The maximum number of connections, at least 1. One more, and the oldest is dropped, so that
    /// idle ones cannot block a callback.
    pub max_connections: usize,
    /// The maximum number of signals that [`Listener::next`] has not returned yet, at least 1. One
    /// more is answered with 503.
    pub max_waiting: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(10),
            max_connections: 64,
            max_waiting: 32,
        }
    }
}

/// The statistics of a listener.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    /// Signals accepted.
    pub accepted: u64,
    /// Duplicates of accepted signals, by `webhook-id`.
    pub duplicates: u64,
    /// Probes answered.
    pub probes: u64,
    /// Requests and connections refused, by reason: `body`, `broken`, `busy`,
    /// `closed`, `crowded`, `headers`, `method`, `path`, `signature`, `slow`,
    /// `timestamp`, `too_large`, `wait`.
    pub refused: BTreeMap<&'static str, u64>,
}

/// Receives the callbacks of one wait. Dropping it ends the server and every connection at once.
/// [`shutdown`](Self::shutdown) lets answers be written.
pub struct Listener {
    local_addr: SocketAddr,
    limits: Limits,
    intake: Arc<Intake>,
    signals: mpsc::Receiver<SignalBody>,
    doubt: Arc<Notify>,
    stop: oneshot::Sender<()>,
    /// Holds the one server task, which a `JoinSet` aborts when dropped.
    server: JoinSet<()>,
}

impl Listener {
    /// Listens on `addr` (port 0: any free port) with the default [`Limits`].
    ///
    /// # Errors
    /// The system's error if the address cannot be used.
    pub async fn bind(
        addr: SocketAddr,
        secret: Secret,
        wait_id: WaitId,
        clock: Arc<dyn Clock>,
    ) -> io::Result<Self> {
        Self::bind_with(addr, secret, wait_id, clock, Limits::default()).await
    }

    /// Listens with these limits.
    ///
    /// # Errors
    /// As for [`bind`](Self::bind).
    pub async fn bind_with(
        addr: SocketAddr,
        secret: Secret,
        wait_id: WaitId,
        clock: Arc<dyn Clock>,
        limits: Limits,
    ) -> io::Result<Self> {
        let socket = TcpListener::bind(addr).await?;
        let local_addr = socket.local_addr()?;
        let (sender, signals) = mpsc::channel(limits.max_waiting.max(1));
        let doubt = Arc::new(Notify::new());
        let (verifier, shared_doubt) = (Verifier::new(secret), Arc::clone(&doubt));
        let intake = Arc::new(Intake::new(verifier, wait_id, clock, sender, shared_doubt));
        let (stop, stopped) = oneshot::channel();
        let mut server = JoinSet::new();
        server.spawn(server::run(socket, Arc::clone(&intake), limits, stopped));
        Ok(Self { local_addr, limits, intake, signals, doubt, stop, server })
    }

    /// The address on which it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// The next signal, in the order of arrival. `None` after the listener is closed and every
    /// accepted signal was returned. Cancel safe.
    pub async fn next(&mut self) -> Option<SignalBody> {
        self.signals.recv().await
    }

    /// Notified when a callback came that was signed with the wait's secret, but not within five
    /// minutes. Then the sender's clock or this one is wrong, and it is time to ask the monitor. It
    /// may be a replay, so do not ask each time.
    #[must_use]
    pub fn doubt(&self) -> Arc<Notify> {
        Arc::clone(&self.doubt)
    }

    /// The statistics so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.intake.stats()
    }

    /// Declares that the waiter needs no more signals. From now on new signals are answered with
    /// 410, so that Sagebell ends the wait.
    pub fn close(&mut self) {
        self.signals.close();
    }

    /// Accepts no more requests, finishes pending answers, and ends.
    pub async fn shutdown(mut self) {
        self.close();
        // The server may have ended by itself; then there is nothing to wait for.
        self.stop.send(()).ok();
        let ended = self.server.join_next();
        tokio::time::timeout(self.limits.request_timeout, ended).await.ok();
    }
}
