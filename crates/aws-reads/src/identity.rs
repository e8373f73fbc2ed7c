//! The identity of the caller.

use crate::answer::text;
use crate::call::Account;
use crate::endpoint::Service;
use crate::error::AskError;

/// Who the credentials are, by AWS's own word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The ARN: of a user, of an assumed role's session, of the root.
    pub arn: String,
    /// The 12 digits of the account.
    pub account: String,
}

impl Caller {
    /// The ARN that policies are attached to: of a session, its role. A role's path is
    /// not in its sessions' ARNs: one with a path is not found by this.
    #[must_use]
    pub fn principal(&self) -> String {
        let fields: Vec<&str> = self.arn.splitn(6, ':').collect();
        if let &["arn", partition, "sts", _, account, resource] = fields.as_slice()
            && let ["assumed-role", role, _] = *resource.split('/').collect::<Vec<_>>()
        {
            return format!("arn:{partition}:iam::{account}:role/{role}");
        }
        self.arn.clone()
    }
}

impl Account {
    /// Who asks. AWS needs no permission for it.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn caller(&self) -> Result<Caller, AskError> {
        let action = "sts:GetCallerIdentity";
        let answer = self.query(Service::Sts, "2011-06-15", action, &[]).await?;
        answer
            .read(|root| Some(Caller { arn: text(root, "Arn")?, account: text(root, "Account")? }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_speaks_for_its_role() {
        let principal = |arn: &str| {
            Caller { arn: arn.to_owned(), account: "111122223333".to_owned() }.principal()
        };
        let session = "arn:aws-cn:sts::111122223333:assumed-role/pod/botocore-1";
        assert_eq!(principal(session), "arn:aws-cn:iam::111122223333:role/pod");
        let user = "arn:aws:iam::111122223333:user/ops/someone";
        assert_eq!(principal(user), user);
    }
}
