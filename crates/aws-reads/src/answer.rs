//! Reads the answers of AWS services: XML of the query protocol, and errors of both protocols.

use reqwest::StatusCode;
use roxmltree::Node;
use serde::Deserialize;

use crate::call::unintelligible;
use crate::error::{AskError, refusal};

/// An XML answer, read by the names of its elements whatever their namespace.
pub(crate) struct Document {
    action: &'static str,
    text: String,
}

impl Document {
    pub(crate) fn new(action: &'static str, text: String) -> Self {
        Self { action, text }
    }

    /// Reads the answer.
    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(Node<'_, '_>) -> Option<T>,
    ) -> Result<T, AskError> {
        let document = roxmltree::Document::parse(&self.text)
            .map_err(|error| unintelligible(self.action, error))?;
        read(document.root())
            .ok_or_else(|| unintelligible(self.action, "the answer lacks an expected field"))
    }
}

/// The first element of this name below `node`.
pub(crate) fn find<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.descendants().find(|one| one.tag_name().name() == name)
}

/// The text of the first element of this name below `node`.
pub(crate) fn text(node: Node<'_, '_>, name: &str) -> Option<String> {
    find(node, name)?.text().map(str::to_owned)
}

/// The members of the first list of this name below `node`.
pub(crate) fn members<'a, 'input: 'a>(
    node: Node<'a, 'input>,
    list: &str,
) -> impl Iterator<Item = Node<'a, 'input>> + use<'a, 'input> {
    let members = find(node, list).map(|list| list.children().filter(Node::is_element));
    members.into_iter().flatten()
}

pub(crate) fn xml_refusal(action: &'static str, status: StatusCode, body: &str) -> AskError {
    let document = roxmltree::Document::parse(body).ok();
    let error = document.as_ref().and_then(|document| find(document.root(), "Error"));
    let read = |name| error.and_then(|error| text(error, name));
    match read("Code") {
        Some(code) => refusal(action, code, read("Message").unwrap_or_default()),
        None => strange(action, status, body),
    }
}

#[derive(Deserialize)]
struct JsonError {
    #[serde(rename = "__type")]
    kind: String,
    // One of the two, or both in the same words.
    message: Option<String>,
    #[serde(rename = "Message")]
    capital: Option<String>,
}

pub(crate) fn json_refusal(action: &'static str, status: StatusCode, body: &str) -> AskError {
    match serde_json::from_str::<JsonError>(body) {
        Ok(error) => {
            let code = error.kind.rsplit('#').next().unwrap_or_default().to_owned();
            refusal(action, code, error.message.or(error.capital).unwrap_or_default())
        }
        Err(_) => strange(action, status, body),
    }
}

/// Some proxy's answer, most likely.
fn strange(action: &'static str, status: StatusCode, body: &str) -> AskError {
    let message = body.chars().take(200).collect();
    AskError::Refused { action, code: format!("HTTP {status}"), message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_by_its_code_in_either_protocol() {
        let xml = |code: &str, message: &str| {
            let body = format!(
                r#"<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error>
                   <Type>Sender</Type><Code>{code}</Code><Message>{message}</Message>
                   </Error></ErrorResponse>"#
            );
            xml_refusal("iam:GetRole", StatusCode::FORBIDDEN, &body)
        };
        assert_eq!(xml("AccessDenied", "no").denied(), Some("iam:GetRole"));
        assert!(matches!(xml("InvalidClientTokenId", "who"), AskError::BadCredentials(_)));
        assert!(matches!(xml("NoSuchEntity", "where"), AskError::NotFound(_)));
        let no_stack = xml("ValidationError", "Stack with id x does not exist");
        assert!(matches!(no_stack, AskError::NotFound(_)));
        assert!(matches!(xml("ValidationError", "bad"), AskError::Refused { .. }));

        let json = |body: &str| json_refusal("sqs:GetQueueUrl", StatusCode::BAD_REQUEST, body);
        let gone = r#"{"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "gone"}"#;
        assert!(matches!(json(gone), AskError::NotFound(_)));
        let twice = r#"{"__type": "QueueDoesNotExist", "message": "gone", "Message": "gone"}"#;
        assert!(matches!(json(twice), AskError::NotFound(_)));
        let denied = r#"{"__type": "AccessDeniedException", "Message": "no"}"#;
        assert_eq!(json(denied).to_string(), "sqs:GetQueueUrl is denied: no");
        assert!(matches!(json("<html>"), AskError::Refused { .. }));
    }

    #[test]
    fn lists_are_read_by_name() {
        let text_of = r#"<R xmlns="urn:x"><Outputs><member><OutputKey>A</OutputKey></member>
            <member><OutputKey>B</OutputKey></member></Outputs></R>"#;
        let answer = Document::new("x:Y", text_of.to_owned());
        let keys: Vec<_> = answer
            .read(|root| members(root, "Outputs").map(|one| text(one, "OutputKey")).collect())
            .unwrap();
        assert_eq!(keys, ["A", "B"]);
        assert!(answer.read(|root| text(root, "NextToken")).is_err());
        assert!(Document::new("x:Y", "no XML".to_owned()).read(|_| Some(())).is_err());
    }
}
