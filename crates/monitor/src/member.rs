//! Other accounts whose jobs a monitor watches.

use crate::partition::Partition;

/// Another account whose jobs the monitor watches, and the role there with which it calls SageMaker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The account, 12 digits.
    pub account: String,
    /// The ARN of the role.
    pub role: String,
}

impl Member {
    /// The role's name in every account where `infra/iam/member.yaml` is deployed.
    pub const ROLE: &'static str = "sagebell-monitor";

    /// The account with these 12 digits. `region` is a region of the monitor's: accounts of other partitions
    /// cannot assume roles of each other. `None`: it is no account.
    #[must_use]
    pub fn of(account: &str, region: &str, role: &str) -> Option<Self> {
        let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        let partition = Partition::of_region(region).id;
        is_account.then(|| Self {
            account: account.to_owned(),
            role: format!("arn:{partition}:iam::{account}:role/{role}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_in_its_account_and_in_the_monitor_s_partition() {
        let role = |region| Member::of("222233334444", region, Member::ROLE).unwrap().role;
        assert_eq!(role("eu-west-1"), "arn:aws:iam::222233334444:role/sagebell-monitor");
        assert_eq!(role("cn-north-1"), "arn:aws-cn:iam::222233334444:role/sagebell-monitor");
        for wrong in ["", "1234", "22223333444x", "2222333344445"] {
            assert_eq!(Member::of(wrong, "eu-west-1", Member::ROLE), None, "{wrong}");
        }
    }
}
