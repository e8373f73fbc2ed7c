//! Why a request failed: a class for the retry, and a short text for people.

use std::error::Error as _;
use std::io;
use std::net::SocketAddr;

use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpInfo;
use sagebell_monitor::causes::{find_cause, root_cause};
use sagebell_monitor::ports::Failure;
use sagebell_monitor::wait::FailureClass;

use super::Timeouts;
use super::resolver::NameError;

/// Longest reason, in characters.
const MAX_LEN: usize = 200;

/// The reason in a few words, without URL, secret or body.
pub(super) fn of(error: &reqwest::Error, timeouts: Timeouts) -> Failure {
    let (class, text) = if let Some(error) = find_cause::<NameError>(error) {
        (error.class(), error.to_string())
    } else if error.is_connect() && error.is_timeout() {
        (FailureClass::NoConnection, format!("no connection within {:?}", timeouts.connect))
    } else if error.is_connect() {
        (FailureClass::NoConnection, format!("no connection: {}", root(error)))
    } else if is_broken(error) {
        (FailureClass::NoAnswer, "the connection broke before an answer".to_owned())
    } else {
        (FailureClass::NoAnswer, format!("no HTTP answer: {}", root(error)))
    };
    Failure::new(class, text.chars().take(MAX_LEN).collect::<String>())
}

/// Whether an established connection was closed before an answer came.
pub(super) fn is_broken(error: &reqwest::Error) -> bool {
    let closed = find_cause::<hyper::Error>(error)
        .is_some_and(|e| e.is_incomplete_message() || e.is_canceled() || e.is_closed());
    let cut = find_cause::<io::Error>(error).is_some_and(|e| {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
        matches!(e.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
    });
    (closed || cut) && !error.is_connect() && !error.is_timeout()
}

/// The two ends of the connection the error happened on, if there was one.
pub(super) fn connection_of(error: &reqwest::Error) -> Option<(SocketAddr, SocketAddr)> {
    let connected = find_cause::<legacy::Error>(error)?.connect_info()?;
    let mut extensions = http::Extensions::new();
    connected.get_extras(&mut extensions);
    let info = extensions.get::<HttpInfo>()?;
    Some((info.local_addr(), info.remote_addr()))
}

/// The last error of the chain: the others only say that there is one, and
/// reqwest's own names the URL.
fn root(error: &reqwest::Error) -> String {
    error.source().map_or_else(|| "unknown".to_owned(), root_cause)
}
