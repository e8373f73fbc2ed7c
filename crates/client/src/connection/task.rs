//! The task that reads and writes one WebSocket until it ends.

use std::collections::VecDeque;
use std::future::Future;

use futures::{SinkExt as _, StreamExt as _};
use sagebell_api_types::{Ask, Frame, Received, RequestId, SignalBody};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use super::keep_alive::{Due, KeepAlive, PONG};
use super::{ANSWER, Asked, CLOSE, Loss, Socket};

/// A request that is not answered yet.
struct Pending {
    id: RequestId,
    is_ping: bool,
    until: Instant,
    answer: oneshot::Sender<Received>,
}

/// The task of one connection.
pub(super) struct Task {
    socket: Socket,
    asks: mpsc::Receiver<Asked>,
    signals: mpsc::Sender<SignalBody>,
    /// The oldest first.
    pending: VecDeque<Pending>,
    keep_alive: KeepAlive,
    requests: u64,
}

impl Task {
    pub(super) fn new(
        socket: Socket,
        asks: mpsc::Receiver<Asked>,
        signals: mpsc::Sender<SignalBody>,
    ) -> Self {
        let keep_alive = KeepAlive::new(Instant::now());
        Self { socket, asks, signals, pending: VecDeque::new(), keep_alive, requests: 0 }
    }

    /// Runs until the connection ends.
    pub(super) async fn run(mut self) -> Loss {
        loop {
            let wake_at = self.wake_at();
            let done = tokio::select! {
                message = self.socket.next() => self.receive(message),
                asked = self.asks.recv() => match asked {
                    Some(asked) => self.ask(asked).await,
                    None => return self.leave().await,
                },
                () = sleep_until(wake_at) => self.on_time().await,
            };
            if let Err(loss) = done {
                return loss;
            }
        }
    }

    fn wake_at(&self) -> Instant {
        let answer = self.pending.front().map(|pending| pending.until);
        answer.unwrap_or_else(|| self.keep_alive.wake_at()).min(self.keep_alive.wake_at())
    }

    async fn on_time(&mut self) -> Result<(), Loss> {
        let now = Instant::now();
        if self.pending.front().is_some_and(|pending| pending.until <= now) {
            return Err(Loss::Unanswered);
        }
        match self.keep_alive.due(now) {
            Due::Nothing => Ok(()),
            Due::Dead => Err(Loss::Dead),
            Due::Ping => self.write(Message::Ping(Default::default())).await,
            Due::PingAndMessage => {
                self.write(Message::Ping(Default::default())).await?;
                self.send(Ask::Ping).await.map(drop)
            }
        }
    }

    async fn ask(&mut self, asked: Asked) -> Result<(), Loss> {
        let is_ping = asked.ask == Ask::Ping;
        let id = self.send(asked.ask).await?;
        let until = Instant::now() + ANSWER;
        self.pending.push_back(Pending { id, is_ping, until, answer: asked.answer });
        Ok(())
    }

    /// Sends a request. Returns its name.
    async fn send(&mut self, ask: Ask) -> Result<RequestId, Loss> {
        self.requests += 1;
        let id = RequestId::parse(&self.requests.to_string());
        let request_id = id.map_err(|what| Loss::Broke(what.to_owned()))?;
        let frame = Frame { request_id: request_id.clone(), ask };
        self.write(Message::text(frame.encoded())).await?;
        self.keep_alive.sent_message(Instant::now());
        Ok(request_id)
    }

    /// Writes a message. A peer that takes nothing is dead.
    async fn write(&mut self, message: Message) -> Result<(), Loss> {
        in_time(self.socket.send(message)).await
    }

    fn receive(&mut self, message: Option<Result<Message, Error>>) -> Result<(), Loss> {
        let now = Instant::now();
        match message {
            Some(Ok(Message::Text(text))) => {
                self.keep_alive.received_message(now);
                self.take(Received::parse(&text))
            }
            Some(Ok(Message::Pong(_))) => {
                self.keep_alive.received_pong(now);
                Ok(())
            }
            // The library answers pings itself.
            Some(Ok(Message::Ping(_) | Message::Binary(_) | Message::Frame(_))) => {
                self.keep_alive.received(now);
                Ok(())
            }
            Some(Ok(Message::Close(frame))) => Err(Loss::Closed(said(frame))),
            Some(Err(Error::ConnectionClosed)) | None => Err(Loss::Closed(said(None))),
            Some(Err(error)) => Err(Loss::Broke(error.to_string())),
        }
    }

    fn take(&mut self, received: Received) -> Result<(), Loss> {
        match &received {
            // It has no name. To a ping of the keep-alive it is a sign of life, and no more.
            Received::Pong => {
                let asked = self.pending.iter().position(|pending| pending.is_ping);
                self.answer(asked, received);
                Ok(())
            }
            Received::Wait { request_id, .. }
            | Received::Problem { request_id: Some(request_id), .. } => {
                let asked = self.pending.iter().position(|pending| pending.id == *request_id);
                self.answer(asked, received);
                Ok(())
            }
            // It does not say which request it is about.
            Received::Problem { request_id: None, .. } | Received::Other(_) => {
                for pending in self.pending.drain(..) {
                    pending.answer.send(received.clone()).ok();
                }
                Ok(())
            }
            Received::Signal(signal) => match self.signals.try_send(SignalBody::clone(signal)) {
                Err(TrySendError::Full(_)) => Err(Loss::Unread),
                // Nobody reads them on: then this side is about to leave.
                Ok(()) | Err(TrySendError::Closed(_)) => Ok(()),
            },
        }
    }

    /// Answers the request at this place. Of others, nobody waits for the answer any more.
    fn answer(&mut self, asked: Option<usize>, received: Received) {
        if let Some(pending) = asked.and_then(|at| self.pending.remove(at)) {
            pending.answer.send(received).ok();
        }
    }

    /// Says goodbye, and waits for the other side to say so too: who closes the socket at once may
    /// take back what it has just sent.
    async fn leave(mut self) -> Loss {
        let frame = CloseFrame { code: CloseCode::Normal, reason: Utf8Bytes::default() };
        let goodbye = async {
            self.socket.close(Some(frame)).await.ok();
            while let Some(Ok(_)) = self.socket.next().await {}
        };
        timeout(CLOSE, goodbye).await.ok();
        Loss::Left
    }
}

async fn in_time(write: impl Future<Output = Result<(), Error>>) -> Result<(), Loss> {
    match timeout(PONG, write).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(Loss::Broke(error.to_string())),
        Err(_) => Err(Loss::Dead),
    }
}

fn said(frame: Option<CloseFrame>) -> String {
    frame.map_or_else(
        || "without a word".to_owned(),
        |frame| {
            let reason: String =
                frame.reason.chars().filter(|one| !one.is_control()).take(100).collect();
            format!("{} {reason}", u16::from(frame.code)).trim_end().to_owned()
        },
    )
}
