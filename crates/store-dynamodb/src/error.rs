//! What DynamoDB's errors mean for the callers of a store.

use std::error::Error;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ConnectorError, ProvideErrorMetadata, SdkError};
use sagebell_monitor::causes::with_causes;
use sagebell_monitor::ports::{Cursor, StoreError};

/// The service's errors that may pass, beside those of HTTP status 500 and above
/// (DynamoDB Developer Guide, "Error handling with DynamoDB"): throttling, a clash
/// with another's transaction or another region's write, credentials about to be
/// renewed.
const PASSING: [&str; 9] = [
    "ExpiredTokenException",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "ReplicatedWriteConflictException",
    "RequestLimitExceeded",
    "Throttling",
    "ThrottlingException",
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// What to do about the errors that do not pass.
const ADVICE: [(&str, &str); 4] = [
    ("AccessDeniedException", "allow it in the role's policy, on the table and on its indexes"),
    (
        "ResourceNotFoundException",
        "is the stack deployed in this account and region, and is this the name of its table?",
    ),
    (
        "UnrecognizedClientException",
        "check the credentials, and that they are for this account and region",
    ),
    (
        "ValidationException",
        "did another version of Sagebell create the table? Deploy the same version everywhere",
    ),
];

/// A failed call, on its way to become a [`StoreError`].
#[derive(Debug)]
pub(crate) struct DynamoDbError(StoreError);

impl DynamoDbError {
    pub(crate) fn terminal(text: impl Into<String>) -> Self {
        Self(StoreError::Terminal(text.into()))
    }

    pub(crate) fn retryable(text: impl Into<String>) -> Self {
        Self(StoreError::Retryable(text.into()))
    }

    pub(crate) fn cursor(cursor: &Cursor) -> Self {
        Self(StoreError::BadCursor(cursor.0.clone()))
    }

    /// A request that failed, whatever the reason but a failed condition.
    pub(crate) fn sdk<E>(operation: &str, table: &str, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let what = |text: String| format!("{operation} on table {table}: {text}");
        match error {
            SdkError::ServiceError(failed) => {
                let status = failed.raw().status().as_u16();
                let metadata = failed.err().meta();
                service(metadata.code(), metadata.message(), status, what)
            }
            SdkError::ConstructionFailure(_) => Self::terminal(what(with_causes(error))),
            SdkError::DispatchFailure(failed)
                if failed.as_connector_error().is_some_and(was_not_sent) =>
            {
                Self::terminal(what(with_causes(error)))
            }
            _ => Self::retryable(what(with_causes(error))),
        }
    }
}

/// Whether a request never came as far as the network, where faults may pass: for
/// want of credentials, of a region, of a valid endpoint.
fn was_not_sent(error: &ConnectorError) -> bool {
    !error.is_io() && !error.is_timeout() && error.as_other().is_none()
}

fn service(
    code: Option<&str>,
    message: Option<&str>,
    status: u16,
    what: impl Fn(String) -> String,
) -> DynamoDbError {
    let name = code.map_or_else(|| format!("HTTP {status}"), str::to_owned);
    let text = what(format!("{name}: {}", message.unwrap_or("no message")));
    if status >= 500 || status == 429 || code.is_some_and(|code| PASSING.contains(&code)) {
        return DynamoDbError::retryable(text);
    }
    let advice = ADVICE.iter().find(|(known, _)| Some(*known) == code);
    DynamoDbError::terminal(advice.map_or(text.clone(), |(_, advice)| format!("{text} ({advice})")))
}

impl From<DynamoDbError> for StoreError {
    fn from(error: DynamoDbError) -> Self {
        error.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapped(code: Option<&str>, status: u16) -> StoreError {
        service(code, Some("its words"), status, |text| format!("PutItem: {text}")).into()
    }

    #[test]
    fn what_may_pass_is_retryable() {
        for code in PASSING {
            let error = mapped(Some(code), 400);
            assert!(matches!(error, StoreError::Retryable(_)), "{error:?}");
        }
        for (code, status) in [
            (Some("InternalServerError"), 500),
            (Some("ServiceUnavailable"), 503),
            (None, 502),
            (None, 429),
        ] {
            let error = mapped(code, status);
            assert!(matches!(error, StoreError::Retryable(_)), "{error:?}");
        }
    }

    #[test]
    fn what_stays_wrong_is_terminal_in_the_services_words() {
        for (code, part) in [
            (Some("AccessDeniedException"), "role's policy"),
            (Some("ResourceNotFoundException"), "deployed"),
            (Some("UnrecognizedClientException"), "credentials"),
            (Some("ValidationException"), "same version"),
            (Some("ItemCollectionSizeLimitExceededException"), "its words"),
            (None, "HTTP 400"),
        ] {
            let StoreError::Terminal(text) = mapped(code, 400) else {
                panic!("{code:?}");
            };
            assert!(text.contains(part) && text.contains("its words"), "{text}");
        }
    }
}
