//! The dashboard: what its pages show, and what they do not let in.

mod acts;
mod files;
mod health;
mod job;
mod jobs;

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use sagebell_monitor::principal::Principal;
use sagebell_monitor::testing::world::{FakeWorld, TRAINING_ARN};
use tower::ServiceExt as _;

use super::{OWNER, api};
use crate::dashboard::POLICY;
use crate::router;

/// The address of the training job's page.
fn job_page() -> String {
    format!("/job?arn={TRAINING_ARN}")
}

struct Seen {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Seen {
    fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Whether all of these are in the page, in this order.
    #[track_caller]
    fn shows(&self, parts: &[&str]) {
        let mut rest = self.text.as_str();
        for part in parts {
            let found = rest.split_once(part);
            let (_, after) = found.unwrap_or_else(|| panic!("no {part:?} in\n{rest}"));
            rest = after;
        }
    }
}

/// The answer to a request of the owner's.
async fn answer(world: &FakeWorld, request: Request<Body>) -> Seen {
    answer_to(world, OWNER, request).await
}

async fn answer_to(world: &FakeWorld, who: &str, mut request: Request<Body>) -> Seen {
    request.extensions_mut().insert(Principal(who.to_owned()));
    seen(router(api(world)).oneshot(request).await.unwrap()).await
}

async fn seen(response: Response) -> Seen {
    let (status, headers) = (response.status(), response.headers().clone());
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let seen = Seen { status, headers, text: String::from_utf8(body.into()).unwrap() };
    assert_eq!(seen.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    seen
}

fn at(address: &str) -> Request<Body> {
    Request::get(address).body(Body::empty()).unwrap()
}

/// A page that is there.
async fn page(world: &FakeWorld, address: &str) -> Seen {
    let seen = answer(world, at(address)).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.text);
    assert_is_page(&seen);
    seen
}

#[tokio::test]
async fn nobody_reads_without_a_name() {
    let world = FakeWorld::default();
    for address in ["/", &job_page(), "/run?id=x", "/health"] {
        let response = router(api(&world)).oneshot(at(address)).await.unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{address}");
    }
}

#[track_caller]
fn assert_is_page(seen: &Seen) {
    assert_eq!(seen.header(header::CONTENT_TYPE), "text/html; charset=utf-8", "{}", seen.text);
    assert_eq!(seen.header(header::CONTENT_SECURITY_POLICY), POLICY);
    assert_eq!(seen.header(header::CACHE_CONTROL), "no-store");
}
