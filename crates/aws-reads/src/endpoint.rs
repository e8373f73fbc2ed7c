//! The endpoint of a service, and the service name that signatures use.

use aws_types::SdkConfig;
use aws_types::service_config::ServiceConfigKey;
use sagebell_monitor::partition::Partition;
use url::Url;

/// A service that is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    CloudFormation,
    DynamoDb,
    EventBridge,
    Iam,
    Logs,
    Sqs,
    Ssm,
    Sts,
}

impl Service {
    /// The SDKs' name, by which a configuration can name an endpoint of its own.
    fn id(self) -> &'static str {
        match self {
            Self::CloudFormation => "CloudFormation",
            Self::DynamoDb => "DynamoDB",
            Self::EventBridge => "EventBridge",
            Self::Iam => "IAM",
            Self::Logs => "CloudWatch Logs",
            Self::Sqs => "SQS",
            Self::Ssm => "SSM",
            Self::Sts => "STS",
        }
    }

    /// The name in hosts and in signatures.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::CloudFormation => "cloudformation",
            Self::DynamoDb => "dynamodb",
            Self::EventBridge => "events",
            Self::Iam => "iam",
            Self::Logs => "logs",
            Self::Sqs => "sqs",
            Self::Ssm => "ssm",
            Self::Sts => "sts",
        }
    }
}

/// Where to call, and the region to sign for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) url: Url,
    pub(crate) region: String,
}

/// IAM is one per partition, and signed for the region it lives in (AWS General
/// Reference, "AWS Identity and Access Management endpoints and quotas").
fn place(service: Service, region: &str) -> (String, &str) {
    let partition = Partition::of_region(region);
    match service {
        Service::Iam => (partition.iam_host.to_owned(), partition.iam_region),
        _ => (partition.service_host(service.name(), region), region),
    }
}

/// The endpoint that the configuration names (`AWS_ENDPOINT_URL`, or the same with the
/// service's name), or AWS's own.
pub(crate) fn endpoint(
    config: &SdkConfig,
    service: Service,
    region: &str,
) -> Result<Endpoint, url::ParseError> {
    let (host, region) = place(service, region);
    let named = named(config, service).or_else(|| config.endpoint_url().map(str::to_owned));
    let url = Url::parse(&named.unwrap_or_else(|| format!("https://{host}")))?;
    Ok(Endpoint { url, region: region.to_owned() })
}

fn named(config: &SdkConfig, service: Service) -> Option<String> {
    let key = ServiceConfigKey::builder()
        .service_id(service.id())
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build()
        .ok()?;
    config.service_config()?.load_config(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(service: Service, region: &str) -> (String, String) {
        let config = SdkConfig::builder().build();
        let found = endpoint(&config, service, region).unwrap();
        (found.url.to_string(), found.region)
    }

    #[test]
    fn services_are_regional_and_iam_is_one_per_partition() {
        for (service, region, url, signed_for) in [
            (Service::Sqs, "eu-west-1", "https://sqs.eu-west-1.amazonaws.com/", "eu-west-1"),
            (Service::Sts, "cn-north-1", "https://sts.cn-north-1.amazonaws.com.cn/", "cn-north-1"),
            (Service::Iam, "eu-west-1", "https://iam.amazonaws.com/", "us-east-1"),
            (
                Service::Logs,
                "eusc-de-east-1",
                "https://logs.eusc-de-east-1.amazonaws.eu/",
                "eusc-de-east-1",
            ),
            (Service::Iam, "us-gov-east-1", "https://iam.us-gov.amazonaws.com/", "us-gov-west-1"),
            (
                Service::Iam,
                "cn-northwest-1",
                "https://iam.cn-north-1.amazonaws.com.cn/",
                "cn-north-1",
            ),
        ] {
            assert_eq!(at(service, region), (url.to_owned(), signed_for.to_owned()));
        }
    }

    #[test]
    fn a_configured_endpoint_comes_first() {
        let config = SdkConfig::builder().endpoint_url("http://127.0.0.1:4570").build();
        let found = endpoint(&config, Service::Iam, "eu-west-1").unwrap();
        assert_eq!(found.url.as_str(), "http://127.0.0.1:4570/");
    }
}
