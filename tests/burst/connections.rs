//! Waiters that hold connections: one for each wait, or one for several.

use futures::{SinkExt as _, StreamExt as _};
use sagebell_api_types::{Ask, Frame, Received as FromMonitor, RequestId, WaitRequest};
use sagebell_client::client::Client;
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::policy::Policy;
use sagebell_monitor::wait::WaitId;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::CALLS;
use crate::received::{Received, wait_id, wait_of};

/// The most connections that a local stack holds.
const STACK: usize = 20_000;
/// File descriptors that each of the two processes needs beside those of the connections.
const OTHER_FILES: usize = 500;

/// How many connections there are, and why not one for each wait.
pub(crate) struct Held {
    connections: usize,
    waits_each: usize,
    limited_by: Option<String>,
}

impl Held {
    /// One for each of the waits, if there may be so many.
    pub(crate) fn for_waits(waits: usize, asked: Option<usize>) -> Self {
        let files = usize::try_from(files()).unwrap_or(usize::MAX);
        let limits = [
            (asked.unwrap_or(usize::MAX), "--connections".to_owned()),
            (
                files.saturating_sub(OTHER_FILES).max(1),
                format!("{files} file descriptors of a process"),
            ),
            (STACK, "the limit of a local stack".to_owned()),
        ];
        let (most, name) = limits.into_iter().min_by_key(|limit| limit.0).expect("three limits");
        let waits_each = waits.div_ceil(most);
        assert!(waits_each <= Policy::CONNECTION_WAITS, "{name} leaves {most} connections");
        let limited_by = (waits_each > 1).then_some(name);
        Self { connections: waits.div_ceil(waits_each), waits_each, limited_by }
    }

    pub(crate) fn document(&self) -> Value {
        json!({
            "number": self.connections, "waits_each": self.waits_each, "limited_by": self.limited_by,
        })
    }
}

/// How many files this process may have open. The stack inherits the limit.
fn files() -> u64 {
    rlimit::Resource::NOFILE.get_soft().expect("the limit of open files")
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Opens the connections, and registers the waits on them.
pub(crate) async fn register(
    client: &Client,
    received: &Received,
    waits: Vec<(usize, JobArn)>,
    held: &Held,
) {
    let url = client.base().join("v1/connect").expect("an address");
    let url = url.as_str().replacen("http", "ws", 1);
    let opened = waits.chunks(held.waits_each).map(|waits| {
        let (url, received) = (url.clone(), received.clone());
        async move {
            let (mut socket, _) = connect_async(url).await.expect("a connection");
            for (wait, arn) in waits {
                register_one(&mut socket, *wait, arn.clone()).await;
            }
            tokio::spawn(listen(socket, received));
        }
    });
    futures::stream::iter(opened).buffer_unordered(CALLS).collect::<Vec<()>>().await;
}

async fn register_one(socket: &mut Socket, wait: usize, arn: JobArn) {
    let request = Box::new(WaitRequest::by_renewals());
    let wait_id = WaitId::parse(&wait_id(wait)).expect("an id");
    let request_id = RequestId::parse(&wait.to_string()).expect("an id");
    let frame = Frame { request_id, ask: Ask::Wait { arn, wait_id, request } };
    socket.send(Message::text(frame.encoded())).await.expect("a frame sent");
    let answer = next(socket).await;
    assert!(matches!(answer, Some(FromMonitor::Wait { .. })), "not registered: {answer:?}");
}

async fn listen(mut socket: Socket, received: Received) {
    while let Some(message) = next(&mut socket).await {
        match message {
            FromMonitor::Signal(signal) => {
                received.signal(wait_of(&signal.data.wait_id), Instant::now());
            }
            other => panic!("no signal: {other:?}"),
        }
    }
}

/// The next text. `None`: the connection ended.
async fn next(socket: &mut Socket) -> Option<FromMonitor> {
    loop {
        match socket.next().await?.ok()? {
            Message::Text(text) => return Some(FromMonitor::parse(&text)),
            Message::Close(_) => return None,
            _ => {}
        }
    }
}
