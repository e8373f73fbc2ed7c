//! The DynamoDB client, with time limits.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;

/// DynamoDB answers in milliseconds; what takes longer is lost and worth another try.
pub(crate) const CONNECT: Duration = Duration::from_secs(1);
const ATTEMPT: Duration = Duration::from_secs(2);
/// One request with all its attempts and the pauses between them.
const OPERATION: Duration = Duration::from_secs(8);

const ATTEMPTS: u32 = 3;
/// The first pause between attempts, and the longest; the SDK adds jitter.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Region, credentials and endpoint are `config`'s; nothing is sent yet.
pub(crate) fn client(config: &SdkConfig) -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(OPERATION)
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(ATTEMPTS)
        .with_initial_backoff(FIRST_PAUSE)
        .with_max_backoff(LONGEST_PAUSE);
    let config = Builder::from(config).timeout_config(timeouts).retry_config(retries);
    Client::from_conf(config.build())
}
