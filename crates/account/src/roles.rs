//! Whether one may hand a role to SageMaker, by IAM's own simulation.

use crate::answer::{find, text};
use crate::call::Account;
use crate::endpoint::Service;
use crate::error::AskError;

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
        let answer = self.query(Service::Iam, "2010-05-08", action, &asked).await?;
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
