//! Accepts connections, serves one request on each, and keeps to the limits of the listener.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, JoinSet};

use super::Limits;
use super::intake::Intake;

/// The pause after a failed accept, e.g. for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stop`, then lets the requests under way finish. Dropping the
/// future ends all connections at once.
pub(super) async fn run(
    socket: TcpListener,
    intake: Arc<Intake>,
    limits: Limits,
    mut stop: oneshot::Receiver<()>,
) {
    let mut connections = Connections::new(limits, intake);
    loop {
        tokio::select! {
            biased;
            _ = &mut stop => break,
            accepted = socket.accept() => match accepted {
                Ok((stream, _)) => connections.serve(stream),
                Err(error) => pause(&error).await,
            },
        }
    }
    drop(socket);
    connections.graceful.shutdown().await;
}

async fn pause(error: &io::Error) {
    tracing::warn!(%error, "a callback connection was not accepted");
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

/// The connections being served, oldest first.
struct Connections {
    limits: Limits,
    intake: Arc<Intake>,
    graceful: GracefulShutdown,
    tasks: JoinSet<()>,
    ages: VecDeque<AbortHandle>,
}

impl Connections {
    fn new(limits: Limits, intake: Arc<Intake>) -> Self {
        Self {
            limits,
            intake,
            graceful: GracefulShutdown::new(),
            tasks: JoinSet::new(),
            ages: VecDeque::new(),
        }
    }

    fn serve(&mut self, stream: TcpStream) {
        self.make_room();
        let intake = Arc::clone(&self.intake);
        let answer = service_fn(move |request| {
            let intake = Arc::clone(&intake);
            async move { Ok::<_, std::convert::Infallible>(intake.answer(request).await) }
        });
        // One request per connection: callbacks are rare, and a connection
        // kept open is one that can be held.
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.header_timeout)
            .keep_alive(false)
            .serve_connection(TokioIo::new(stream), answer);
        let connection = self.graceful.watch(connection);
        let (intake, limit) = (Arc::clone(&self.intake), self.limits.request_timeout);
        let task = self.tasks.spawn(async move {
            match tokio::time::timeout(limit, connection).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) if !error.is_timeout() => intake.count_refused("broken"),
                Ok(Err(_)) | Err(_) => intake.count_refused("slow"),
            }
        });
        self.ages.push_back(task);
    }

    fn make_room(&mut self) {
        while self.tasks.try_join_next().is_some() {}
        self.ages.retain(|task| !task.is_finished());
        while self.ages.len() >= self.limits.max_connections.max(1)
            && let Some(oldest) = self.ages.pop_front()
        {
            oldest.abort();
            self.intake.count_refused("crowded");
        }
    }
}
