//! The adapters on AWS.

use std::sync::Arc;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder, Connector};
use sagebell_connections::{FunctionUrl, WebSocketGateway};
use sagebell_messaging::{EventBus, SqsQueue};
use sagebell_monitor::ports::{Announcer, Clock, Gateway, Intake, Queue};
use sagebell_store_dynamodb::DynamoStore;

use crate::adapters::{LoggingAnnouncer, UnknownReachability};
use crate::config::AwsNames;
use crate::wiring::Adapters;

/// Region, credentials and endpoints from the environment, as every AWS tool reads them. Makes no
/// call yet.
///
/// All clients share one HTTP client. By default each would create its own, and read the machine's
/// root certificates into it.
pub(crate) async fn sdk_config() -> SdkConfig {
    let http = Builder::new().build_with_connector_fn(|settings, components| {
        let mut connector = Connector::builder()
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .proxy_config(ProxyConfig::from_env());
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        connector.build()
    });
    aws_config::defaults(BehaviorVersion::latest()).http_client(http).load().await
}

/// The adapters. Everything that a function does begins with the table: the connection
/// to it is open when they are there, if it can be.
pub(crate) async fn adapters(sdk: &SdkConfig, names: AwsNames, clock: &Arc<dyn Clock>) -> Adapters {
    let store = DynamoStore::new(sdk, names.table, Arc::clone(clock));
    store.connect().await;
    let bus = names.bus.map(|name| Arc::new(EventBus::new(sdk, name)));
    let announcer = bus.clone().map(|bus| bus as Arc<dyn Announcer>);
    let queue =
        |url: Option<String>| url.map(|url| Arc::new(SqsQueue::new(sdk, url)) as Arc<dyn Queue>);
    let gateway = names.connections.map(|url| WebSocketGateway::new(sdk, &url));
    let api = names.api.map(|url| FunctionUrl::new(sdk, &url, Arc::clone(clock)));
    Adapters {
        store: Arc::new(store),
        queue: queue(names.queue),
        intake: bus.map(|bus| bus as Arc<dyn Intake>),
        announcer: announcer.unwrap_or_else(|| Arc::new(LoggingAnnouncer)),
        gateway: gateway.map(|gateway| Arc::new(gateway) as Arc<dyn Gateway>),
        other_queue: queue(names.other_queue),
        reachability: match api {
            Some(api) => Arc::new(api),
            None => Arc::new(UnknownReachability),
        },
    }
}
