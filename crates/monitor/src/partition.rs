//! AWS's partitions: their regions, ARN prefixes, service hosts and consoles.
//!
//! Source: botocore's `partitions.json` (ids, regions, host suffixes) and the endpoint rules of
//! its `signin` and `iam` services. `tests/e2e/test_partitions.py` compares this table with all
//! of them.

/// One of AWS's partitions.
#[derive(Debug, PartialEq, Eq)]
pub struct Partition {
    /// The second field of its ARNs, e.g. `aws-cn`.
    pub id: &'static str,
    /// What its regions' names begin with; none for the partition that has all others.
    pub regions: Option<&'static str>,
    /// What the hosts of its services end in, e.g. `amazonaws.com.cn`.
    pub dns_suffix: &'static str,
    /// What stands after the region in the console's host. AWS lists the hosts of the
    /// sign-in pages only; the console's differ from them in the first word alone.
    pub console: &'static str,
    /// The host of IAM, which is one per partition.
    pub iam_host: &'static str,
    /// The region that calls to IAM are signed for.
    pub iam_region: &'static str,
}

/// Every partition. The first has the regions that no other has.
pub static PARTITIONS: [Partition; 8] = [
    Partition {
        id: "aws",
        regions: None,
        dns_suffix: "amazonaws.com",
        console: "console.aws.amazon.com",
        iam_host: "iam.amazonaws.com",
        iam_region: "us-east-1",
    },
    Partition {
        id: "aws-cn",
        regions: Some("cn-"),
        dns_suffix: "amazonaws.com.cn",
        console: "console.amazonaws.cn",
        iam_host: "iam.cn-north-1.amazonaws.com.cn",
        iam_region: "cn-north-1",
    },
    Partition {
        id: "aws-eusc",
        regions: Some("eusc-"),
        dns_suffix: "amazonaws.eu",
        console: "console.amazonaws-eusc.eu",
        iam_host: "iam.eusc-de-east-1.amazonaws.eu",
        iam_region: "eusc-de-east-1",
    },
    Partition {
        id: "aws-iso",
        regions: Some("us-iso-"),
        dns_suffix: "c2s.ic.gov",
        console: "console.c2shome.ic.gov",
        iam_host: "iam.us-iso-east-1.c2s.ic.gov",
        iam_region: "us-iso-east-1",
    },
    Partition {
        id: "aws-iso-b",
        regions: Some("us-isob-"),
        dns_suffix: "sc2s.sgov.gov",
        console: "console.sc2shome.sgov.gov",
        iam_host: "iam.us-isob-east-1.sc2s.sgov.gov",
        iam_region: "us-isob-east-1",
    },
    Partition {
        id: "aws-iso-e",
        regions: Some("eu-isoe-"),
        dns_suffix: "cloud.adc-e.uk",
        console: "console.csphome.adc-e.uk",
        iam_host: "iam.eu-isoe-west-1.cloud.adc-e.uk",
        iam_region: "eu-isoe-west-1",
    },
    Partition {
        id: "aws-iso-f",
        regions: Some("us-isof-"),
        dns_suffix: "csp.hci.ic.gov",
        console: "console.csphome.hci.ic.gov",
        iam_host: "iam.us-isof-south-1.csp.hci.ic.gov",
        iam_region: "us-isof-south-1",
    },
    Partition {
        id: "aws-us-gov",
        regions: Some("us-gov-"),
        dns_suffix: "amazonaws.com",
        console: "console.amazonaws-us-gov.com",
        iam_host: "iam.us-gov.amazonaws.com",
        iam_region: "us-gov-west-1",
    },
];

impl Partition {
    /// The partition of a region. A region that no other partition contains counts as part of
    /// `aws`, as in AWS's SDKs for a region that is newer than they are.
    #[must_use]
    pub fn of_region(region: &str) -> &'static Self {
        let claims = |of: &&Self| of.regions.is_some_and(|prefix| region.starts_with(prefix));
        let [aws, others @ ..] = &PARTITIONS;
        others.iter().find(claims).unwrap_or(aws)
    }

    /// The partition whose ARNs have this second field, e.g. `aws-us-gov`.
    #[must_use]
    pub fn of_id(id: &str) -> Option<&'static Self> {
        PARTITIONS.iter().find(|partition| partition.id == id)
    }

    /// The host where a service that is regional answers: `sqs.eu-west-1.amazonaws.com`.
    #[must_use]
    pub fn service_host(&self, service: &str, region: &str) -> String {
        format!("{service}.{region}.{}", self.dns_suffix)
    }

    /// The host of the console: `eu-west-1.console.aws.amazon.com`.
    #[must_use]
    pub fn console_host(&self, region: &str) -> String {
        format!("{region}.{}", self.console)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_known_by_how_its_name_begins() {
        for (region, id) in [
            ("eu-west-1", "aws"),
            ("us-gov-west-1", "aws-us-gov"),
            ("us-iso-east-1", "aws-iso"),
            ("us-isof-east-1", "aws-iso-f"),
            ("eusc-de-east-1", "aws-eusc"),
            ("xx-newer-9", "aws"),
        ] {
            assert_eq!(Partition::of_region(region).id, id, "{region}");
        }
    }

    #[test]
    fn only_partitions_that_there_are_have_an_id() {
        assert_eq!(Partition::of_id("aws-cn").unwrap().dns_suffix, "amazonaws.com.cn");
        assert_eq!(Partition::of_id("evil"), None);
        assert_eq!(Partition::of_id("AWS"), None);
    }
}
