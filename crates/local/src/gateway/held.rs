//! One connection that the stack holds, from its opening to its end.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use backon::{ExponentialBuilder, Retryable as _};
use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, SinkExt as _, StreamExt as _};
use sagebell_api_types::{ConnectView, FRAME_LIMIT};
use sagebell_http_api::Api;
use sagebell_monitor::ports::Clock as _;
use sagebell_monitor::principal::Principal;
use sagebell_monitor::wait::ConnectionId;
use sagebell_system::SystemClock;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{LocalGateway, Unwritten};

/// How long a message may take to be written.
const WRITE: Duration = Duration::from_secs(10);
/// What is kept ready to read and write. The library's own 128 KiB each are for streams of
/// messages; these connections are silent for hours, and there are thousands of them.
const BUFFER: usize = 4 * 1_024;
/// Frames of one connection that are answered at the same time. No more are read meanwhile.
const FRAMES_AT_ONCE: usize = 16;

/// What connections need.
#[derive(Clone)]
pub(crate) struct Connecting {
    pub(crate) api: Api,
    pub(crate) gateway: Arc<LocalGateway>,
    pub(crate) stop: CancellationToken,
    /// Whoever waits for these tasks waits for the connections.
    pub(crate) tasks: TaskTracker,
}

/// Opens a connection. Who asks without an upgrade is told the address.
pub(crate) async fn connect(
    State(connecting): State<Connecting>,
    Extension(caller): Extension<Principal>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let Ok(upgrade) = upgrade else {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let url = format!("ws://{}/v1/connect", host.unwrap_or_default());
        return axum::Json(ConnectView { url }).into_response();
    };
    match connecting.open(caller).await {
        Ok((id, unwritten)) => upgrade
            .read_buffer_size(BUFFER)
            .write_buffer_size(BUFFER)
            .max_message_size(FRAME_LIMIT)
            .max_frame_size(FRAME_LIMIT)
            .on_upgrade(move |socket| connecting.serve(id, socket, unwritten)),
        Err(refused) => refused,
    }
}

impl Connecting {
    async fn open(
        &self,
        caller: Principal,
    ) -> Result<(ConnectionId, mpsc::Receiver<Unwritten>), Response> {
        let full = (StatusCode::SERVICE_UNAVAILABLE, "this stack holds no more connections\n");
        let id = self.gateway.next_id().ok_or_else(|| full.into_response())?;
        let unwritten = self.gateway.hold(&id).ok_or_else(|| full.into_response())?;
        if let Err(error) = self.api.connections.open(id.clone(), caller, SystemClock.now()).await {
            tracing::warn!(%error, "a connection was not recorded");
            self.gateway.release(&id);
            let busy = (StatusCode::SERVICE_UNAVAILABLE, "the store is busy, try again\n");
            return Err(busy.into_response());
        }
        Ok((id, unwritten))
    }

    /// Serves a connection to its end, and records the end.
    async fn serve(
        self,
        id: ConnectionId,
        socket: WebSocket,
        unwritten: mpsc::Receiver<Unwritten>,
    ) {
        let _under_way = self.tasks.token();
        let why = self.hold(&id, socket, unwritten).await;
        tracing::info!(connection = %id, why, "a connection ended");
        self.gateway.release(&id);
        if self.stop.is_cancelled() {
            // The waiters come back to the next run: it looks for those that do not.
            return;
        }
        let close = || self.api.connections.close(&id);
        let closed = close.retry(ExponentialBuilder::default()).sleep(tokio::time::sleep).await;
        if let Err(error) = closed {
            tracing::error!(connection = %id, %error, "the end of a connection was not recorded");
        }
    }

    /// Reads, answers and pushes. Returns why the connection ended.
    async fn hold(
        &self,
        id: &ConnectionId,
        socket: WebSocket,
        mut unwritten: mpsc::Receiver<Unwritten>,
    ) -> &'static str {
        let (mut sink, mut stream) = socket.split();
        let limits = self.gateway.limits;
        let end = Instant::now() + limits.longest;
        let mut idle = Instant::now() + limits.idle;
        let mut answers = FuturesUnordered::new();
        loop {
            let message = tokio::select! {
                () = self.stop.cancelled() => break leave(&mut sink, "the stack stops").await,
                () = sleep_until(end) => break leave(&mut sink, "it lasted as long as it may").await,
                () = sleep_until(idle) => break leave(&mut sink, "it was idle").await,
                Some(answer) = answers.next() => (Message::text(answer), None),
                Some(signal) = unwritten.recv() => (Message::text(signal.text), Some(signal.written)),
                read = stream.next(), if answers.len() < FRAMES_AT_ONCE => {
                    idle = Instant::now() + limits.idle;
                    match read {
                        Some(Ok(Message::Text(text))) => {
                            answers.push(self.answer(id, text.as_bytes().to_vec()).boxed());
                            continue;
                        }
                        // The library answers pings itself.
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                        Some(Ok(Message::Binary(_))) => break leave(&mut sink, "it sent bytes").await,
                        Some(Ok(Message::Close(_))) | None => break "the waiter closed it",
                        Some(Err(_)) => break "it broke",
                    }
                }
            };
            let (message, written) = message;
            match timeout(WRITE, sink.send(message)).await {
                Ok(Ok(())) => drop(written.map(|written| written.send(()))),
                Ok(Err(_)) => break "it broke",
                Err(_) => break "the waiter does not read",
            }
        }
    }

    async fn answer(&self, id: &ConnectionId, text: Vec<u8>) -> String {
        self.api.answer_frame(id, &text).await
    }
}

/// Says goodbye.
async fn leave(
    sink: &mut futures::stream::SplitSink<WebSocket, Message>,
    why: &'static str,
) -> &'static str {
    let frame = CloseFrame { code: close_code::AWAY, reason: why.into() };
    // Whoever does not take it notices that the connection is closed.
    let _ = timeout(WRITE, sink.send(Message::Close(Some(frame)))).await;
    why
}
