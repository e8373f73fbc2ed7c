use std::sync::LazyLock;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, header};
use futures::executor::block_on;
use http_body_util::BodyExt as _;
use sagebell_monitor::inert;
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
        health: world.health(),
        connect_url: None,
        kfp_ui: None,
        metrics: sagebell_http_api::Metrics::Nowhere,
    })
});

/// Arbitrary calls of the API and of the dashboard's pages: never a fault of ours.
/// Every refusal is a problem document with a code, or, where people ask, a page.
/// A page is inert, whatever the call puts into it.
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
    let has_body = request.method() != Method::HEAD;
    let answer = block_on(ROUTER.clone().oneshot(request)).unwrap();
    let status = answer.status();
    // Without SageMaker a refresh is 501; nothing else may be our fault.
    assert!(!status.is_server_error() || status.as_u16() == 501, "{status}: {method} {path}");
    if !has_body {
        return;
    }
    let (head, body) = answer.into_parts();
    let body = block_on(body.collect()).unwrap().to_bytes();
    if is_page(&head.headers) {
        assert!(!path.starts_with("/v1/"), "a page for a program: {method} {path}");
        check_page(&head.headers, str::from_utf8(&body).expect("a page is UTF-8"));
    } else if status.is_client_error() {
        let problem: Value = serde_json::from_slice(&body).expect("a problem document");
        assert!(problem["code"].is_string(), "{problem}");
    }
}

fn is_page(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/html"))
}

/// A page runs its own two scripts and nothing else, and no character in it does
/// something other than being seen.
fn check_page(headers: &HeaderMap, page: &str) {
    assert!(headers.contains_key(header::CONTENT_SECURITY_POLICY), "{page}");
    assert_eq!(page.matches("<script").count(), 2, "{page}");
    let acting = without_values(page).find(|&letter| letter != '\n' && inert::acts(letter));
    assert_eq!(acting, None, "{page}");
}

/// The page without the values of its form fields: the browser sends them back as they are.
fn without_values(page: &str) -> impl Iterator<Item = char> {
    let mut parts = page.split(" value=\"");
    let first = parts.next().unwrap_or_default();
    let after_values = parts.map(|part| part.split_once('"').map_or("", |(_, rest)| rest));
    std::iter::once(first).chain(after_values).flat_map(str::chars)
}
