//! The ways in which a call can fail.

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sagemaker::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_sagemaker::operation::RequestId as _;
use aws_sdk_sagemaker::operation::delete_tags::DeleteTagsError;

use crate::classify::classify;
use sagebell_monitor::call_budget::Spent;
use sagebell_monitor::causes::{find_cause, with_causes};

/// The class of a failed call: what it means for its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// The resource already exists.
    AlreadyExists,
    /// The resource is in a state that does not allow the call now.
    Conflict,
    /// The credentials are missing or wrong, or lack the permission.
    Denied,
    /// The request is wrong. The message says what.
    Invalid,
    /// A quota of the account is used up.
    LimitExceeded,
    /// The resource does not exist.
    NotFound,
    /// Everything else.
    Other,
    /// The credentials have expired, or could not be read just now. With new ones the same call may
    /// be allowed.
    Stale,
    /// SageMaker throttles, or the monitor's own budget is used up. Try again later.
    Throttled,
    /// SageMaker is out of reach, fails or is too slow. A write may or may not have happened.
    Unavailable,
}

/// A failed call: its class, and the error of the service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation}: {message}{}", self.origin())]
pub struct CallError {
    /// What it means for the caller.
    pub class: Class,
    /// The operation, e.g. `DescribeTrainingJob`.
    pub operation: String,
    /// The service's error code, e.g. `ValidationException`.
    pub code: Option<String>,
    /// The message of the service, or else what happened on the way.
    pub message: String,
    /// The request id, for AWS's support.
    pub request_id: Option<String>,
}

impl CallError {
    pub(crate) fn new(class: Class, operation: &str, message: impl Into<String>) -> Self {
        let (operation, message) = (operation.to_owned(), message.into());
        Self { class, operation, code: None, message, request_id: None }
    }

    pub(crate) fn spent(operation: &str, spent: Spent) -> Self {
        Self::new(Class::Throttled, operation, spent.to_string())
    }

    pub(crate) fn of_sdk(operation: &str, error: &SdkError<DeleteTagsError>) -> Self {
        let status = error.raw_response().map(|response| response.status().as_u16());
        let Some(said) = error.as_service_error() else {
            // The SDK's own text stops at "dispatch failure".
            return Self::new(without_word(error, status), operation, with_causes(error));
        };
        let code = said.code().map(str::to_owned);
        let message = said.message().unwrap_or("the service gave no reason").to_owned();
        let class = classify(operation, code.as_deref(), &message, status);
        let request_id = said.request_id().map(str::to_owned);
        Self { class, operation: operation.to_owned(), code, message, request_id }
    }

    /// The IAM action that allows the operation.
    #[must_use]
    pub fn iam_action(&self) -> String {
        format!("sagemaker:{}", self.operation)
    }

    fn origin(&self) -> String {
        match (&self.code, &self.request_id) {
            (Some(code), Some(id)) => format!(" ({code}, request {id})"),
            (Some(code), None) => format!(" ({code})"),
            (None, Some(id)) => format!(" (request {id})"),
            (None, None) => String::new(),
        }
    }
}

/// Failures in which the service did not speak: what the response's status
/// says, else how far the call got.
fn without_word(error: &SdkError<DeleteTagsError>, status: Option<u16>) -> Class {
    // What the credentials' provider said, if that is why there was no call.
    if let Some(error) = find_cause(error) {
        return match error {
            CredentialsError::CredentialsNotLoaded(_)
            | CredentialsError::InvalidConfiguration(_) => Class::Denied,
            _ => Class::Stale,
        };
    }
    match (status, error) {
        (Some(429), _) => Class::Throttled,
        (Some(401 | 403), _) => Class::Denied,
        (Some(400..500), _) | (None, SdkError::ConstructionFailure(_)) => Class::Other,
        _ => Class::Unavailable,
    }
}
