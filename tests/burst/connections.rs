//! Waiters that hold a connection each.

use futures::{SinkExt as _, StreamExt as _};
use sagebell_api_types::{Ask, Frame, Received as FromMonitor, RequestId, WaitRequest};
use sagebell_client::client::Client;
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::wait::WaitId;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::CALLS;
use crate::received::{Received, wait_id};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Opens a connection for each of these waits and registers on it.
pub(crate) async fn register(client: &Client, received: &Received, waits: Vec<(usize, JobArn)>) {
    let url = client.base().join("v1/connect").expect("an address");
    let url = url.as_str().replacen("http", "ws", 1);
    let opened = waits.into_iter().map(|(wait, arn)| {
        let (url, received) = (url.clone(), received.clone());
        async move {
            let (socket, _) = connect_async(url).await.expect("a connection");
            let socket = registered(socket, wait, arn).await;
            tokio::spawn(listen(socket, wait, received));
        }
    });
    futures::stream::iter(opened).buffer_unordered(CALLS).collect::<Vec<()>>().await;
}

async fn registered(mut socket: Socket, wait: usize, arn: JobArn) -> Socket {
    let request = Box::new(WaitRequest::by_renewals());
    let wait_id = WaitId::parse(&wait_id(wait)).expect("an id");
    let request_id = RequestId::parse(&wait.to_string()).expect("an id");
    let frame = Frame { request_id, ask: Ask::Wait { arn, wait_id, request } };
    socket.send(Message::text(frame.encoded())).await.expect("a frame sent");
    match next(&mut socket).await {
        Some(FromMonitor::Wait { .. }) => socket,
        other => panic!("not registered: {other:?}"),
    }
}

async fn listen(mut socket: Socket, wait: usize, received: Received) {
    while let Some(message) = next(&mut socket).await {
        match message {
            FromMonitor::Signal(_) => received.signal(wait, Instant::now()),
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
