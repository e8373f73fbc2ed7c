use std::sync::LazyLock;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use futures::executor::block_on;
use http_body_util::BodyExt as _;
use sagebell_monitor::principal::Principal;
use sagebell_monitor::testing::world::FakeWorld;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::first_line;

/// Most calls of one input.
const CALLS: usize = 8;

/// One world for all runs: making the router takes longer than a call of it.
static ROUTER: LazyLock<Router> = LazyLock::new(|| {
    let world = FakeWorld::default();
    sagebell_http_api::router(sagebell_http_api::Api {
        waits: world.waits(),
        jobs: world.jobs(),
        connections: world.connections(),
        connect_url: None,
        kfp_ui: None,
        metrics: sagebell_http_api::Metrics::Nowhere,
    })
});

/// Arbitrary calls of the API: never a fault of ours, and every refusal is a
/// problem document with a code.
///
/// The input: calls with blank lines between them. Each has the method and the
/// path, with a space between them, in its first line, and the body after it.
pub fn api(bytes: &[u8]) {
    let mut rest = Some(bytes);
    for _ in 0..CALLS {
        let Some(calls) = rest else { return };
        let end = calls.windows(2).position(|two| two == b"\n\n");
        let (one, others) =
            (&calls[..end.unwrap_or(calls.len())], end.map(|end| &calls[end + 2..]));
        rest = others;
        let (line, body) = first_line(one);
        let Some((method, path)) = str::from_utf8(line).ok().and_then(|line| line.split_once(' '))
        else {
            continue;
        };
        call(method, path, body);
    }
}

fn call(method: &str, path: &str, body: &[u8]) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .extension(Principal("fuzz".to_owned()))
        .body(Body::from(body.to_vec()));
    // What is no HTTP request never reaches the router.
    let Ok(request) = request else { return };
    let answers_in_json = request.method() != Method::HEAD;
    let answer = block_on(ROUTER.clone().oneshot(request)).unwrap();
    let status = answer.status();
    // Without SageMaker a refresh is 501; nothing else may be our fault.
    assert!(!status.is_server_error() || status.as_u16() == 501, "{status}: {method} {path}");
    let answer = block_on(answer.into_body().collect()).unwrap().to_bytes();
    if status.is_client_error() && answers_in_json {
        let problem: Value = serde_json::from_slice(&answer).expect("a problem document");
        assert!(problem["code"].is_string(), "{problem}");
    }
}
