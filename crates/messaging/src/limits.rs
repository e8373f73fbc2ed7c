//! Time limits of every call, and the whole chain of an error in one line.

use std::time::Duration;

use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::error::DisplayErrorContext;

/// The number of attempts of one call, including the first.
const ATTEMPTS: u32 = 3;

/// SQS and EventBridge answer within tens of milliseconds; a function has no
/// time to wait for one that does not.
pub(crate) fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_secs(3))
        .operation_timeout(Duration::from_secs(8))
        .build()
}

pub(crate) fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(ATTEMPTS)
}

/// The error and its causes, in the SDK's words.
pub(crate) fn story(error: impl std::error::Error) -> String {
    DisplayErrorContext(error).to_string()
}
