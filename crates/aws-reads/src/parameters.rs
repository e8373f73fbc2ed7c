//! Parameters of Systems Manager.
//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html>

use serde_json::{Value, json};

use crate::call::{Account, unintelligible};
use crate::endpoint::Service;
use crate::error::AskError;

/// The protocol's version and the prefix of its targets.
const PROTOCOL: (&str, &str) = ("1.1", "AmazonSSM");

impl Account {
    /// The value of a parameter that is not a secret.
    ///
    /// # Errors
    /// [`AskError::NotFound`] if there is no parameter with this name. Others as for every call.
    pub async fn parameter(&self, name: &str) -> Result<String, AskError> {
        let action = "ssm:GetParameter";
        let answer = self.json(Service::Ssm, PROTOCOL, action, &json!({"Name": name})).await?;
        let value = answer.pointer("/Parameter/Value").and_then(Value::as_str);
        value
            .map(str::to_owned)
            .ok_or_else(|| unintelligible(action, "the answer has no Parameter.Value"))
    }
}
