//! Errors in the form of AWS JSON 1.1.

/// An error that a call is answered with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub(crate) struct AwsError {
    /// HTTP status.
    pub(crate) status: u16,
    /// The error's type, e.g. `ValidationException`.
    pub(crate) code: String,
    /// For people.
    pub(crate) message: String,
}

impl AwsError {
    /// An error of the caller's.
    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        Self { status: 400, code: code.to_owned(), message: message.into() }
    }

    /// A request that is not right.
    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationException", message)
    }

    /// Required members that are missing, in AWS's words.
    pub(crate) fn missing(members: &[&str]) -> Self {
        let lines: Vec<_> = members
            .iter()
            .map(|member| {
                let member = lower_camel(member);
                format!(
                    "Value null at '{member}' failed to satisfy constraint: Member must not be null"
                )
            })
            .collect();
        let noun = if members.len() == 1 { "error" } else { "errors" };
        Self::validation(format!(
            "{} validation {noun} detected: {}",
            members.len(),
            lines.join("; ")
        ))
    }
}

fn lower_camel(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_members_are_told_as_aws_does() {
        assert_eq!(
            AwsError::missing(&["RoleArn"]).message,
            "1 validation error detected: Value null at 'roleArn' failed to satisfy constraint: \
             Member must not be null"
        );
        assert!(AwsError::missing(&["A", "B"]).message.starts_with("2 validation errors detected"));
    }
}
