//! Why a read failed.

/// Why a question was not answered. `action` is the IAM action that the call needs.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// No credentials anywhere that AWS tools look.
    #[error("there are no AWS credentials: {0}")]
    NoCredentials(String),
    /// AWS does not know the credentials, or their time is over.
    #[error("AWS does not accept the credentials: {0}")]
    BadCredentials(String),
    /// The caller may not ask this.
    #[error("{action} is denied: {message}")]
    Denied {
        /// The action.
        action: &'static str,
        /// AWS's own words.
        message: String,
    },
    /// What was asked about is not there.
    #[error("{0}")]
    NotFound(String),
    /// No answer.
    #[error("no answer from {host}: {reason}")]
    Unreachable {
        /// Who did not answer.
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
        /// AWS's own words.
        message: String,
    },
    /// An answer that is not what AWS documents, or a call that can't be made.
    #[error("{action}: {what}")]
    Unintelligible {
        /// The action.
        action: &'static str,
        /// What is wrong.
        what: String,
    },
}

impl AskError {
    /// The action that the caller lacks, if that is what is wrong.
    #[must_use]
    pub fn denied(&self) -> Option<&'static str> {
        match self {
            Self::Denied { action, .. } => Some(action),
            _ => None,
        }
    }
}

/// Codes by which AWS says that it does not accept the credentials
/// (IAM user guide, "Common errors"; each protocol has its own spelling).
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

/// Codes by which AWS says no to known callers.
const DENIED: [&str; 4] =
    ["AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation"];

/// Codes by which AWS says that there is no such thing.
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
