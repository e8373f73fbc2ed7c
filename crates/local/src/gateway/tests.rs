//! Connections to a running stack, by another WebSocket library.

use std::path::Path;

use futures::{SinkExt as _, StreamExt as _};
use sagebell_monitor::testing::world::{FakeWorld, TRAINING_ARN};
use sagebell_webhook::CallbackPaths;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::*;
use crate::{LocalStack, Options};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn stack(store: &Path, connections: ConnectionLimits) -> LocalStack {
    stack_at(store, connections, ([127, 0, 0, 1], 0).into()).await
}

async fn stack_at(store: &Path, connections: ConnectionLimits, listen: SocketAddr) -> LocalStack {
    let options = Options {
        store: store.join("sagebell.db"),
        listen,
        callback_paths: CallbackPaths::default(),
        sweep_every: Duration::from_secs(60),
        connections,
        kfp_ui: None,
        metrics: None,
    };
    LocalStack::start(options).await.unwrap()
}

async fn connected(stack: &LocalStack) -> Socket {
    connect_async(format!("ws://{}/v1/connect", stack.address())).await.unwrap().0
}

async fn ask(socket: &mut Socket, frame: Value) -> Value {
    socket.send(Message::text(frame.to_string())).await.unwrap();
    next(socket).await
}

async fn next(socket: &mut Socket) -> Value {
    loop {
        if let Message::Text(text) = socket.next().await.unwrap().unwrap() {
            return serde_json::from_str(&text).unwrap();
        }
    }
}

fn wait(number: u32) -> Value {
    let id = format!("w{number}");
    json!({"action": "wait", "request_id": number.to_string(), "arn": TRAINING_ARN, "wait_id": id})
}

async fn put_event(stack: &LocalStack, status: &str) {
    let event = FakeWorld::training_event(status, status, 60);
    let entry = json!({"Source": "aws.sagemaker", "DetailType": event["detail-type"],
                       "Detail": event["detail"].to_string()});
    let put = reqwest::Client::new().post(format!("http://{}/", stack.address()));
    let put = put.header("x-amz-target", "AWSEvents.PutEvents");
    let put = put.header("content-type", "application/x-amz-json-1.1");
    let answer = put.body(json!({"Entries": [entry]}).to_string()).send().await.unwrap();
    assert!(answer.status().is_success(), "{answer:?}");
}

async fn gone_since(stack: &LocalStack, number: u32) -> Option<String> {
    let arn = TRAINING_ARN.replace('/', "%2F").replace(':', "%3A");
    let url = format!("http://{}/v1/jobs/{arn}/waits/w{number}", stack.address());
    let answer = reqwest::get(url).await.unwrap().text().await.unwrap();
    let answer: Value = serde_json::from_str(&answer).unwrap();
    answer["wait"].get("gone_since").map(ToString::to_string)
}

