//! The connections of a local stack, at `/v1/connect`.
//!
//! Promise: they behave as those of API Gateway do, with the same limits (API Gateway Developer
//! Guide, "Quotas for configuring and running a WebSocket API"). A signal counts as pushed when it
//! was written to the socket.

mod held;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use sagebell_api_types::{Received, SignalBody};
use sagebell_monitor::ports::{Failure, Gateway, SendOutcome};
use sagebell_monitor::signal::Signal;
use sagebell_monitor::wait::{ConnectionId, FailureClass};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use uuid::Uuid;

pub(crate) use held::{Connecting, connect};

/// How long a push may take.
const PUSH: Duration = Duration::from_secs(5);
/// Signals of one connection that are not written yet.
const UNWRITTEN: usize = 64;
/// Connections at the same time.
const MOST: usize = 20_000;

/// How long connections last.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionLimits {
    /// From the opening. API Gateway: two hours.
    pub longest: Duration,
    /// Without any message from the waiter. API Gateway: ten minutes.
    pub idle: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self { longest: Duration::from_secs(7_200), idle: Duration::from_secs(600) }
    }
}

/// A signal on its way, and where it is noted that it was written.
struct Unwritten {
    text: String,
    written: oneshot::Sender<()>,
}

/// The connections that this process holds.
pub(crate) struct LocalGateway {
    /// The address that this process alone listens on, and its name. An id begins with both.
    address: SocketAddr,
    process: Uuid,
    number: AtomicU64,
    limits: ConnectionLimits,
    held: Mutex<HashMap<ConnectionId, mpsc::Sender<Unwritten>>>,
}

impl LocalGateway {
    pub(crate) fn new(address: SocketAddr, limits: ConnectionLimits) -> Arc<Self> {
        let (process, number, held) = (Uuid::new_v4(), AtomicU64::new(1), Mutex::default());
        Arc::new(Self { address, process, number, limits, held })
    }

    /// An id for the next connection.
    fn next_id(&self) -> Option<ConnectionId> {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let id = format!("{}/{}/{number}", self.address, self.process);
        ConnectionId::parse(&id).ok()
    }

    /// Begins to hold a connection. Returns what is to be written to it.
    fn hold(&self, id: &ConnectionId) -> Option<mpsc::Receiver<Unwritten>> {
        let (sender, receiver) = mpsc::channel(UNWRITTEN);
        let mut held = self.lock();
        if held.len() >= MOST {
            return None;
        }
        held.insert(id.clone(), sender);
        metrics::gauge!("sagebell_connections").set(held.len() as f64);
        Some(receiver)
    }

    /// Holds it no longer.
    fn release(&self, id: &ConnectionId) {
        let mut held = self.lock();
        held.remove(id);
        metrics::gauge!("sagebell_connections").set(held.len() as f64);
    }

    fn sender(&self, id: &ConnectionId) -> Option<mpsc::Sender<Unwritten>> {
        self.lock().get(id).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ConnectionId, mpsc::Sender<Unwritten>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Gateway for LocalGateway {
    async fn push(&self, to: &ConnectionId, signal: &Signal) -> SendOutcome {
        match self.is_open(to).await {
            Ok(true) => {}
            Ok(false) => return SendOutcome::Gone,
            Err(failure) => return SendOutcome::Failed { failure, retry_after: None },
        }
        let body = SignalBody::new(signal.clone());
        let text = match Received::Signal(Box::new(body)).encoded() {
            Ok(text) => text,
            Err(error) => return failed(FailureClass::Internal, error.to_string()),
        };
        let (written, is_written) = oneshot::channel();
        let Some(sender) = self.sender(to) else { return SendOutcome::Gone };
        let push = async {
            sender.send(Unwritten { text, written }).await.ok()?;
            is_written.await.ok()
        };
        match timeout(PUSH, push).await {
            Ok(Some(())) => SendOutcome::Delivered,
            Ok(None) => SendOutcome::Gone,
            Err(_) => failed(FailureClass::NoAnswer, "the waiter does not read".to_owned()),
        }
    }

    /// This process knows its own connections. Those of an earlier process at this address ended
    /// with it, since this one has its address now. Of any others it knows nothing.
    async fn is_open(&self, id: &ConnectionId) -> Result<bool, Failure> {
        if id.as_str().starts_with(&format!("{}/", self.address)) {
            return Ok(self.sender(id).is_some());
        }
        let reason = "another process holds this connection, or held it";
        Err(Failure::new(FailureClass::NoAnswer, reason))
    }
}

fn failed(class: FailureClass, reason: String) -> SendOutcome {
    SendOutcome::Failed { failure: Failure::new(class, reason), retry_after: None }
}
