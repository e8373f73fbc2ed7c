//! Why a call of the API failed, and what this means for the caller.
//!
//! Promise: a call is refused for good only if the API itself refuses it with one of a few codes.
//! Everything else is an outage, and a waiter continues after it. Lambda (429 when it throttles,
//! 502 and 504 when the function fails or is slow), gateways, load balancers and proxies stand
//! between a waiter and the API. Each of them also answers with its own 403 or its own HTML page.
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html>

use std::io::{
    self,
    ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset},
};
use std::time::Duration;

use sagebell_api_types::ErrorCode;
use sagebell_monitor::causes::causes;
use url::Url;

#[cfg(feature = "aws")]
use crate::signature::SignError;

/// The codes by which the API refuses a call for good: the same call would be refused
/// again (`docs/errors.md`).
pub const FINAL_CODES: [ErrorCode; 9] = [
    ErrorCode::BodyTooLarge,
    ErrorCode::InvalidBody,
    ErrorCode::InvalidField,
    ErrorCode::JobNotFound,
    ErrorCode::JobOutOfScope,
    ErrorCode::NotOwner,
    ErrorCode::OperationUnsupported,
    ErrorCode::ReadOnly,
    ErrorCode::WaitNotFound,
];

/// Why a call came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No answer.
    #[error(
        "no answer from {url}: {source}\n  is the monitor running there? `sagebell local` starts one; use --api or SAGEBELL_API for another one"
    )]
    Unreachable {
        /// Where.
        url: Url,
        /// What happened.
        source: reqwest::Error,
    },
    /// The monitor said no.
    #[error("the monitor answered {code}{}: {detail}", field.as_ref().map(|f| format!(" ({f})")).unwrap_or_default())]
    Problem {
        /// The problem's stable code.
        code: String,
        /// The field at fault.
        field: Option<String>,
        /// What happened and what to do.
        detail: String,
        /// When to come again, if the monitor says so.
        retry_after: Option<Duration>,
    },
    /// Something else than the API answered: Lambda, a gateway, a proxy.
    #[error("{url} answered HTTP {status}, which is not an answer of Sagebell's API: {said}")]
    Foreign {
        /// Where.
        url: Box<Url>,
        /// The HTTP status.
        status: u16,
        /// The beginning of what it said.
        said: String,
        /// When to come again, if it says so.
        retry_after: Option<Duration>,
    },
    /// A deployed monitor's call could not be signed.
    #[cfg(feature = "aws")]
    #[error(transparent)]
    Sign(#[from] SignError),
}

impl ClientError {
    /// Whether the API has refused the call for good.
    #[must_use]
    pub fn is_final(&self) -> bool {
        let Self::Problem { code, .. } = self else { return false };
        ErrorCode::from_wire(code).is_some_and(|code| FINAL_CODES.contains(&code))
    }

    /// Whether the call may succeed later: everything that is not final.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        !self.is_final()
    }

    /// Whether the same call may succeed in a moment. Not if nobody listens there: most
    /// likely there is no monitor.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        let nobody = matches!(self, Self::Unreachable { source, .. } if source.is_connect() && !broke(source));
        self.is_outage() && !nobody
    }

    /// When to come again, as the other side wishes (`Retry-After`).
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Problem { retry_after, .. } | Self::Foreign { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// Whether a connection that was made broke. One that breaks before its first
/// request counts as not made to the HTTP client.
fn broke(error: &reqwest::Error) -> bool {
    let mut kinds =
        causes(error).filter_map(|error| error.downcast_ref::<io::Error>()).map(io::Error::kind);
    kinds.any(|kind| matches!(kind, ConnectionReset | ConnectionAborted | BrokenPipe))
}
