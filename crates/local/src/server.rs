//! The one port: the API, `PutEvents` and metrics.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{BoxError, Router};
use hyper::body::Incoming;
use hyper::server::conn::http1::{self, UpgradeableConnection};
use hyper::service::HttpService;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use metrics_exporter_prometheus::PrometheusHandle;
use sagebell_http_api::{Api, Metrics};
use sagebell_monitor::kfp_ui::KfpUi;
use sagebell_monitor::principal::Principal;
use sagebell_runtime::{StartError, Wiring};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use crate::gateway::{self, Connecting};
use crate::{origin_check, put_events};

/// The one caller of a local stack.
const LOCAL: &str = "local";

/// How long a connection may be idle, or take to send a request's head: longer than
/// clients keep theirs (90 s in reqwest), so that they are the ones who close.
const IDLE: Duration = Duration::from_secs(120);
/// How long a request may take, with its body.
const REQUEST: Duration = Duration::from_secs(60);
/// The pause after a failed accept, e.g. for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stop`, then finishes what is under way.
pub(crate) async fn run(socket: TcpListener, routes: Router, stop: CancellationToken) {
    let under_way = TaskTracker::new();
    let service = TowerToHyperService::new(routes);
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = socket.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let connection = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(IDLE)
                    .serve_connection(TokioIo::new(stream), service.clone())
                    .with_upgrades();
                under_way.spawn(serve(connection, stop.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(socket);
    under_way.close();
    under_way.wait().await;
}

/// Serves one connection to its end. After `stop` it takes no further request.
async fn serve<S>(connection: UpgradeableConnection<TokioIo<TcpStream>, S>, stop: CancellationToken)
where
    S: HttpService<Incoming, ResBody = Body>,
    S::Error: Into<BoxError>,
{
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        ended = connection.as_mut() => ended,
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// A request that takes too long is answered so. The log tells requests apart by number.
async fn in_time(request: Request, next: Next) -> Response {
    static REQUESTS: AtomicU64 = AtomicU64::new(1);
    let request_id = REQUESTS.fetch_add(1, Ordering::Relaxed);
    let late = (StatusCode::REQUEST_TIMEOUT, "the request took too long\n");
    let answer = next.run(request).instrument(tracing::error_span!("http", request_id));
    tokio::time::timeout(REQUEST, answer).await.unwrap_or_else(|_| late.into_response())
}

/// The use cases that the port offers.
pub(crate) fn api(
    wiring: &Wiring,
    kfp_ui: Option<KfpUi>,
    metrics: Option<PrometheusHandle>,
) -> Result<Api, StartError> {
    let text = |handle: PrometheusHandle| Metrics::Here(Arc::new(move || handle.render()));
    Ok(Api {
        waits: wiring.waits()?,
        jobs: wiring.jobs()?,
        connections: wiring.connections(),
        health: wiring.health(),
        connect_url: None,
        kfp_ui,
        metrics: metrics.map_or(Metrics::Nowhere, text),
    })
}

/// All that the port at `address` answers.
pub(crate) fn routes(
    address: SocketAddr,
    wiring: &Wiring,
    connecting: Connecting,
    metrics: Option<PrometheusHandle>,
) -> Result<Router, StartError> {
    let api = sagebell_http_api::router(connecting.api.clone());
    let api = api.layer(middleware::from_fn(as_local));
    let connect = get(gateway::connect).with_state(connecting);
    // EventBridge's endpoint is `POST /`; everything else is the API's.
    let bus = post(put_events::put_events).with_state(wiring.recorder()?);
    let bus = bus.layer(DefaultBodyLimit::max(put_events::MAX_BODY));
    let render = move || async move {
        metrics.map_or(Err(StatusCode::NOT_FOUND), |handle| Ok(handle.render()))
    };
    let refuse = middleware::from_fn_with_state(address, origin_check::refuse_other_origins);
    let routes = Router::new()
        .route("/", bus.fallback_service(api.clone()))
        .route("/v1/connect", connect.layer(middleware::from_fn(as_local)))
        .route("/metrics", get(render))
        .fallback_service(api);
    Ok(routes.layer(refuse).layer(middleware::from_fn(in_time)))
}

async fn as_local(mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(Principal(LOCAL.to_owned()));
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// Time is paused: it moves on when nobody has anything to do.
    async fn server() -> (SocketAddr, CancellationToken) {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (socket.local_addr().unwrap(), CancellationToken::new());
        let routes = Router::new().route("/", get(|| async { "here" }).post(|_: String| async {}));
        let routes = routes.layer(middleware::from_fn(in_time));
        tokio::spawn(run(socket, routes, stop.clone()));
        (address, stop)
    }

    #[tokio::test(start_paused = true)]
    async fn idle_connections_are_closed() {
        let (address, _stop) = server().await;
        for sent in ["", "GET / HTTP/1.1\r\nhost: x\r\n\r\n", "GET / HTTP/1.1\r\nho"] {
            let mut client = TcpStream::connect(address).await.unwrap();
            client.write_all(sent.as_bytes()).await.unwrap();
            let mut read = String::new();
            client.read_to_string(&mut read).await.unwrap();
            assert_eq!(read.ends_with("here"), sent.ends_with("\r\n\r\n"), "{sent:?}: {read}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_comes_is_not_waited_for_without_end() {
        let (address, _stop) = server().await;
        let mut client = TcpStream::connect(address).await.unwrap();
        let head = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n";
        client.write_all(head.as_bytes()).await.unwrap();
        let mut read = String::new();
        client.read_to_string(&mut read).await.unwrap();
        assert!(read.starts_with("HTTP/1.1 408"), "{read}");
    }

    #[tokio::test]
    async fn a_stop_lets_no_idle_connection_hold_it_up() {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (socket.local_addr().unwrap(), CancellationToken::new());
        let server = tokio::spawn(run(socket, Router::new(), stop.clone()));
        let _client = TcpStream::connect(address).await.unwrap();
        stop.cancel();
        server.await.unwrap();
    }
}
