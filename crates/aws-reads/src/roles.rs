//! IAM roles: the ARN of a role, and whether a role may pass another to SageMaker, by IAM's own
//! simulation.

use crate::answer::{find, text};
use crate::call::Account;
use crate::endpoint::Service;
use crate::error::AskError;

/// The version of IAM's API.
const VERSION: &str = "2010-05-08";

/// What the simulation says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passing {
    /// Allowed.
    Allowed,
    /// No statement allows it.
    NotGranted,
    /// A statement forbids it.
    Forbidden,
}

impl Account {
    /// The ARN of the role of this name.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn role_arn(&self, name: &str) -> Result<String, AskError> {
        let asked = [("RoleName", name)];
        let answer = self.query(Service::Iam, VERSION, "iam:GetRole", &asked).await?;
        answer.read(|root| text(find(root, "Role")?, "Arn"))
    }

    /// Whether the policies of `principal` let it pass `role` to SageMaker.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn may_pass(&self, principal: &str, role: &str) -> Result<Passing, AskError> {
        let action = "iam:SimulatePrincipalPolicy";
        let asked = [
            ("PolicySourceArn", principal),
            ("ActionNames.member.1", "iam:PassRole"),
            ("ResourceArns.member.1", role),
            ("ContextEntries.member.1.ContextKeyName", "iam:PassedToService"),
            ("ContextEntries.member.1.ContextKeyType", "string"),
            ("ContextEntries.member.1.ContextKeyValues.member.1", "sagemaker.amazonaws.com"),
        ];
        let answer = self.query(Service::Iam, VERSION, action, &asked).await?;
        answer.read(|root| {
            let results = find(root, "EvaluationResults")?;
            Some(match text(results, "EvalDecision")?.as_str() {
                "allowed" => Passing::Allowed,
                "explicitDeny" => Passing::Forbidden,
                _ => Passing::NotGranted,
            })
        })
    }
}
