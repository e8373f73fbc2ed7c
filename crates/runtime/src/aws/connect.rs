//! Opens connections: TCP, through a proxy if the environment has one for the server, and TLS.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower::Service;

use super::failure::late;
use super::roots::Trust;

type Error = Box<dyn std::error::Error + Send + Sync>;
type Connection = MaybeHttpsStream<TokioIo<TcpStream>>;

/// Opens connections within a limit.
#[derive(Debug, Clone)]
pub(super) struct Connect {
    tcp: HttpConnector,
    trust: Arc<Trust>,
    proxies: Arc<Matcher>,
    limit: Option<Duration>,
}

impl Connect {
    pub(super) fn new(trust: Arc<Trust>, proxies: Arc<Matcher>, limit: Option<Duration>) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        Self { tcp, trust, proxies, limit }
    }

    async fn open(mut self, to: Uri) -> Result<Connection, Error> {
        // What is not encrypted stays on the machine, as in tests: no proxy is asked.
        if to.scheme() != Some(&Scheme::HTTPS) {
            return Ok(MaybeHttpsStream::Http(self.tcp.call(to).await?));
        }
        let tls = self.trust.of(to.host().unwrap_or_default()).await?;
        let Some(proxy) = self.proxies.intercept(&to) else {
            return HttpsConnector::from((self.tcp, tls)).call(to).await;
        };
        let mut tunnel = Tunnel::new(proxy.uri().clone(), self.tcp);
        if let Some(login) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(login.clone());
        }
        HttpsConnector::from((tunnel, tls)).call(to).await
    }
}

impl Service<Uri> for Connect {
    type Response = Connection;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Connection, Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        // As `HttpConnector`, which always is.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let (opened, limit) = (self.clone().open(to), self.limit);
        Box::pin(async move {
            match limit {
                Some(limit) => {
                    timeout(limit, opened).await.map_err(|_| late("connection", limit))?
                }
                None => opened.await,
            }
        })
    }
}
