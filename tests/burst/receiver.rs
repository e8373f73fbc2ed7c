//! The waiters' end: one server for all of them, which verifies and counts.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use sagebell_api_types::{PROBE, ProbeAnswer, ProbeBody};
use sagebell_monitor::wait::Secret;
use sagebell_webhook::{CALLBACK_PATH, SignedHeaders, Verifier, prove};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::Shared;

/// A wait's id.
pub(crate) fn wait_id(wait: usize) -> String {
    format!("wait-{wait}")
}

#[derive(Default)]
struct Counts {
    /// When each waiter first received its signal, and how often.
    received: BTreeMap<usize, (Instant, u64)>,
    refused: u64,
}

#[derive(Clone)]
struct Record {
    verifier: Arc<Verifier>,
    secret: Secret,
    counts: Shared<Counts>,
    received: Arc<Notify>,
}

/// A server that receives the callbacks of every wait.
pub(crate) struct Receiver {
    address: SocketAddr,
    secret: Secret,
    record: Record,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let secret = sagebell_client::new_secret().expect("a secret");
        let verifier = Arc::new(Verifier::new(secret.clone()));
        let record = Record {
            verifier,
            secret: secret.clone(),
            counts: Shared::default(),
            received: Arc::default(),
        };
        let socket = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = socket.local_addr().expect("its address");
        let routes = Router::new().route(CALLBACK_PATH, post(receive)).with_state(record.clone());
        tokio::spawn(async move { axum::serve(socket, routes).await });
        Self { address, secret, record }
    }

    pub(crate) fn url(&self, wait: usize) -> String {
        format!("http://{}{CALLBACK_PATH}?{wait}", self.address)
    }

    pub(crate) fn secret(&self) -> &Secret {
        &self.secret
    }

    /// Until so many were told, or nobody was for `silence`.
    pub(crate) async fn wait_for(&self, all: usize, silence: Duration) {
        while self.counts(|counts| counts.received.len()) < all {
            if tokio::time::timeout(silence, self.record.received.notified()).await.is_err() {
                return;
            }
        }
    }

    pub(crate) fn first_received(&self) -> Vec<(usize, Instant)> {
        self.counts(|counts| counts.received.iter().map(|(wait, (at, _))| (*wait, *at)).collect())
    }

    pub(crate) fn last_received(&self) -> Option<Instant> {
        self.counts(|counts| counts.received.values().map(|(at, _)| *at).max())
    }

    /// Callbacks that came after the waiter had answered 2xx.
    pub(crate) fn doubled(&self) -> u64 {
        self.counts(|counts| counts.received.values().map(|(_, times)| times - 1).sum())
    }

    pub(crate) fn refused(&self) -> u64 {
        self.counts(|counts| counts.refused)
    }

    fn counts<T>(&self, read: impl FnOnce(&Counts) -> T) -> T {
        read(&lock(&self.record.counts))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
    let mut counts = lock(&record.counts);
    let Some((id, second)) = signed else {
        counts.refused += 1;
        return StatusCode::UNAUTHORIZED.into_response();
    };
    if serde_json::from_slice::<ProbeBody>(&body).is_ok_and(|body| body.event_type == PROBE) {
        let proof = prove(&record.secret, id, second, &body).expect("a proof");
        return axum::Json(ProbeAnswer { proof }).into_response();
    }
    let wait = wait.and_then(|wait| wait.parse().ok()).expect("one of our own URLs");
    counts.received.entry(wait).or_insert((at, 0)).1 += 1;
    record.received.notify_one();
    StatusCode::NO_CONTENT.into_response()
}
