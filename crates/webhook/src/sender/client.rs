//! The HTTP client: its timeouts, its targets, and how much of an answer it reads.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, ClientBuilder, Response};

use super::resolver::VettingResolver;

/// How much of an answer is read, in bytes; a longer one costs its connection.
const MAX_ANSWER: usize = 4 * 1024;

/// How long an attempt may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Resolving the name and connecting.
    pub connect: Duration,
    /// The whole attempt, with its instant retry.
    pub total: Duration,
    /// How long an unused connection is kept. Short, as a frozen Lambda
    /// function wakes up with dead ones.
    pub pool_idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(1),
            total: Duration::from_secs(5),
            pool_idle: Duration::from_secs(2),
        }
    }
}

/// The sender could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client could not be set up: {0}")]
pub struct SetUpError(#[from] reqwest::Error);

/// A client that goes only where `resolver` lets it.
pub(super) fn client(
    resolver: &Arc<VettingResolver>,
    timeouts: Timeouts,
    max_idle: usize,
) -> Result<Client, reqwest::Error> {
    builder(resolver, timeouts).pool_max_idle_per_host(max_idle).build()
}

/// The same for `http` alone: it trusts no root certificates, and reads none.
pub(super) fn plain_client(
    resolver: &Arc<VettingResolver>,
    timeouts: Timeouts,
) -> Result<Client, reqwest::Error> {
    builder(resolver, timeouts).tls_certs_only([]).build()
}

fn builder(resolver: &Arc<VettingResolver>, timeouts: Timeouts) -> ClientBuilder {
    Client::builder()
        .user_agent(concat!("sagebell/", env!("CARGO_PKG_VERSION")))
        .dns_resolver(Arc::clone(resolver))
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .http1_only()
        .connect_timeout(timeouts.connect)
        .pool_idle_timeout(timeouts.pool_idle)
}

/// The beginning of an answer, as far as an answer is read.
pub(super) async fn beginning(mut response: Response) -> Vec<u8> {
    let mut read = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await
        && read.len() + chunk.len() <= MAX_ANSWER
    {
        read.extend_from_slice(&chunk);
    }
    read
}

/// Reads a short answer to its end, so that its connection can be used again.
pub(super) async fn drain(mut response: Response) {
    let mut read = 0;
    while read <= MAX_ANSWER {
        match response.chunk().await {
            Ok(Some(chunk)) => read += chunk.len(),
            Ok(None) | Err(_) => return,
        }
    }
}
