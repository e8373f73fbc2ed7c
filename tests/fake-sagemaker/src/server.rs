//! The HTTP server: axum's router on connections of our own, so that a fault can
//! close one without an answer.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::shared::Shared;
use crate::{aws, control};

/// Largest request, in bytes: a pipeline's definition is at most 1 MB.
const MAX_BODY: usize = 2 * 1024 * 1024;
/// The most connections at one time; more wait to be accepted.
const MAX_CONNECTIONS: usize = 512;
/// How long a request's head may take.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// The pause after a connection could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Marks a response that is not to be sent.
#[derive(Debug, Clone, Copy)]
struct HangUp;

#[derive(Debug, thiserror::Error)]
#[error("the connection was closed, as the fault requires")]
struct HungUp;

/// A response that closes the connection instead of being sent.
pub(crate) fn hang_up() -> Response {
    let mut response = ().into_response();
    response.extensions_mut().insert(HangUp);
    response
}

/// Every route.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    let routes = aws::routes().merge(control::routes());
    routes.layer(DefaultBodyLimit::max(MAX_BODY)).with_state(shared)
}

/// Serves until `stop`; requests under way are finished.
pub(crate) async fn run(socket: TcpListener, router: Router, stop: CancellationToken) {
    let tasks = TaskTracker::new();
    let free = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    while let Some(Ok(place)) = stop.run_until_cancelled(Arc::clone(&free).acquire_owned()).await {
        match stop.run_until_cancelled(socket.accept()).await {
            None => break,
            Some(Ok((stream, _))) => {
                let serving = serve(stream, router.clone(), stop.clone());
                tasks.spawn(async move {
                    serving.await;
                    drop(place);
                });
            }
            Some(Err(error)) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    tasks.close();
    tasks.wait().await;
}

async fn serve(stream: TcpStream, router: Router, stop: CancellationToken) {
    let service = service_fn(move |request: Request<Incoming>| {
        let answered = router.clone().oneshot(request.map(Body::new));
        async move {
            // The error of axum's router is `Infallible`.
            let response = answered.await.unwrap_or_else(|never| match never {});
            match response.extensions().get::<HangUp>() {
                Some(HangUp) => Err(HungUp),
                None => Ok(response),
            }
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    let connection = http.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
