//! The one port: the API, `PutEvents` and metrics.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use bootstrap::{StartError, World};
use metrics_exporter_prometheus::PrometheusHandle;
use monitor::wait::Principal;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{put_events, visitors};

/// The one caller of a local stack.
const LOCAL: &str = "local";

/// Serves until `stop`, then finishes what is under way.
pub(super) async fn run(socket: TcpListener, routes: Router, stop: CancellationToken) {
    let server = axum::serve(socket, routes).with_graceful_shutdown(stop.cancelled_owned());
    if let Err(error) = server.await {
        tracing::error!(%error, "the server ended");
    }
}

/// All that the port at `address` answers.
pub(super) fn routes(
    address: SocketAddr,
    world: &World,
    metrics: Option<PrometheusHandle>,
) -> Result<Router, StartError> {
    let api = http_api::router(http_api::Api { waits: world.waits()?, jobs: world.jobs()? })
        .layer(middleware::from_fn(as_local));
    // EventBridge's endpoint is `POST /`; everything else is the API's.
    let bus = post(put_events::put_events).with_state(world.recorder()?);
    let bus = bus.layer(DefaultBodyLimit::max(put_events::MAX_BODY));
    let render = move || async move {
        metrics.map_or(Err(StatusCode::NOT_FOUND), |handle| Ok(handle.render()))
    };
    let refuse = middleware::from_fn_with_state(address, visitors::refuse_strangers);
    let routes = Router::new()
        .route("/", bus.fallback_service(api.clone()))
        .route("/metrics", get(render))
        .fallback_service(api);
    Ok(routes.layer(refuse))
}

async fn as_local(mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(Principal(LOCAL.to_owned()));
    next.run(request).await
}
