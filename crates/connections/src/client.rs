//! The client of a WebSocket API's connections, with time limits.

use std::time::Duration;

use aws_sdk_apigatewaymanagement::Client;
use aws_sdk_apigatewaymanagement::config::Builder;
use aws_sdk_apigatewaymanagement::config::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;

/// API Gateway answers within tens of milliseconds.
const CONNECT: Duration = Duration::from_secs(1);
const ATTEMPT: Duration = Duration::from_secs(2);
/// One call with all its attempts and the pauses between them.
const OPERATION: Duration = Duration::from_secs(5);
/// The number of attempts of one call, including the first.
const ATTEMPTS: u32 = 3;
/// The first pause between attempts. The SDK adds jitter.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// The limits of every call of this crate.
pub(crate) fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(OPERATION)
        .build()
}

/// Region and credentials are `config`'s. `url` is that of one stage of one API, whatever endpoint
/// the configuration names. Sends nothing yet.
pub(crate) fn client(config: &SdkConfig, url: &str) -> Client {
    let retries =
        RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(FIRST_PAUSE);
    let config =
        Builder::from(config).endpoint_url(url).timeout_config(timeouts()).retry_config(retries);
    Client::from_conf(config.build())
}
