//! Over sockets of this machine.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};

use axum::Router;
use axum::extract::ws::{Message, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use sagebell_api_types::{Frame, ProblemDocument, Received, WaitRequest};
use sagebell_monitor::phase::Phase;
use tokio::net::TcpListener;

use super::*;
use crate::connection::tests::{arn, view, wait_id};
use crate::connection::{Connection, upgrade};

/// A monitor whose connections are at another path, and what it does.
#[derive(Default)]
struct Monitor {
    /// How often it was asked where.
    asked: AtomicUsize,
    /// The status with which it refuses to upgrade. 0: it does.
    refuses: AtomicU16,
}

impl Monitor {
    async fn start() -> (Arc<Self>, Client) {
        let monitor = Arc::new(Self::default());
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let (asked, gateway) = (Arc::clone(&monitor), Arc::clone(&monitor));
        let tell = get(async move || {
            asked.asked.fetch_add(1, Ordering::Relaxed);
            format!(r#"{{"url": "ws://{address}/stage"}}"#)
        });
        let open = get(async move |upgrade: WebSocketUpgrade| gateway.open(upgrade));
        let routes = Router::new().route("/v1/connect", tell).route("/stage", open);
        tokio::spawn(axum::serve(socket, routes).into_future());
        (monitor, Client::new(Url::parse(&format!("http://{address}")).unwrap()).unwrap())
    }

    /// Answers every frame that all is well.
    fn open(&self, upgrade: WebSocketUpgrade) -> Response {
        let status = self.refuses.load(Ordering::Relaxed);
        if let Ok(status) = StatusCode::from_u16(status) {
            return (status, "<p>policy\x1b[31m\n").into_response();
        }
        upgrade.on_upgrade(async |mut socket| {
            while let Some(Ok(Message::Text(text))) = socket.recv().await {
                let request_id = Frame::parse(text.as_bytes()).unwrap().request_id;
                let answer = Box::new(view(Phase::Running));
                let answer = Received::Wait { request_id, answer }.encoded().unwrap();
                socket.send(Message::text(answer)).await.unwrap();
            }
        })
    }
}

async fn refusal(monitor: &Monitor, opener: &Opener, status: u16) -> OpenError {
    monitor.refuses.store(status, Ordering::Relaxed);
    let refused = opener.open().await.map(drop).unwrap_err();
    monitor.refuses.store(0, Ordering::Relaxed);
    refused
}

#[tokio::test]
async fn a_connection_is_opened_where_the_monitor_says() {
    let (_, client) = Monitor::start().await;
    let connection = Connection::open(&client).await.unwrap();
    let answer = connection.register(&arn(), &wait_id(), WaitRequest::by_renewals()).await;
    assert_eq!(answer.unwrap().job.phase, Phase::Running);
}

#[tokio::test]
async fn the_address_is_asked_for_again_only_after_a_failure() {
    let (monitor, client) = Monitor::start().await;
    let opener = Opener::new(client);
    for _ in 0..3 {
        opener.open().await.unwrap();
    }
    assert_eq!(monitor.asked.load(Ordering::Relaxed), 1);
    refusal(&monitor, &opener, 403).await;
    opener.open().await.unwrap();
    assert_eq!(monitor.asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn what_lets_no_websocket_through_is_told_in_its_words() {
    let (monitor, client) = Monitor::start().await;
    let opener = Opener::new(client);
    for status in [200, 301, 400, 403, 407, 426, 429, 502] {
        let refused = refusal(&monitor, &opener, status).await;
        let said = refused.to_string();
        assert!(
            said.contains(&format!("HTTP {status}")) && said.contains("<p>policy[31m"),
            "{said}"
        );
        assert!(!said.contains(char::is_control) && !refused.is_lasting(), "{said}");
    }
}

#[tokio::test]
async fn an_upgrade_to_anything_else_is_none() {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = Url::parse(&format!("ws://{}/", socket.local_addr().unwrap())).unwrap();
    let switch = get(async || {
        let headers =
            [("connection", "upgrade"), ("upgrade", "tea"), ("sec-websocket-accept", "x")];
        (StatusCode::SWITCHING_PROTOCOLS, headers)
    });
    tokio::spawn(axum::serve(socket, Router::new().route("/", switch)).into_future());
    let client = Client::new(Url::parse("http://127.0.0.1:9").unwrap()).unwrap();
    let refused = upgrade::upgrade(&client, &address).await.map(drop).unwrap_err();
    assert!(matches!(refused, OpenError::Refused { status: 101, .. }), "{refused}");
}

#[tokio::test]
async fn only_the_monitors_own_word_says_that_there_are_no_connections() {
    let not_found = ProblemDocument::new(ErrorCode::NotFound, String::new(), None);
    let problem = serde_json::to_string(&not_found).unwrap();
    for (kind, is_its_own) in [("application/problem+json", true), ("text/html", false)] {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = Url::parse(&format!("http://{}", socket.local_addr().unwrap())).unwrap();
        let answer = (StatusCode::NOT_FOUND, [("content-type", kind)], problem.clone());
        let routes = Router::new().fallback(async move || answer);
        tokio::spawn(axum::serve(socket, routes).into_future());
        let opened = Opener::new(Client::new(base).unwrap()).open().await.map(drop);
        assert_eq!(matches!(opened, Err(OpenError::NotOffered)), is_its_own, "{kind}: {opened:?}");
    }
}

#[test]
fn an_address_is_as_safe_as_the_monitors_own() {
    let is_taken = |base: &str, told: &str| {
        let base = Url::parse(base).unwrap();
        checked(&base, told.to_owned()).is_ok()
    };
    let (deployed, local) = ("https://x.lambda-url.eu-west-1.on.aws/", "http://127.0.0.1:7070");
    assert!(is_taken(deployed, "wss://a.execute-api.eu-west-1.amazonaws.com/v1"));
    assert!(!is_taken(deployed, "ws://a.execute-api.eu-west-1.amazonaws.com/v1"));
    assert!(is_taken(local, "ws://127.0.0.1:7070/v1/connect"));
    for told in ["https://a.example", "file:///etc/passwd", "", "/v1/connect"] {
        assert!(!is_taken(local, told), "{told}");
    }
}
