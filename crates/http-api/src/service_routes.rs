//! The routes about the service itself, open to everyone.

use axum::Json;
use axum::extract::Extension;
use axum::response::IntoResponse;
use bytes::Bytes;
use http::header;
use utoipa::openapi::OpenApi;

use crate::views::HealthView;

/// The API's description, serialized once.
#[derive(Clone)]
pub(crate) struct Document(Bytes);

impl From<OpenApi> for Document {
    fn from(described: OpenApi) -> Self {
        // Plain data: serializing it cannot fail.
        Self(serde_json::to_vec(&described).unwrap_or_default().into())
    }
}

/// Whether the service answers
#[utoipa::path(
    get, path = "/healthz", tag = "service", security(()),
    responses((status = 200, description = "It does", body = HealthView)),
)]
pub(crate) async fn check_health() -> Json<HealthView> {
    Json(HealthView { status: "ok" })
}

/// This document
#[utoipa::path(
    get, path = "/openapi.json", tag = "service", security(()),
    responses((status = 200, description = "The API in OpenAPI 3.1", content_type = "application/json")),
)]
pub(crate) async fn read_openapi(Extension(document): Extension<Document>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], document.0)
}