/// Reads a condition until it holds.
async fn until<F: Future<Output = bool>>(holds: impl Fn() -> F) {
    while !holds().await {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn many_waits_of_one_connection_are_told_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let stack = stack(folder.path(), ConnectionLimits::default()).await;
    let mut socket = connected(&stack).await;
    for number in 0..20 {
        let answer = ask(&mut socket, wait(number)).await;
        assert_eq!(answer["request_id"], number.to_string(), "{answer}");
        assert_eq!(answer["wait"]["state"], "waiting");
    }
    put_event(&stack, "Completed").await;
    let mut told = std::collections::BTreeSet::new();
    while told.len() < 20 {
        let signal = next(&mut socket).await;
        assert_eq!(signal["type"], "sagemaker.training_job.succeeded", "{signal}");
        assert!(told.insert(signal["data"]["wait_id"].to_string()), "{signal} twice");
    }
    let answer = ask(&mut socket, wait(0)).await;
    assert_eq!(
        (&answer["wait"]["state"], &answer["job"]["phase"]),
        (&json!("signalled"), &json!("succeeded"))
    );
    stack.stop().await;
}

#[tokio::test]
async fn the_end_of_a_connection_is_noted_at_its_waits() {
    let folder = tempfile::tempdir().unwrap();
    let stack = stack(folder.path(), ConnectionLimits::default()).await;
    for leaves in [0, 1] {
        let mut socket = connected(&stack).await;
        ask(&mut socket, wait(leaves)).await;
        assert_eq!(gone_since(&stack, leaves).await, None);
        if leaves == 0 {
            socket.close(None).await.unwrap();
        }
        drop(socket);
        until(|| async { gone_since(&stack, leaves).await.is_some() }).await;
    }
    stack.stop().await;
}

#[tokio::test]
async fn a_connection_lasts_no_longer_than_its_limits() {
    let folder = tempfile::tempdir().unwrap();
    let short = Duration::from_millis(300);
    for (limits, why) in [
        (ConnectionLimits { longest: short, ..Default::default() }, "it lasted as long as it may"),
        (ConnectionLimits { idle: short, ..Default::default() }, "it was idle"),
    ] {
        let stack = stack(folder.path(), limits).await;
        let mut socket = connected(&stack).await;
        let Some(Ok(Message::Close(Some(frame)))) = socket.next().await else { panic!("{why}") };
        assert_eq!((frame.code, frame.reason.as_str()), (CloseCode::Away, why));
        stack.stop().await;
    }
}

#[tokio::test]
async fn pings_are_answered_and_keep_the_connection_alive() {
    let folder = tempfile::tempdir().unwrap();
    let idle = Duration::from_millis(400);
    let limits = ConnectionLimits { idle, ..Default::default() };
    let stack = stack(folder.path(), limits).await;
    let mut socket = connected(&stack).await;
    for number in 0..10_u8 {
        socket.send(Message::Ping(vec![number].into())).await.unwrap();
        let answer = socket.next().await.unwrap().unwrap();
        assert_eq!(answer, Message::Pong(vec![number].into()));
        tokio::time::sleep(idle / 4).await;
    }
    let answer = ask(&mut socket, json!({"action": "ping", "request_id": "p"})).await;
    assert_eq!(answer, json!({"action": "pong"}));
    stack.stop().await;
}

#[tokio::test]
async fn a_frame_that_is_too_large_ends_the_connection_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let stack = stack(folder.path(), ConnectionLimits::default()).await;
    let mut socket = connected(&stack).await;
    let large = "x".repeat(sagebell_api_types::FRAME_LIMIT + 1);
    let _ = socket.send(Message::text(large)).await;
    let end = socket.next().await;
    assert!(
        matches!(end, None | Some(Ok(Message::Close(_)) | Err(Error::Protocol(_) | Error::Io(_)))),
        "{end:?}"
    );
    let mut other = connected(&stack).await;
    assert_eq!(ask(&mut other, wait(1)).await["wait"]["state"], "waiting");
    stack.stop().await;
}

#[tokio::test]
async fn the_next_run_at_the_same_address_knows_that_the_connections_of_the_last_are_gone() {
    let folder = tempfile::tempdir().unwrap();
    let first = stack(folder.path(), ConnectionLimits::default()).await;
    let address = first.address();
    let mut socket = connected(&first).await;
    ask(&mut socket, wait(1)).await;
    first.stop().await;
    let end = socket.next().await;
    assert!(matches!(end, Some(Ok(Message::Close(Some(_))))), "{end:?}");
    let next = stack_at(folder.path(), ConnectionLimits::default(), address).await;
    assert!(gone_since(&next, 1).await.is_some());
    next.stop().await;
}

#[tokio::test]
async fn another_address_knows_nothing_of_these_connections() {
    let here: SocketAddr = ([127, 0, 0, 1], 1).into();
    let there: SocketAddr = ([127, 0, 0, 1], 12).into();
    let gateway = LocalGateway::new(here, ConnectionLimits::default());
    let id = gateway.next_id().unwrap();
    assert_eq!(gateway.is_open(&id).await, Ok(false));
    let _unwritten = gateway.hold(&id).unwrap();
    assert_eq!(gateway.is_open(&id).await, Ok(true));
    let other = LocalGateway::new(there, ConnectionLimits::default());
    assert!(other.is_open(&id).await.is_err());
    let next = LocalGateway::new(here, ConnectionLimits::default());
    assert_eq!(next.is_open(&id).await, Ok(false), "it has the address now");
}
