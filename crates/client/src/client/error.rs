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

use sagebell_api_types::{ErrorCode, ProblemDocument};
use sagebell_monitor::causes::causes;
use url::Url;

#[cfg(feature = "aws")]
use crate::signature::SignError;

/// The codes with which the API refuses a call for good: it would refuse the same call again
/// (`docs/errors.md`).
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

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No answer.
    #[error(
        "no answer from {url}: {source}\n  is the monitor running there? `sagebell local` starts one; use --api or SAGEBELL_API for another one"
    )]
    Unreachable {
        /// The URL.
        url: Url,
        /// What happened.
        source: reqwest::Error,
    },
    /// The monitor refused the call.
    #[error("the monitor answered {code}{}: {detail}", field.as_ref().map(|f| format!(" ({f})")).unwrap_or_default())]
    Problem {
        /// The stable code of the problem.
        code: String,
        /// The wrong field.
        field: Option<String>,
        /// What happened and what to do.
        detail: String,
        /// When to try again, if the monitor says so.
        retry_after: Option<Duration>,
    },
    /// Something else than the API answered: Lambda, a gateway, or a proxy.
    #[error("{url} answered HTTP {status}, which is not an answer of Sagebell's API: {said}")]
    Foreign {
        /// The URL.
        url: Box<Url>,
        /// The HTTP status.
        status: u16,
        /// The beginning of the answer.
        said: String,
        /// When to try again, if the answer says so.
        retry_after: Option<Duration>,
    },
    /// The gateway itself answered on a connection.
    #[error("the gateway answered on the connection, and not Sagebell's API: {said}")]
    Gateway {
        /// The beginning of the answer.
        said: String,
    },
    /// The connection ended before the answer.
    #[error("the connection to the monitor was lost before it answered")]
    ConnectionLost,
    /// The call could not be signed. A deployed monitor needs signed calls.
    #[cfg(feature = "aws")]
    #[error(transparent)]
    Sign(#[from] SignError),
}

impl ClientError {
    /// What the API answered.
    pub(crate) fn of(problem: ProblemDocument, retry_after: Option<Duration>) -> Self {
        let detail = if problem.detail.is_empty() { problem.title } else { problem.detail };
        Self::Problem { code: problem.code, field: problem.field, detail, retry_after }
    }

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

    /// Whether the call must be made on another connection.
    #[must_use]
    pub(crate) fn needs_another_connection(&self) -> bool {
        let Self::Problem { code, .. } = self else { return matches!(self, Self::ConnectionLost) };
        let code = ErrorCode::from_wire(code);
        matches!(code, Some(ErrorCode::ConnectionNotOpen | ErrorCode::ConnectionFull))
    }

    /// Whether the same call may succeed in a moment. Not if nothing listens there: then there is
    /// probably no monitor.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        let nobody = matches!(self, Self::Unreachable { source, .. } if source.is_connect() && !broke(source));
        self.is_outage() && !nobody
    }

    /// When to try again, by the `Retry-After` of the answer.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Problem { retry_after, .. } | Self::Foreign { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// Whether an established connection broke. The HTTP client treats a connection that breaks before
/// its first request as not established.
fn broke(error: &reqwest::Error) -> bool {
    let mut kinds =
        causes(error).filter_map(|error| error.downcast_ref::<io::Error>()).map(io::Error::kind);
    kinds.any(|kind| matches!(kind, ConnectionReset | ConnectionAborted | BrokenPipe))
}
