//! Why a read failed.

/// Why a read failed. `action` is the IAM action that the call needs.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// There are no credentials where AWS tools look for them.
    #[error("there are no AWS credentials: {0}")]
    NoCredentials(String),
    /// AWS does not know the credentials, or they have expired.
    #[error("AWS does not accept the credentials: {0}")]
    BadCredentials(String),
    /// The caller has no permission for this call.
    #[error("{action} is denied: {message}")]
    Denied {
        /// The action.
        action: &'static str,
        /// AWS's message.
        message: String,
    },
    /// It does not exist.
    #[error("{0}")]
    NotFound(String),
    /// No answer.
    #[error("no answer from {host}: {reason}")]
    Unreachable {
        /// The host that did not answer.
        host: String,
        /// What happened.
        reason: String,
    },
    /// AWS refused for another reason.
    #[error("{action} failed: {code}: {message}")]
    Refused {
        /// The action.
        action: &'static str,
        /// AWS's code.
        code: String,
        /// AWS's message.
        message: String,
    },
    /// An answer that is not what AWS documents, or a call that cannot be built.
    #[error("{action}: {what}")]
    Unintelligible {
        /// The action.
        action: &'static str,
        /// What is wrong.
        what: String,
    },
}

impl AskError {
    /// The action that the caller lacks, if this is the reason.
    #[must_use]
    pub fn denied(&self) -> Option<&'static str> {
        match self {
            Self::Denied { action, .. } => Some(action),
            _ => None,
        }
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Refused { .. })
    }
}

/// Codes with which AWS says that it does not accept the credentials (IAM user guide, "Common
/// errors"; each protocol has its own spelling).
const BAD_CREDENTIALS: [&str; 9] = [
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "InvalidToken",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

/// Codes with which AWS refuses known callers.
const DENIED: [&str; 4] =
    ["AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation"];

/// Codes with which AWS says that something does not exist.
const NOT_FOUND: [&str; 7] = [
    "AWS.SimpleQueueService.NonExistentQueue",
    "NoSuchEntity",
    "ParameterNotFound",
    "QueueDoesNotExist",
    "ResourceNotFoundException",
    "StackNotFoundException",
    "TableNotFoundException",
];

/// What an answer's code and message mean.
pub(crate) fn refusal(action: &'static str, code: String, message: String) -> AskError {
    let is = |codes: &[&str]| codes.contains(&code.as_str());
    // CloudFormation has no code of its own for this.
    let no_stack = code == "ValidationError" && message.ends_with("does not exist");
    if is(&BAD_CREDENTIALS) {
        AskError::BadCredentials(message)
    } else if is(&DENIED) {
        AskError::Denied { action, message }
    } else if is(&NOT_FOUND) || no_stack {
        AskError::NotFound(message)
    } else {
        AskError::Refused { action, code, message }
    }
}
