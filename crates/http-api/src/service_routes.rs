//! The routes about the service itself. All but one are open to everyone.

use std::sync::LazyLock;

use axum::Json;
use axum::extract::{Extension, State};
use axum::response::IntoResponse;
use bytes::Bytes;
use http::header;
use sagebell_monitor::principal::Principal;

use sagebell_api_types::{ConnectView, ErrorCode, HealthView, PrincipalView};

use crate::problem::Problem;
use crate::{Api, openapi};

/// The API's description, made and serialized at the first request for it.
static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| {
    // Plain data: serializing it cannot fail.
    serde_json::to_vec(&openapi::document()).unwrap_or_default().into()
});

/// Whether the service can take waits
///
/// It reads the store once, as every registration does.
#[utoipa::path(
    get, path = "/healthz", tag = "service", security(()),
    responses((status = 200, description = "The service and its store answer", body = HealthView)),
)]
pub(crate) async fn check_health(State(api): State<Api>) -> Result<Json<HealthView>, Problem> {
    api.waits.check_store().await?;
    Ok(Json(HealthView { status: "ok".into() }))
}

/// Read who is calling
///
/// The principal that owns the caller's waits and jobs: account and role or user, without
/// the session. A step sets it as the tag `sagebell:owner` on everything that it creates.
#[utoipa::path(
    get, path = "/v1/principal", tag = "service",
    responses((status = 200, description = "The caller", body = PrincipalView)),
)]
pub(crate) async fn read_principal(
    Extension(Principal(principal)): Extension<Principal>,
) -> Json<PrincipalView> {
    Json(PrincipalView { principal })
}

/// Read where connections are opened
///
/// A waiter opens a WebSocket there (SigV4, service `execute-api`) and sends frames: see
/// docs/connections.md. A local stack opens it at this same path.
#[utoipa::path(
    get, path = "/v1/connect", tag = "service",
    responses((status = 200, description = "The address", body = ConnectView)),
)]
pub(crate) async fn read_connect_url(State(api): State<Api>) -> Result<Json<ConnectView>, Problem> {
    let missing = || Problem::new(ErrorCode::NotFound, "this monitor has no connections");
    let url = api.connect_url.ok_or_else(missing)?;
    Ok(Json(ConnectView { url }))
}

/// This document
#[utoipa::path(
    get, path = "/openapi.json", tag = "service", security(()),
    responses((status = 200, description = "The API in OpenAPI 3.1", content_type = "application/json")),
)]
pub(crate) async fn read_openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.clone())
}
