//! `sagebell dashboard`: the dashboard of a monitor that accepts only signed calls, for browsers.
//!
//! Promise: nothing is changed unless the command was started with `--allow-stop`, and then only by
//! the dashboard's own pages. On a loopback address no page of another origin is answered.

use std::future::Future;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware;
use axum::response::{IntoResponse as _, Response};
use http::{Method, StatusCode};
use sagebell_client::client::{Asked, Client};
use sagebell_local::origin_check::refuse_other_origins;
use sagebell_local::same_origin::is_of_own_page;
use sagebell_system::say;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::args::DashboardArgs;

/// The longest body of a request, in bytes: that of a form.
const BODY_LEN: usize = 1_024;
/// The one path to which forms are sent.
const FORMS: &str = "/job";

/// What requests are passed on with.
struct Proxy {
    client: Client,
    allow_stop: bool,
}

/// Serves until `stop`.
///
/// # Errors
/// If the address cannot be used, or the monitor does not accept calls.
pub async fn run(
    args: DashboardArgs,
    stop: impl Future<Output = ()>,
) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let client = Client::new(args.api)?;
    client.health().await?;
    let socket = TcpListener::bind(args.listen).await.map_err(|error| {
        format!("can't listen on {}: {error}; choose another with --listen", args.listen)
    })?;
    let address = socket.local_addr()?;
    let may = if args.allow_stop { "jobs can be stopped" } else { "read-only" };
    say::out(format_args!("the dashboard is at http://{address}/ ({may})"));
    let routes = routes(Proxy { client, allow_stop: args.allow_stop }, address);
    let stopped = CancellationToken::new();
    let serving = tokio::spawn(sagebell_local::serve(socket, routes, stopped.clone()));
    stop.await;
    stopped.cancel();
    serving.await?;
    Ok(ExitCode::SUCCESS)
}

fn routes(proxy: Proxy, address: SocketAddr) -> Router {
    Router::new()
        .fallback(pass_on)
        .layer(middleware::from_fn_with_state(address, refuse_other_origins))
        .with_state(Arc::new(proxy))
}

async fn pass_on(State(proxy): State<Arc<Proxy>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let is_read = matches!(parts.method, Method::GET | Method::HEAD);
    if !is_read && !proxy.allow_stop {
        return refusal("this dashboard is read-only. Start it with --allow-stop to change that");
    }
    let is_form = parts.method == Method::POST && parts.uri.path() == FORMS;
    let is_allowed = is_read || is_form && is_of_own_page(&parts.headers);
    if !is_allowed {
        return refusal("only the forms of the dashboard's own pages are passed on");
    }
    let Ok(body) = axum::body::to_bytes(body, BODY_LEN).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, "the form is too long\n").into_response();
    };
    let asked = Asked {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body: body.to_vec(),
        read_only: !proxy.allow_stop,
    };
    match proxy.client.pass_on(&asked).await {
        Ok(answered) => (answered.status, answered.headers, answered.body).into_response(),
        Err(error) => (StatusCode::BAD_GATEWAY, format!("{error}\n")).into_response(),
    }
}

fn refusal(why: &'static str) -> Response {
    (StatusCode::FORBIDDEN, format!("{why}\n")).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::HeaderMap;
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;

    /// A monitor's answer, which says what it was asked.
    async fn told(headers: HeaderMap, request: Request) -> Response {
        let names = ["cookie", "origin", "sagebell-read-only", "if-none-match"];
        let sent: Vec<_> = names.into_iter().filter(|name| headers.contains_key(*name)).collect();
        let asked = format!("{} {} {}", request.method(), request.uri(), sent.join(" "));
        ([("etag", "\"1\""), ("set-cookie", "a=b")], asked).into_response()
    }

    /// A proxy to a monitor that says what it was asked.
    async fn proxy(allow_stop: bool) -> Router {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", socket.local_addr().unwrap()).parse().unwrap();
        let monitor = Router::new().fallback(told);
        tokio::spawn(sagebell_local::serve(socket, monitor, CancellationToken::new()));
        routes(
            Proxy { client: Client::new(base).unwrap(), allow_stop },
            "127.0.0.1:7080".parse().unwrap(),
        )
    }

    async fn answer(
        proxy: &Router,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> (u16, String) {
        let request = Request::builder().method(method).uri(path).header("host", "127.0.0.1:7080");
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let response = proxy.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert!(!response.headers().contains_key("set-cookie"));
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.into()).unwrap())
    }

    #[tokio::test]
    async fn pages_are_passed_on_without_what_is_the_browsers_own() {
        let proxy = proxy(false).await;
        let headers = [("cookie", "a=b"), ("if-none-match", "\"1\"")];
        let (status, said) = answer(&proxy, "GET", "/job?arn=a:b/c", &headers).await;
        assert_eq!(status, 200);
        assert_eq!(said, "GET /job?arn=a%3Ab%2Fc sagebell-read-only if-none-match");
    }

    #[tokio::test]
    async fn nothing_is_changed_unless_that_was_asked_for() {
        let read_only = proxy(false).await;
        for (method, path) in
            [("POST", "/job?arn=x"), ("DELETE", "/v1/jobs/x/waits/w"), ("PUT", "/x")]
        {
            let (status, said) = answer(&read_only, method, path, &[]).await;
            assert_eq!(status, 403, "{method} {path}");
            assert!(said.contains("--allow-stop"), "{said}");
        }
        let may_stop = proxy(true).await;
        let own = [("origin", "http://127.0.0.1:7080"), ("sec-fetch-site", "same-origin")];
        let (status, said) = answer(&may_stop, "POST", "/job?arn=x", &own).await;
        assert_eq!((status, said.as_str()), (200, "POST /job?arn=x "));
        for (method, path) in
            [("DELETE", "/v1/jobs/x/waits/w"), ("POST", "/v1/jobs/x/refresh"), ("PUT", "/job")]
        {
            assert_eq!(answer(&may_stop, method, path, &own).await.0, 403, "{method} {path}");
        }
    }

    #[tokio::test]
    async fn pages_of_others_are_not_answered() {
        let proxy = proxy(true).await;
        for headers in [
            [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")],
            [("origin", "http://localhost:1"), ("sec-fetch-site", "same-site")],
        ] {
            assert_eq!(answer(&proxy, "POST", "/job?arn=x", &headers).await.0, 403);
        }
        // A name that was made to resolve to this machine.
        let rebound = Request::get("/").header("host", "evil.example").body(Body::empty()).unwrap();
        assert_eq!(proxy.oneshot(rebound).await.unwrap().status(), 403);
    }

    #[tokio::test]
    async fn a_monitor_that_does_not_answer_is_told() {
        let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", nobody.local_addr().unwrap()).parse().unwrap();
        drop(nobody);
        let proxy = Proxy { client: Client::new(base).unwrap(), allow_stop: false };
        let routes = routes(proxy, "127.0.0.1:7080".parse().unwrap());
        let (status, said) = answer(&routes, "GET", "/", &[]).await;
        assert_eq!(status, 502);
        assert!(said.contains("no answer from"), "{said}");
    }
}
