//! Derives the principal of a caller from the ARN in AWS's request context.
//!
//! Promise: two calls of the same role or user give the same principal, whatever the session.
//! Calls of different roles or users never do.

use sagebell_monitor::principal::Principal;

/// Digits in an AWS account.
const ACCOUNT_LEN: usize = 12;

/// The principal behind the ARN of a caller (`userArn` in a request context), as
/// `ACCOUNT:TYPE/NAME`. `None` for anything that is not a role, user or root.
///
/// - An assumed role is its role: the session name changes with every pod
///   restart, and a waiter must stay the owner of its waits.
/// - A role's path is left out, since an assumed role's ARN does not carry it.
///   Role names are unique in an account whatever their path (IAM user guide,
///   "IAM and AWS STS quotas: name requirements"), so nothing is lost.
/// - A user's path is part of its ARN in every call and stays.
#[must_use]
pub fn principal_of(user_arn: &str) -> Option<Principal> {
    let fields: Vec<&str> = user_arn.splitn(6, ':').collect();
    let &["arn", partition, service, "", account, resource] = fields.as_slice() else {
        return None;
    };
    if !is_partition(partition) || !is_account(account) {
        return None;
    }
    let parts: Vec<&str> = resource.split('/').collect();
    if !parts.iter().all(|part| is_name(part)) {
        return None;
    }
    let who = match (service, parts.as_slice()) {
        ("iam", ["root"]) => "root".to_owned(),
        ("iam", ["user", _, ..]) => resource.to_owned(),
        ("iam", ["role", .., role]) => format!("role/{role}"),
        ("sts", ["assumed-role", role, _session]) => format!("role/{role}"),
        ("sts", ["federated-user", _]) => resource.to_owned(),
        _ => return None,
    };
    Some(Principal(format!("{account}:{who}")))
}

fn is_partition(text: &str) -> bool {
    text == "aws" || text.starts_with("aws-")
}

fn is_account(text: &str) -> bool {
    text.len() == ACCOUNT_LEN && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(arn: &str) -> Option<String> {
        principal_of(arn).map(|principal| principal.0)
    }

    #[test]
    fn a_role_is_itself_whatever_the_session() {
        for arn in [
            "arn:aws:sts::111122223333:assumed-role/Role/session",
            "arn:aws:sts::111122223333:assumed-role/Role/i-0abc",
            "arn:aws:sts::111122223333:assumed-role/Role/someone@example.com",
            "arn:aws:iam::111122223333:role/Role",
            "arn:aws:iam::111122223333:role/path/to/Role",
            "arn:aws-us-gov:sts::111122223333:assumed-role/Role/session",
        ] {
            assert_eq!(of(arn).as_deref(), Some("111122223333:role/Role"), "{arn}");
        }
    }

    #[test]
    fn users_root_and_federated_users_are_themselves() {
        for (arn, principal) in [
            ("arn:aws:iam::111122223333:user/x", "111122223333:user/x"),
            ("arn:aws:iam::111122223333:user/path/x", "111122223333:user/path/x"),
            ("arn:aws:iam::111122223333:root", "111122223333:root"),
            ("arn:aws:sts::111122223333:federated-user/x", "111122223333:federated-user/x"),
        ] {
            assert_eq!(of(arn).as_deref(), Some(principal));
        }
    }

    #[test]
    fn roles_users_and_accounts_are_told_apart() {
        let all = [
            of("arn:aws:iam::111122223333:role/x"),
            of("arn:aws:iam::111122223333:user/x"),
            of("arn:aws:sts::111122223333:federated-user/x"),
            of("arn:aws:iam::444455556666:role/x"),
            of("arn:aws:iam::111122223333:user/root"),
            of("arn:aws:iam::111122223333:root"),
        ];
        let distinct: std::collections::BTreeSet<_> = all.iter().flatten().collect();
        assert_eq!(distinct.len(), all.len());
    }

    #[test]
    fn anything_else_is_nobody() {
        for arn in [
            "",
            "*",
            "anonymous",
            "111122223333",
            "arn:aws:iam::111122223333",
            "arn:aws:iam::1111:role/x",
            "arn:aws:iam::11112222333x:role/x",
            "arn:aws:iam:us-east-1:111122223333:role/x",
            "arn:cloud:iam::111122223333:role/x",
            "arn:aws:iam::111122223333:role/",
            "arn:aws:iam::111122223333:role",
            "arn:aws:iam::111122223333:user//x",
            "arn:aws:iam::111122223333:group/x",
            "arn:aws:iam::111122223333:root/x",
            "arn:aws:iam::111122223333:assumed-role/Role/session",
            "arn:aws:sts::111122223333:role/Role",
            "arn:aws:sts::111122223333:assumed-role/Role",
            "arn:aws:sts::111122223333:assumed-role/Role/a/b",
            "arn:aws:sts::111122223333:assumed-role/Ro le/session",
            "arn:aws:s3:::bucket",
        ] {
            assert_eq!(of(arn), None, "{arn}");
        }
    }
}
