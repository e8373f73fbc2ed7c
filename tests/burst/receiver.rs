//! Waiters that are called back: one server for all of them, which verifies and counts.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use futures::StreamExt as _;
use sagebell_api_types::{PROBE, ProbeAnswer, ProbeBody, WaitRequest};
use sagebell_client::client::Client;
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::wait::{CallbackUrl, Secret};
use sagebell_webhook::{CALLBACK_PATH, SignedHeaders, Verifier, prove};
use tokio::time::Instant;

use crate::CALLS;
use crate::received::{Received, wait_id};

#[derive(Clone)]
struct Record {
    verifier: Arc<Verifier>,
    secret: Secret,
    received: Received,
}

/// A server that receives the callbacks of every wait.
pub(crate) struct Receiver {
    address: SocketAddr,
    secret: Secret,
}

impl Receiver {
    pub(crate) async fn start(received: Received) -> Self {
        let secret = sagebell_client::new_secret().expect("a secret");
        let verifier = Arc::new(Verifier::new(secret.clone()));
        let record = Record { verifier, secret: secret.clone(), received };
        let socket = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = socket.local_addr().expect("its address");
        let routes = Router::new().route(CALLBACK_PATH, post(receive)).with_state(record);
        tokio::spawn(async move { axum::serve(socket, routes).await });
        Self { address, secret }
    }

    /// Registers these waits.
    pub(crate) async fn register(&self, client: &Client, waits: Vec<(usize, JobArn)>) {
        let calls = waits.into_iter().map(|(wait, arn)| async move {
            let url = format!("http://{}{CALLBACK_PATH}?{wait}", self.address);
            let url = CallbackUrl::parse(&url).expect("a URL");
            let body = WaitRequest::by_callback(url, self.secret.clone());
            client.put_wait(&arn, &wait_id(wait), &body).await
        });
        let mut answers = futures::stream::iter(calls).buffer_unordered(CALLS);
        while let Some(answer) = answers.next().await {
            answer.expect("a registered wait");
        }
    }
}

async fn receive(
    State(record): State<Record>,
    RawQuery(wait): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let at = Instant::now();
    let signed = SignedHeaders::read(&headers).ok().and_then(|signed| {
        let second = record.verifier.authenticate(&signed, &body).ok()?;
        Some((signed.id, second))
    });
    let Some((id, second)) = signed else {
        record.received.refuse();
        return StatusCode::UNAUTHORIZED.into_response();
    };
    if serde_json::from_slice::<ProbeBody>(&body).is_ok_and(|body| body.event_type == PROBE) {
        let proof = prove(&record.secret, id, second, &body).expect("a proof");
        return axum::Json(ProbeAnswer { proof }).into_response();
    }
    let wait = wait.and_then(|wait| wait.parse().ok()).expect("one of our own URLs");
    record.received.signal(wait, at);
    StatusCode::NO_CONTENT.into_response()
}
