//! Checks the caller's identity and region.

use aws_config::SdkConfig;
use sagebell_aws_reads::{Account, AskError, Caller};
use url::Url;

use super::grants::ROLE;
use super::report::Check;
use sagebell_client::signature::Signer;

const CREDENTIALS: &str = "credentials";
const REGION: &str = "region";

/// The region that AWS tools would use here.
pub(super) fn region(sdk: &SdkConfig, api: Option<&Url>) -> (Check, Option<String>) {
    let region = sdk.region().map(ToString::to_string).filter(|region| !region.is_empty());
    let Some(region) = region else {
        let how = "none is configured. Set AWS_REGION (EKS sets it in pods with a role)";
        return (Check::missing(REGION, how, &[]), None);
    };
    let theirs = api.and_then(Signer::of).map(|signer| signer.region().to_owned());
    let check = match theirs {
        Some(theirs) if theirs != region => {
            let how =
                format!("it is {region}, but the API is in {theirs}: set AWS_REGION={theirs}");
            Check::missing(REGION, how, &[])
        }
        _ => Check::ok(REGION, region.clone()),
    };
    (check, Some(region))
}

/// Who the credentials are.
pub(super) async fn credentials(account: &Account) -> (Check, Option<Caller>) {
    match account.caller().await {
        Ok(caller) => (Check::ok(CREDENTIALS, caller.arn.clone()), Some(caller)),
        Err(error @ (AskError::NoCredentials(_) | AskError::BadCredentials(_))) => {
            (Check::missing(CREDENTIALS, error.to_string(), ROLE), None)
        }
        Err(error) => (Check::unknown(CREDENTIALS, error.to_string(), &[]), None),
    }
}

#[cfg(test)]
mod tests {
    use aws_config::Region;

    use super::super::report::Outcome;
    use super::*;

    #[test]
    fn the_region_is_the_apis_own() {
        let sdk = SdkConfig::builder().region(Region::new("eu-west-1")).build();
        let outcome = |api: &str| region(&sdk, Some(&Url::parse(api).unwrap())).0.outcome;
        assert_eq!(outcome("https://x.lambda-url.eu-west-1.on.aws/"), Outcome::Ok);
        assert_eq!(outcome("https://x.lambda-url.us-east-1.on.aws/"), Outcome::Missing);
        assert_eq!(region(&sdk, None), (Check::ok(REGION, "eu-west-1"), Some("eu-west-1".into())));
        let nowhere = SdkConfig::builder().build();
        assert_eq!(region(&nowhere, None).0.outcome, Outcome::Missing);
    }
}
