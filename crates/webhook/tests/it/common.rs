//! What the tests share.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use sagebell_api_types::SignalBody;
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::job::Job;
use sagebell_monitor::kind::Kind;
use sagebell_monitor::phase::Phase;
use sagebell_monitor::ports::{Clock, SendOutcome};
use sagebell_monitor::signal::Signal;
use sagebell_monitor::wait::{CallbackUrl, Secret, WaitId};
use sagebell_webhook::{CALLBACK_PATH, Guard, GuardConfig, Timeouts, Webhook, WebhookSender, sign};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A clock that stands still, five minutes from the real one or not.
pub(crate) struct Stopped(pub(crate) Timestamp);

#[async_trait]
impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        self.0
    }
    fn latest(&self) -> Timestamp {
        self.0
    }
    fn earliest(&self) -> Timestamp {
        self.0
    }
    fn uptime(&self) -> Duration {
        Duration::ZERO
    }
    async fn sleep(&self, _: Duration) {
        std::future::pending().await
    }
}

pub(crate) fn noon() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(Stopped(noon()))
}

pub(crate) fn secret(fill: u8) -> Secret {
    Secret::from_bytes(&[fill; 32]).unwrap()
}

pub(crate) fn wait_id(text: &str) -> WaitId {
    WaitId::parse(text).unwrap()
}

pub(crate) fn signal(wait: &str, seq: u64) -> SignalBody {
    let arn = "arn:aws:sagemaker:eu-west-1:123456789012:training-job/x";
    let job = Job {
        arn: JobArn::parse(arn).unwrap(),
        kind: Kind::Training,
        name: "x".to_owned(),
        phase: Phase::Succeeded,
        status: Some("Completed".to_owned()),
        secondary_status: None,
        failure_reason: None,
        created_at: None,
        modified_at: None,
        settled_at: Some(noon()),
    };
    SignalBody::new(Signal { wait_id: wait_id(wait), seq, job })
}

pub(crate) fn webhook(url: &str, body: &str) -> Webhook {
    Webhook {
        url: CallbackUrl::parse(url).unwrap(),
        secret: secret(1),
        id: "msg_w_1".to_owned(),
        body: body.to_owned(),
    }
}

/// Ends a test that would hang; nothing is measured by it. Shorter than the
/// 30 s that hyper would grant a request's headers if it were not told.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("hangs")
}

pub(crate) fn local_guard() -> Arc<Guard> {
    Arc::new(Guard::new(GuardConfig::local_stack()))
}

/// Far longer than any test takes.
pub(crate) fn patient() -> Timeouts {
    let hour = Duration::from_secs(3_600);
    Timeouts { connect: hour, total: hour, pool_idle: hour }
}

pub(crate) fn local_sender(timeouts: Timeouts) -> WebhookSender {
    WebhookSender::new(local_guard(), clock(), timeouts).unwrap()
}

pub(crate) fn reason(outcome: SendOutcome) -> String {
    match outcome {
        SendOutcome::Failed { failure, .. } => failure.reason,
        other => panic!("{other:?}"),
    }
}

/// One request to a listener, good unless a test spoils it.
#[derive(Clone)]
pub(crate) struct Post {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) id: String,
    pub(crate) timestamp: String,
    pub(crate) signature: String,
    pub(crate) body: Vec<u8>,
}

impl Post {
    pub(crate) fn of(signal: &SignalBody) -> Self {
        let id = format!("msg_{}_{}", signal.data.wait_id, signal.data.seq);
        Self::signed(&secret(1), &id, noon(), serde_json::to_vec(signal).unwrap())
    }

    pub(crate) fn signed(secret: &Secret, id: &str, at: Timestamp, body: Vec<u8>) -> Self {
        Self {
            method: "POST",
            path: CALLBACK_PATH,
            id: id.to_owned(),
            timestamp: at.as_second().to_string(),
            signature: sign(secret, id, at, &body).unwrap(),
            body,
        }
    }

    pub(crate) fn head(&self) -> String {
        format!(
            "{} {} HTTP/1.1\r\nhost: waiter\r\nwebhook-id: {}\r\nwebhook-timestamp: {}\r\n\
             webhook-signature: {}\r\ncontent-length: {}\r\n\r\n",
            self.method,
            self.path,
            self.id,
            self.timestamp,
            self.signature,
            self.body.len()
        )
    }

    pub(crate) async fn to(&self, addr: SocketAddr) -> (u16, String) {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        stream.write_all(self.head().as_bytes()).await.unwrap();
        // A listener that has read enough may have answered and closed by now.
        stream.write_all(&self.body).await.ok();
        answer(stream).await
    }
}

/// Status and body of the answer, read until the listener closes.
pub(crate) async fn answer(mut stream: TcpStream) -> (u16, String) {
    let mut bytes = Vec::new();
    soon(stream.read_to_end(&mut bytes)).await.unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").expect("no answer");
    let status = head.split(' ').nth(1).unwrap();
    (status.parse().unwrap(), body.to_owned())
}
