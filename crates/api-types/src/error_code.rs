//! The codes that distinguish the errors of the API.
//!
//! Promise: the meaning of a code never changes. Each code has a line in `docs/errors.md`, and
//! its `type` URI links to that line. `error_help.rs` has the texts.

use http::StatusCode;
use serde::Serialize;

/// Where the codes are explained.
const DOCS: &str = "https://github.com/sagebell/sagebell/blob/main/docs/errors.md";

/// What went wrong, in alphabetical order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The body is larger than the API accepts.
    BodyTooLarge,
    /// The host of the API did not say who is calling.
    CallerUnknown,
    /// So many waits are registered on the connection already.
    ConnectionFull,
    /// The connection is closed, unknown, or another principal's.
    ConnectionNotOpen,
    /// A fault of the service.
    Internal,
    /// The body is not a JSON object.
    InvalidBody,
    /// One field or parameter is not what it must be.
    InvalidField,
    /// Neither Sagebell nor SageMaker knows the job.
    JobNotFound,
    /// The job's account or region is not this monitor's.
    JobOutOfScope,
    /// The route does not allow this method.
    MethodNotAllowed,
    /// There is no such route.
    NotFound,
    /// Only the job's owner may do that.
    NotOwner,
    /// SageMaker has no such operation for this kind of job.
    OperationUnsupported,
    /// Others still wait for the job that is to be stopped.
    OthersWaiting,
    /// The caller may read, and do nothing else.
    ReadOnly,
    /// SageMaker refused the call.
    SagemakerRefused,
    /// SageMaker throttles, or the call budget is spent.
    SagemakerThrottled,
    /// This monitor runs without SageMaker.
    SagemakerUnavailable,
    /// The caller registered more than its share of new waits.
    TooManyWaits,
    /// The store or the queue is busy.
    TryAgain,
    /// There is no such wait on the job.
    WaitNotFound,
}

impl ErrorCode {
    /// Every code.
    pub const ALL: [Self; 21] = [
        Self::BodyTooLarge,
        Self::CallerUnknown,
        Self::ConnectionFull,
        Self::ConnectionNotOpen,
        Self::Internal,
        Self::InvalidBody,
        Self::InvalidField,
        Self::JobNotFound,
        Self::JobOutOfScope,
        Self::MethodNotAllowed,
        Self::NotFound,
        Self::NotOwner,
        Self::OperationUnsupported,
        Self::OthersWaiting,
        Self::ReadOnly,
        Self::SagemakerRefused,
        Self::SagemakerThrottled,
        Self::SagemakerUnavailable,
        Self::TooManyWaits,
        Self::TryAgain,
        Self::WaitNotFound,
    ];

    /// The word on the wire, `snake_case`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BodyTooLarge => "body_too_large",
            Self::CallerUnknown => "caller_unknown",
            Self::ConnectionFull => "connection_full",
            Self::ConnectionNotOpen => "connection_not_open",
            Self::Internal => "internal",
            Self::InvalidBody => "invalid_body",
            Self::InvalidField => "invalid_field",
            Self::JobNotFound => "job_not_found",
            Self::JobOutOfScope => "job_out_of_scope",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::NotFound => "not_found",
            Self::NotOwner => "not_owner",
            Self::OperationUnsupported => "operation_unsupported",
            Self::OthersWaiting => "others_waiting",
            Self::ReadOnly => "read_only",
            Self::SagemakerRefused => "sagemaker_refused",
            Self::SagemakerThrottled => "sagemaker_throttled",
            Self::SagemakerUnavailable => "sagemaker_unavailable",
            Self::TooManyWaits => "too_many_waits",
            Self::TryAgain => "try_again",
            Self::WaitNotFound => "wait_not_found",
        }
    }

    /// The code of this word; `None` for one that this version does not know.
    #[must_use]
    pub fn from_wire(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == word)
    }

    /// The HTTP status it is answered with.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::InvalidBody | Self::InvalidField => StatusCode::BAD_REQUEST,
            Self::CallerUnknown | Self::JobOutOfScope | Self::NotOwner | Self::ReadOnly => {
                StatusCode::FORBIDDEN
            }
            Self::ConnectionFull | Self::ConnectionNotOpen | Self::OthersWaiting => {
                StatusCode::CONFLICT
            }
            Self::JobNotFound | Self::NotFound | Self::WaitNotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::OperationUnsupported => StatusCode::UNPROCESSABLE_ENTITY,
            Self::SagemakerThrottled | Self::TooManyWaits => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::SagemakerUnavailable => StatusCode::NOT_IMPLEMENTED,
            Self::SagemakerRefused => StatusCode::BAD_GATEWAY,
            Self::TryAgain => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// What happened, in a few words that are the same every time (RFC 9457,
    /// `title`).
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::BodyTooLarge => "The body is too large",
            Self::CallerUnknown => "The caller is unknown",
            Self::ConnectionFull => "The connection has too many waits",
            Self::ConnectionNotOpen => "The connection is not open",
            Self::Internal => "Sagebell had an internal error",
            Self::InvalidBody => "The body is not a JSON object",
            Self::InvalidField => "A field is wrong",
            Self::JobNotFound => "There is no such job",
            Self::JobOutOfScope => "This monitor does not accept the job",
            Self::MethodNotAllowed => "The route does not allow this method",
            Self::NotFound => "There is no such route",
            Self::NotOwner => "Another principal owns the job",
            Self::OperationUnsupported => "SageMaker has no such operation",
            Self::OthersWaiting => "Others still wait for the job",
            Self::ReadOnly => "The caller may only read",
            Self::SagemakerRefused => "SageMaker refused",
            Self::SagemakerThrottled => "SageMaker is throttled",
            Self::SagemakerUnavailable => "This monitor runs without SageMaker",
            Self::TooManyWaits => "The caller registered too many waits",
            Self::TryAgain => "Busy, try again",
            Self::WaitNotFound => "There is no such wait",
        }
    }

    /// The number of seconds to wait before the same call, for errors that are temporary.
    #[must_use]
    pub const fn retry_after_seconds(self) -> Option<u16> {
        match self {
            Self::TryAgain => Some(1),
            // SageMaker's own buckets refill within seconds.
            Self::SagemakerThrottled => Some(10),
            _ => None,
        }
    }

    /// The URI that identifies and explains the error (RFC 9457, `type`).
    #[must_use]
    pub fn type_uri(self) -> String {
        format!("{DOCS}#{}", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_explained_in_sentences() {
        for code in ErrorCode::ALL {
            for text in [code.meaning(), code.remedy()] {
                assert!(text.ends_with('.') && !text.contains(['|', '\n']), "{code:?}: {text}");
            }
        }
    }

    #[test]
    fn codes_are_in_alphabetical_order_and_spelt_as_serialized() {
        assert!(ErrorCode::ALL.is_sorted_by_key(|code| code.as_str()));
        for code in ErrorCode::ALL {
            assert_eq!(serde_json::json!(code), code.as_str());
        }
    }
}
