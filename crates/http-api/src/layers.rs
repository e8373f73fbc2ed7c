//! What holds for every request: a known caller, a counted answer, headers that
//! keep browsers strict, and a panic that ends one request only.

use std::any::Any;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, Uri, header};
use metrics::counter;
use sagebell_monitor::principal::Principal;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument as _;
use tracing::field::Empty;

use crate::problem::Problem;
use sagebell_api_types::ErrorCode;

/// Of answers that do not say otherwise: they are private, and their content changes.
const HEADERS: [(HeaderName, HeaderValue); 3] = [
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
];

/// Refuses a request whose host did not say who is calling.
pub(crate) async fn require_caller(request: Request, next: Next) -> Response {
    if request.extensions().get::<Principal>().is_some() {
        return next.run(request).await;
    }
    Problem::caller_unknown().into_response()
}

/// Counts the answer by route and status, adds the headers of every answer, and says on
/// each line of the log which request it is about.
pub(crate) async fn finish(request: Request, next: Next) -> Response {
    // The pattern, never the path: a label's values must be few.
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("none", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    // The job and the wait are recorded once they are read from the path.
    let span = tracing::error_span!("request", %method, route, arn = Empty, wait = Empty);
    let mut response = next.run(request).instrument(span).await;
    let status = response.status().as_str().to_owned();
    counter!("sagebell_api_requests_total", "route" => route, "status" => status).increment(1);
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}

/// Ends one request only if a route panics, and answers with the fault that a panic is.
/// Nothing of the request is used again, so nothing half changed is seen.
pub(crate) fn catch_panics() -> CatchPanicLayer<fn(Panic) -> Response> {
    CatchPanicLayer::custom(answer_panic)
}

type Panic = Box<dyn Any + Send>;

#[expect(clippy::needless_pass_by_value, reason = "the layer hands over the panic")]
fn answer_panic(panic: Panic) -> Response {
    Problem::internal(panic_text(panic.as_ref())).into_response()
}

pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a message")
}

/// Answers a path that is not a route.
pub(crate) async fn not_found(uri: Uri) -> Problem {
    let hint = if uri.path().starts_with("/v1/jobs/") {
        "no such route; the ARN in the path must be percent-encoded"
    } else {
        "no such route; see /openapi.json"
    };
    Problem::new(ErrorCode::NotFound, hint)
}

/// Answers a method that the route does not take; the router adds `Allow`.
pub(crate) async fn method_not_allowed() -> Problem {
    Problem::new(ErrorCode::MethodNotAllowed, "the Allow header lists the allowed methods")
}
