//! Nobody holds a listener up by being slow, large or many; and it ends.

use std::net::SocketAddr;
use std::time::Duration;

use sagebell_webhook::{Limits, Listener, MAX_BODY};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::common::{Post, answer, clock, noon, secret, signal, soon, wait_id};

const SHORT: Duration = Duration::from_millis(100);
const LONG: Duration = Duration::from_secs(3_600);

async fn listener(limits: Limits) -> Listener {
    let addr = "127.0.0.1:0".parse().unwrap();
    Listener::bind_with(addr, secret(1), wait_id("w"), clock(), limits).await.unwrap()
}

fn patient() -> Limits {
    Limits { header_timeout: LONG, request_timeout: LONG, ..Limits::default() }
}

/// A connection on which only `bytes` are ever sent.
async fn begun(addr: SocketAddr, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream
}

/// Waits until the other end closes, whether gently or not.
async fn closed(mut stream: TcpStream) {
    let mut rest = Vec::new();
    soon(stream.read_to_end(&mut rest)).await.ok();
}

#[tokio::test]
async fn a_slow_loris_is_cut_off() {
    let post = Post::of(&signal("w", 1));
    let cases = [
        ("nothing", Vec::new()),
        ("half a header", b"POST /callback HTTP/1.1\r\nho".to_vec()),
        ("half a body", [post.head().as_bytes(), &post.body[..9]].concat()),
    ];
    for (name, bytes) in cases {
        let (header_timeout, request_timeout) = match name {
            "half a body" => (LONG, SHORT),
            _ => (SHORT, LONG),
        };
        let listener =
            listener(Limits { header_timeout, request_timeout, ..Limits::default() }).await;
        closed(begun(listener.local_addr(), &bytes).await).await;
        assert_eq!(listener.stats().refused, [("slow", 1)].into(), "{name}");
    }
}

#[tokio::test]
async fn idle_connections_cannot_keep_a_callback_out() {
    let mut listener = listener(Limits { max_connections: 2, ..patient() }).await;
    let addr = listener.local_addr();
    let oldest = begun(addr, b"POST").await;
    let _second = begun(addr, b"POST").await;
    assert_eq!(Post::of(&signal("w", 1)).to(addr).await.0, 204);
    assert_eq!(soon(listener.next()).await, Some(signal("w", 1)));
    closed(oldest).await;
    assert_eq!(listener.stats().refused, [("crowded", 1)].into());
}

#[tokio::test]
async fn an_oversized_callback_is_refused() {
    let listener = listener(patient()).await;
    let addr = listener.local_addr();
    for (size, status) in [(MAX_BODY, 400), (MAX_BODY + 1, 413), (5 * MAX_BODY, 413)] {
        let post = Post::signed(&secret(1), "msg_1", noon(), vec![b'x'; size]);
        assert_eq!(post.to(addr).await.0, status, "{size}");
    }
    let chunked = "POST /callback HTTP/1.1\r\nhost: w\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunk = format!("4e21\r\n{}\r\n0\r\n\r\n", "x".repeat(MAX_BODY + 1));
    let stream = begun(addr, format!("{chunked}{chunk}").as_bytes()).await;
    assert_eq!(answer(stream).await.0, 413);
    let expected = [("body", 1), ("too_large", 3)];
    assert_eq!(listener.stats().refused, expected.into());
}

#[tokio::test]
async fn an_endless_body_is_not_read_to_its_end() {
    let listener = listener(patient()).await;
    let head = "POST /callback HTTP/1.1\r\nhost: w\r\ncontent-length: 1000000000000\r\n\r\n";
    let mut stream = begun(listener.local_addr(), head.as_bytes()).await;
    let flood = async { while stream.write_all(&[b'x'; 4096]).await.is_ok() {} };
    soon(flood).await;
    assert_eq!(listener.stats().refused["too_large"], 1);
}

#[tokio::test]
async fn noise_is_counted_and_does_no_harm() {
    let listener = listener(patient()).await;
    let addr = listener.local_addr();
    closed(begun(addr, b"\x16\x03\x01 this is TLS, or so\r\n\r\n").await).await;
    assert_eq!(listener.stats().refused, [("broken", 1)].into());
    assert_eq!(Post::of(&signal("w", 1)).to(addr).await.0, 204);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_counted_once() {
    let listener = listener(patient()).await;
    let post = Post::of(&signal("w", 1));
    let half = [post.head().as_bytes(), &post.body[..9]].concat();
    let mut stream = begun(listener.local_addr(), &half).await;
    stream.shutdown().await.unwrap();
    closed(stream).await;
    assert_eq!(listener.stats().refused, [("broken", 1)].into());
}

#[tokio::test]
async fn dropping_it_ends_its_connections() {
    let listener = listener(patient()).await;
    let addr = listener.local_addr();
    let idle = begun(addr, b"POST").await;
    // Connections are accepted in order: once this is answered, `idle` is served.
    assert_eq!(Post::of(&signal("w", 1)).to(addr).await.0, 204);
    drop(listener);
    closed(idle).await;
    assert!(TcpStream::connect(addr).await.is_err());
}

#[tokio::test]
async fn shutting_down_finishes_the_answers_under_way() {
    let listener = listener(patient()).await;
    let addr = listener.local_addr();
    let known = Post::of(&signal("w", 1));
    let (head, tail) = known.body.split_at(9);
    let mut open = begun(addr, &[known.head().as_bytes(), head].concat()).await;
    assert_eq!(known.to(addr).await.0, 204);

    let rest = async {
        open.write_all(tail).await.unwrap();
        answer(open).await.0
    };
    let ((), status) = soon(async { tokio::join!(listener.shutdown(), rest) }).await;
    assert_eq!(status, 204);
    assert!(TcpStream::connect(addr).await.is_err());
}
