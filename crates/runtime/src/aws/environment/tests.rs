//! What clients get from the environment, and what is refused.

use aws_credential_types::provider::ProvideCredentials as _;

use super::*;
use crate::aws::tests::Set;

const LAMBDAS: [(&str, &str); 4] = [
    ("AWS_REGION", "eu-west-1"),
    ("AWS_ACCESS_KEY_ID", "AKID"),
    ("AWS_SECRET_ACCESS_KEY", "secret"),
    ("AWS_SESSION_TOKEN", "token"),
];

fn with(more: &[(&'static str, &'static str)]) -> SdkConfig {
    sdk_config(Set::from(&[&LAMBDAS, more].concat()[..])).unwrap()
}

fn endpoint(config: &SdkConfig, service: &str) -> Option<String> {
    let key = ServiceConfigKey::builder()
        .service_id(service)
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build();
    config.service_config()?.load_config(key.unwrap())
}

#[tokio::test]
async fn what_lambda_sets_is_enough() {
    let config = with(&[]);
    assert_eq!(config.region().unwrap().as_ref(), "eu-west-1");
    let credentials = config.credentials_provider().unwrap().provide_credentials().await.unwrap();
    assert_eq!(credentials.access_key_id(), "AKID");
    assert_eq!(credentials.secret_access_key(), "secret");
    assert_eq!(credentials.session_token(), Some("token"));
    assert_eq!((config.use_fips(), config.use_dual_stack()), (None, None));
    assert_eq!(endpoint(&config, "DynamoDB"), None);
}

#[test]
fn an_endpoint_of_a_service_goes_before_that_of_all() {
    let all = ("AWS_ENDPOINT_URL", "http://all");
    let config = with(&[all, ("AWS_ENDPOINT_URL_DYNAMODB", "http://dynamodb")]);
    assert_eq!(endpoint(&config, "DynamoDB").as_deref(), Some("http://dynamodb"));
    assert_eq!(endpoint(&config, "SQS").as_deref(), Some("http://all"));
    let spaced = with(&[("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", "http://logs")]);
    assert_eq!(endpoint(&spaced, "CloudWatch Logs").as_deref(), Some("http://logs"));
    let ignored = with(&[all, ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")]);
    assert_eq!(endpoint(&ignored, "SQS"), None);
}

#[test]
fn fips_and_dual_stack_are_passed_on() {
    let config =
        with(&[("AWS_USE_FIPS_ENDPOINT", "True"), ("AWS_USE_DUALSTACK_ENDPOINT", "false")]);
    assert_eq!((config.use_fips(), config.use_dual_stack()), (Some(true), Some(false)));
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let wrong =
        [("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_USE_FIPS_ENDPOINT", "yes"), ("AWS_CA_BUNDLE", "/no")];
    let problems = sdk_config(Set::from(&wrong[..])).unwrap_err().problems;
    let names = ["AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_USE_FIPS_ENDPOINT", "AWS_CA_BUNDLE"];
    assert_eq!(problems.len(), names.len(), "{problems:?}");
    for (problem, name) in problems.iter().zip(names) {
        assert!(problem.starts_with(name), "{problem}");
    }
}
