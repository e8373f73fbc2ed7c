//! Failures on the wire: problem documents (RFC 9457).
//!
//! Promise: the answer contains what the caller can act on. What only the operator can act on
//! goes to the log, not into the answer.

use std::borrow::Cow;
use std::fmt::Display;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use sagebell_monitor::connections::OpenError;
use sagebell_monitor::job_queries::RefreshError;
use sagebell_monitor::job_queries::act::StopError;
use sagebell_monitor::ports::{SageMakerError, StoreError};
use sagebell_monitor::record::RecordError;
use sagebell_monitor::wait_registry::WaitError;

use sagebell_api_types::{ErrorCode, PROBLEM_JSON, ProblemDocument, field_name, query};

/// Longest echo of what a caller sent, in characters.
const ECHO_LEN: usize = 200;

/// A failure to be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    code: ErrorCode,
    detail: Cow<'static, str>,
    field: Option<Cow<'static, str>>,
    /// The number of seconds to wait before the same call.
    retry_after: Option<u64>,
}

impl Problem {
    pub(crate) fn new(code: ErrorCode, detail: impl Into<Cow<'static, str>>) -> Self {
        let retry_after = code.retry_after_seconds().map(u64::from);
        Self { code, detail: detail.into(), field: None, retry_after }
    }

    /// A field or parameter that is not what it must be.
    pub(crate) fn invalid_field(
        field: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            field: Some(clipped(field.into())),
            ..Self::new(ErrorCode::InvalidField, clipped(detail.into()))
        }
    }

    /// An internal error: only the log contains the reason.
    pub(crate) fn internal(why: impl Display) -> Self {
        tracing::error!(%why, "an API call failed because of an internal error");
        let detail =
            "the service has an error. The call is not the cause. See the log of the service";
        Self::new(ErrorCode::Internal, detail)
    }

    /// A temporary error: only the log contains the reason.
    fn try_again(why: impl Display) -> Self {
        tracing::warn!(%why, "an API call must be repeated");
        let detail = "the store or the queue is busy or out of reach; the same call may succeed \
                      in a moment";
        Self::new(ErrorCode::TryAgain, detail)
    }

    /// A call whose host did not say who is calling.
    pub(crate) fn caller_unknown() -> Self {
        let detail = "the call has no identity. Sign it (SigV4) as an IAM role or user";
        Self::new(ErrorCode::CallerUnknown, detail)
    }

    pub(crate) fn code(&self) -> ErrorCode {
        self.code
    }

    /// The document that says it.
    pub(crate) fn document(self) -> ProblemDocument {
        let field = self.field.map(Cow::into_owned);
        ProblemDocument::new(self.code, self.detail.into_owned(), field)
    }

    pub(crate) fn no_such_job() -> Self {
        Self::new(ErrorCode::JobNotFound, "Sagebell does not know this job")
    }
}

/// An answer does not grow with what was sent.
fn clipped(text: Cow<'static, str>) -> Cow<'static, str> {
    match text.char_indices().nth(ECHO_LEN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()).into(),
        None => text,
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, retry_after) = (self.code.status(), self.retry_after);
        let mut response = (status, axum::Json(self.document())).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Retryable(_) => Self::try_again(error),
            StoreError::BadCursor(_) => {
                Self::invalid_field(query::CURSOR, "not a cursor of this list")
            }
            StoreError::Terminal(_) => Self::internal(error),
        }
    }
}

impl From<OpenError> for Problem {
    fn from(error: OpenError) -> Self {
        match error {
            // A gateway gives every connection an id of its own.
            OpenError::Taken => Self::internal(error),
            OpenError::Store(error) => error.into(),
        }
    }
}

impl From<RecordError> for Problem {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Store(error) => error.into(),
            RecordError::Queue(_) | RecordError::Contended(_) => Self::try_again(error),
            RecordError::Refused(_) => Self::internal(error),
        }
    }
}

impl From<SageMakerError> for Problem {
    fn from(error: SageMakerError) -> Self {
        let code = match error {
            SageMakerError::NotFound => ErrorCode::JobNotFound,
            SageMakerError::Throttled(_) => ErrorCode::SagemakerThrottled,
            SageMakerError::Unsupported { .. } => ErrorCode::OperationUnsupported,
            SageMakerError::Unavailable => ErrorCode::SagemakerUnavailable,
            SageMakerError::Refused(_) => ErrorCode::SagemakerRefused,
        };
        Self::new(code, error.to_string())
    }
}

impl From<RefreshError> for Problem {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::NotOwner(_) => Self::new(ErrorCode::NotOwner, error.to_string()),
            RefreshError::SageMaker(error) => error.into(),
            RefreshError::Record(error) => error.into(),
            RefreshError::Store(error) => error.into(),
        }
    }
}

impl From<StopError> for Problem {
    fn from(error: StopError) -> Self {
        match error {
            StopError::NotOwner(_) => Self::new(ErrorCode::NotOwner, error.to_string()),
            StopError::OthersWait => Self::new(ErrorCode::OthersWaiting, error.to_string()),
            StopError::SageMaker(error) => error.into(),
            StopError::Store(error) => error.into(),
        }
    }
}

impl From<WaitError> for Problem {
    fn from(error: WaitError) -> Self {
        let detail = error.to_string();
        match error {
            WaitError::Invalid { field, problem } => {
                Self::invalid_field(field_name(field), problem)
            }
            WaitError::OutOfScope(_) => Self::new(ErrorCode::JobOutOfScope, detail),
            WaitError::NotFound => Self::new(ErrorCode::WaitNotFound, detail),
            WaitError::NotOwner(_) => Self::new(ErrorCode::NotOwner, detail),
            WaitError::OthersWait => Self::new(ErrorCode::OthersWaiting, detail),
            WaitError::TooMany(too_many) => {
                let retry_after = Some(too_many.retry_after.as_secs());
                Self { retry_after, ..Self::new(ErrorCode::TooManyWaits, detail) }
            }
            WaitError::ConnectionNotOpen => Self::new(ErrorCode::ConnectionNotOpen, detail),
            WaitError::ConnectionFull => Self::new(ErrorCode::ConnectionFull, detail),
            WaitError::NotStopped(error) => Self { detail: detail.into(), ..error.into() },
            WaitError::Record(error) => error.into(),
        }
    }
}
