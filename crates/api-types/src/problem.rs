//! The answer to a failed call: a problem document (RFC 9457).

use serde::{Deserialize, Serialize};

use crate::error_code::ErrorCode;

/// The content type of a problem document.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// A failed call (RFC 9457).
// Read leniently: of an answer only the code must be there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument {
    /// A URI that identifies and explains the error.
    #[serde(rename = "type", default)]
    #[schema(format = "uri", required = true)]
    pub type_uri: String,
    /// What happened, in the same words for every error with this code.
    #[serde(default)]
    #[schema(required = true)]
    pub title: String,
    /// The HTTP status.
    #[serde(default)]
    #[schema(required = true)]
    pub status: u16,
    /// What happened this time, for people.
    #[serde(default)]
    #[schema(required = true)]
    pub detail: String,
    /// The error code, for programs. Its meaning never changes.
    // A text: a monitor may have codes that an older client does not know.
    #[schema(value_type = ErrorCode)]
    pub code: String,
    /// The field or parameter that is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub field: Option<String>,
}

impl ProblemDocument {
    /// The document of this failure: what happened this time, and the field that is wrong.
    #[must_use]
    pub fn new(code: ErrorCode, detail: String, field: Option<String>) -> Self {
        Self {
            type_uri: code.type_uri(),
            title: code.title().to_owned(),
            status: code.status().as_u16(),
            detail,
            code: code.as_str().to_owned(),
            field,
        }
    }
}
