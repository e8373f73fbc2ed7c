//! Decides which clients may use a stack without authentication.
//!
//! A web page in the user's browser can reach loopback. Such a request has an `Origin` header,
//! or, if the page's name was made to resolve to loopback (DNS rebinding), a `Host` header with a
//! name instead of an address.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use url::{Host, Url};

/// Refuses web pages of other origins where the stack listens on loopback.
pub async fn refuse_other_origins(
    State(listening): State<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    if listening.ip().is_loopback() && is_of_another_origin(request.headers()) {
        let why = "this stack serves programs on this machine, not web pages of other origins\n";
        return (StatusCode::FORBIDDEN, why).into_response();
    }
    next.run(request).await
}

fn is_of_another_origin(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let host = text(header::HOST).map(|host| format!("http://{host}"));
    let elsewhere = |url: &str| !Url::parse(url).is_ok_and(|url| is_loopback(&url));
    host.as_deref().is_some_and(elsewhere) || text(header::ORIGIN).is_some_and(elsewhere)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(pairs: &[(&'static str, &'static str)]) -> bool {
        let header = |(name, value): &(&'static str, &'static str)| {
            (header::HeaderName::from_static(name), value.parse().unwrap())
        };
        is_of_another_origin(&pairs.iter().map(header).collect())
    }

    #[test]
    fn programs_and_the_stacks_own_page_are_not_refused() {
        assert!(!refused(&[("host", "127.0.0.1:7070")]));
        assert!(!refused(&[("host", "localhost:7070"), ("origin", "http://localhost:7070")]));
        assert!(!refused(&[("host", "[::1]:7070")]));
        assert!(!refused(&[]));
    }

    #[test]
    fn other_origins_and_rebound_names_are_refused() {
        assert!(refused(&[("host", "127.0.0.1:7070"), ("origin", "https://evil.example")]));
        assert!(refused(&[("host", "rebound.example:7070")]));
        assert!(refused(&[("host", "127.0.0.1:7070"), ("origin", "null")]));
        assert!(refused(&[("host", "127.0.0.1.evil.example")]));
    }
}
