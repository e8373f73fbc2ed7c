//! The HTTP client that all clients of AWS share: HTTP/1.1, over TLS and the proxies of the
//! environment. It keeps the SDK's contract: time limits to connect and to read, errors by whether
//! another try may help, and no second call on a connection that the SDK has given up.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{CaptureConnection, HttpInfo, capture_connection};
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use sagebell_system::Env;
use tokio::time::timeout;

use super::connect::Connect;
use super::failure::{failure, late};
use super::roots::Trust;

/// The client. It has one pool of connections for each choice of time limits.
#[derive(Debug, Clone)]
pub(super) struct Http {
    trust: Arc<Trust>,
    proxies: Arc<Matcher>,
    pools: Arc<Mutex<Vec<(Limits, SharedHttpConnector)>>>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Limits {
    connect: Option<Duration>,
    read: Option<Duration>,
}

impl Http {
    /// For calls from `region`. Connects to nothing yet.
    ///
    /// # Errors
    /// What is wrong with the certificates to trust.
    pub(super) fn new(env: &impl Env, region: &str) -> Result<Self, String> {
        Ok(Self {
            trust: Arc::new(Trust::new(env, region)?),
            proxies: Arc::new(Matcher::from_env()),
            pools: Arc::default(),
        })
    }

    fn pool(&self, limits: Limits) -> Pool {
        let connect =
            Connect::new(Arc::clone(&self.trust), Arc::clone(&self.proxies), limits.connect);
        let client = Client::builder(TokioExecutor::new())
            // Connections end after a minute and a half without use only if there is a timer.
            .pool_timer(TokioTimer::new())
            .build(connect);
        Pool { client, read: limits.read }
    }
}

impl HttpClient for Http {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let limits = Limits { connect: settings.connect_timeout(), read: settings.read_timeout() };
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, pool)) = pools.iter().find(|(of, _)| *of == limits) {
            return pool.clone();
        }
        let pool = SharedHttpConnector::new(self.pool(limits));
        pools.push((limits, pool.clone()));
        pool
    }
}

#[derive(Debug)]
struct Pool {
    client: Client<Connect, SdkBody>,
    /// From the request to the head of the answer.
    read: Option<Duration>,
}

impl HttpConnector for Pool {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(error) => {
                return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into())));
            }
        };
        let connection = capture_connection(&mut request);
        if let Some(wish) = request.extensions().get::<CaptureSmithyConnection>() {
            wish.set_connection_retriever(move || metadata(&connection));
        }
        let (answer, read) = (self.client.request(request), self.read);
        HttpConnectorFuture::new(async move {
            let answer = match read {
                Some(limit) => timeout(limit, answer).await.map_err(|_| late("answer", limit))?,
                None => answer.await,
            };
            let answer = answer.map_err(failure)?.map(SdkBody::from_body_1_x);
            HttpResponse::try_from(answer)
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// What the SDK wants to know of the connection of a call, and how it gives it up.
fn metadata(connection: &CaptureConnection) -> Option<ConnectionMetadata> {
    let mut extras = http::Extensions::new();
    let proxied = {
        let connected = connection.connection_metadata();
        let connected = connected.as_ref()?;
        connected.get_extras(&mut extras);
        connected.is_proxied()
    };
    let ends = extras.get::<HttpInfo>();
    let connection = connection.clone();
    let mut known = ConnectionMetadata::builder().proxied(proxied).poison_fn(move || {
        if let Some(connected) = connection.connection_metadata().as_ref() {
            connected.poison();
        }
    });
    known
        .set_local_addr(ends.map(HttpInfo::local_addr))
        .set_remote_addr(ends.map(HttpInfo::remote_addr));
    Some(known.build())
}

#[cfg(test)]
mod tests;
