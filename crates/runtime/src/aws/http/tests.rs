//! The client against servers of one connection after the other, on loopback.

use aws_smithy_types::retry::ErrorKind;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::aws::tests::Set;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
const NO_LIMITS: Limits = Limits { connect: None, read: None };

fn pool(proxies: Matcher, limits: Limits) -> Pool {
    let http = Http::new(&Set::from(&[][..]), "eu-west-1").unwrap();
    Http { proxies: Arc::new(proxies), ..http }.pool(limits)
}

fn direct(limits: Limits) -> Pool {
    pool(Matcher::builder().build(), limits)
}

async fn server() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    (listener, url)
}

fn request(url: &str) -> HttpRequest {
    let request = http::Request::post(url).body(SdkBody::from("hello")).unwrap();
    request.try_into().unwrap()
}

async fn answered(pool: &Pool, request: HttpRequest) -> Vec<u8> {
    let answer = pool.call(request).await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    let body = http_body_util::BodyExt::collect(answer.into_body()).await.unwrap();
    body.to_bytes().to_vec()
}

/// What comes up to the end of a head, or of [`request`]'s body.
async fn read_until(connection: &mut TcpStream, end: &str) -> String {
    let mut read = String::new();
    while !read.ends_with(end) {
        read.push(char::from(connection.read_u8().await.unwrap()));
    }
    read
}

/// Answers so many requests on one connection.
async fn answer(listener: &TcpListener, requests: usize) -> TcpStream {
    let (mut connection, _) = listener.accept().await.unwrap();
    for _ in 0..requests {
        read_until(&mut connection, "hello").await;
        connection.write_all(ANSWER).await.unwrap();
    }
    connection
}

#[tokio::test]
async fn a_connection_serves_one_call_after_the_other() {
    let (listener, url) = server().await;
    let served = tokio::spawn(async move { answer(&listener, 2).await });
    let pool = direct(NO_LIMITS);
    assert_eq!(answered(&pool, request(&url)).await, b"{}");
    assert_eq!(answered(&pool, request(&url)).await, b"{}");
    served.await.unwrap();
}

#[tokio::test]
async fn a_connection_that_the_sdk_gave_up_is_not_used_again() {
    let (listener, url) = server().await;
    let served = tokio::spawn(async move {
        let first = answer(&listener, 1).await;
        (first, answer(&listener, 1).await)
    });
    let pool = direct(NO_LIMITS);
    let wish = CaptureSmithyConnection::new();
    let mut first = request(&url);
    first.add_extension(wish.clone());
    answered(&pool, first).await;
    let known = wish.get().unwrap();
    assert_eq!(known.remote_addr().map(|at| format!("http://{at}/")), Some(url.clone()));
    known.poison();
    answered(&pool, request(&url)).await;
    served.await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_not_there_or_hangs_up_is_worth_another_try() {
    let (listener, url) = server().await;
    drop(listener);
    let pool = direct(NO_LIMITS);
    let refused = pool.call(request(&url)).await.unwrap_err();
    assert!(refused.is_io(), "{refused:?}");

    let (listener, url) = server().await;
    tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        read_until(&mut connection, "hello").await;
        connection.write_all(b"HTTP/1.1 200").await.unwrap();
    });
    let cut = pool.call(request(&url)).await.unwrap_err();
    assert!(cut.is_io() || cut.as_other() == Some(ErrorKind::TransientError), "{cut:?}");
}

/// Time goes on by itself, to the limit.
#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_is_given_up_in_time() {
    let (listener, url) = server().await;
    let limit = Some(Duration::from_secs(2));
    let silent =
        tokio::spawn(async move { (answer(&listener, 0).await, answer(&listener, 0).await) });
    let read = direct(Limits { connect: None, read: limit }).call(request(&url)).await;
    assert!(read.as_ref().is_err_and(ConnectorError::is_timeout), "{read:?}");

    // The TCP connection to a proxy opens, and it lets nothing through.
    let proxies = Matcher::builder().https(url).build();
    let to = request("https://sqs.eu-west-1.amazonaws.com/");
    let connect = pool(proxies, Limits { connect: limit, read: None }).call(to).await;
    assert!(connect.as_ref().is_err_and(ConnectorError::is_timeout), "{connect:?}");
    silent.abort();
}

#[tokio::test]
async fn a_proxy_is_asked_for_a_tunnel_to_aws() {
    let (listener, url) = server().await;
    let proxied = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let asked = read_until(&mut connection, "\r\n\r\n").await;
        connection.write_all(b"HTTP/1.1 403 Forbidden\r\n\r\n").await.unwrap();
        asked
    });
    let proxies = Matcher::builder().https(url.replace("//", "//user:word@")).build();
    let to = request("https://sqs.eu-west-1.amazonaws.com/");
    let error = pool(proxies, NO_LIMITS).call(to).await.unwrap_err();
    assert!(error.is_io(), "{error:?}");
    let asked = proxied.await.unwrap().to_lowercase();
    assert!(asked.starts_with("connect sqs.eu-west-1.amazonaws.com:443 http/1.1\r\n"), "{asked}");
    assert!(asked.contains("\r\nproxy-authorization: basic "), "{asked}");
}
