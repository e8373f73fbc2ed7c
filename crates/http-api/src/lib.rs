//! Sagebell's HTTP API as an axum router. It is the same under Lambda and in the local stack.
//!
//! Promise: the host of the router says who is calling, by a
//! [`Principal`](sagebell_monitor::principal::Principal) in the request's extensions (see
//! [`principal`]). This crate authenticates nobody. Without a principal it answers only the
//! health check and the OpenAPI document. Every failure is a problem document with a stable
//! [code](sagebell_api_types::ErrorCode).
//!
//! A host gives the use cases, and names the caller of each request:
//!
//! ```
//! use axum::body::Body;
//! use http::{Request, StatusCode};
//! use sagebell_http_api::{Api, Metrics, router};
//! use sagebell_monitor::principal::Principal;
//! use sagebell_monitor::testing::world::FakeWorld;
//! use tower::ServiceExt as _;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let world = FakeWorld::default();
//! let api = Api {
//!     waits: world.waits(),
//!     jobs: world.jobs(),
//!     connections: world.connections(),
//!     health: world.health(),
//!     connect_url: None,
//!     kfp_ui: None,
//!     metrics: Metrics::Nowhere,
//! };
//! let request = || Request::get("/v1/jobs").body(Body::empty()).unwrap();
//!
//! let answer = router(api.clone()).oneshot(request()).await.unwrap();
//! assert_eq!(answer.status(), StatusCode::FORBIDDEN);
//!
//! let mut signed = request();
//! signed.extensions_mut().insert(Principal("111122223333:role/pipeline".to_owned()));
//! let answer = router(api).oneshot(signed).await.unwrap();
//! assert_eq!(answer.status(), StatusCode::OK);
//! # }
//! ```
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

use std::sync::Arc;

use axum::middleware;
use axum::routing::Router;
use sagebell_monitor::connections::Connections;
use sagebell_monitor::health::HealthQuery;
use sagebell_monitor::job_queries::JobQueries;
use sagebell_monitor::kfp_ui::KfpUi;
use sagebell_monitor::links;
use sagebell_monitor::wait_registry::WaitRegistry;
use tower::util::MapRequest;

mod connection;
mod dashboard;
mod extract;
mod job_routes;
mod layers;
mod openapi;
pub mod principal;
mod problem;
mod query;
mod raw_arn;
mod routes;
pub mod same_origin;
mod service_routes;
#[cfg(test)]
mod tests;
mod wait_request;
mod wait_routes;

/// The use cases that the API offers.
#[derive(Clone)]
pub struct Api {
    /// Register, inspect and cancel waits.
    pub waits: WaitRegistry,
    /// Read, list and refresh jobs.
    pub jobs: JobQueries,
    /// Open and close connections.
    pub connections: Connections,
    /// Read how the monitor is.
    pub health: HealthQuery,
    /// Where waiters open connections, if that is not this router's own `/v1/connect`.
    pub connect_url: Option<String>,
    /// Where KFP's user interface is, which pages link to.
    pub kfp_ui: Option<KfpUi>,
    /// Where the monitor's counters are.
    pub metrics: Metrics,
}

/// Where the counters of a monitor are.
#[derive(Clone)]
pub enum Metrics {
    /// In this process: what gives their text, in Prometheus's format.
    Here(Arc<dyn Fn() -> String + Send + Sync>),
    /// In CloudWatch: the console's address of the alarms.
    CloudWatch(String),
    /// Nowhere.
    Nowhere,
}

impl Metrics {
    /// In CloudWatch, in the function's own region. Lambda always names it (Lambda Developer
    /// Guide, "Defined runtime environment variables").
    #[must_use]
    pub fn of_region(region: Option<&str>) -> Self {
        region.map_or(Self::Nowhere, |region| Self::CloudWatch(links::alarms(region)))
    }
}

/// The whole API and the dashboard. Callers are named by a
/// [`Principal`](sagebell_monitor::principal::Principal) in the request's extensions.
pub fn router(api: Api) -> Router {
    let routes = routes::served()
        .fallback(layers::not_found)
        .method_not_allowed_fallback(layers::method_not_allowed)
        .layer(layers::catch_panics())
        .layer(middleware::from_fn(layers::finish))
        .with_state(api);
    // A layer of the inner router would run after the route is chosen.
    Router::new().fallback_service(MapRequest::new(routes, raw_arn::encode))
}

/// The API's description in OpenAPI 3.1: the text of `docs/openapi.json`. The members of
/// each object are in alphabetical order, whatever features `serde_json` is built with.
#[must_use]
pub fn openapi_json() -> String {
    // Plain data: serializing it cannot fail.
    let mut document = serde_json::to_value(openapi::document()).unwrap_or_default();
    document.sort_all_objects();
    format!("{document:#}\n")
}
