//! Signs calls to a deployed monitor. Its function URL and its WebSocket API accept only calls with
//! AWS's Signature Version 4.
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html>
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-control-access-iam.html>

use std::sync::Arc;

use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use reqwest::Request;
use reqwest::header::HeaderMap;
use sagebell_aws_reads::{AwsClock, KeptCredentials, SigningError};
use sagebell_system::SystemClock;
use tokio::sync::OnceCell;
use url::Url;

/// The service name in the signatures of calls to a function URL.
const SERVICE: &str = "lambda";
/// The same of the upgrade to a connection.
const CONNECTION_SERVICE: &str = "execute-api";

/// The name under which an assumed role's sessions are seen in CloudTrail.
const SESSION: &str = "sagebell-waiter";

/// Why a call could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// There are no credentials where AWS tools look for them.
    #[error(
        "no AWS credentials to sign the call with: {0}\n  `aws sts get-caller-identity` says whether there are any; a pod needs a service account with a role"
    )]
    NoCredentials(String),
    /// The request cannot be signed.
    #[error(transparent)]
    Unsignable(#[from] SigningError),
}

/// Signs calls to one function URL.
#[derive(Debug)]
pub struct Signer {
    region: String,
    /// The role to call it with, if not with the caller's own credentials.
    role: Option<String>,
    clock: AwsClock,
    kept: OnceCell<Option<KeptCredentials>>,
}

impl Signer {
    /// A signer, if `base` is a function URL: `<id>.lambda-url.<region>.on.aws`.
    ///
    /// Where the monitor is in another account, the URL names a role there: `https://…/#role=ARN`. It
    /// is assumed with the caller's credentials, since a WebSocket API takes connections of its own
    /// account only. A fragment is never sent.
    #[must_use]
    pub fn of(base: &Url) -> Option<Self> {
        let (_, rest) = base.host_str()?.split_once(".lambda-url.")?;
        let (region, _) = rest.split_once('.')?;
        let role = base.fragment().and_then(|fragment| fragment.strip_prefix("role="));
        let clock = AwsClock::new(Arc::new(SystemClock));
        Some(Self {
            region: region.to_owned(),
            role: role.map(str::to_owned),
            clock,
            kept: OnceCell::new(),
        })
    }

    /// The region that calls are signed for.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Adds the headers of the signature, with the credentials that any AWS tool would use here.
    ///
    /// # Errors
    /// [`SignError`] says what is missing.
    pub async fn sign(&self, request: &mut Request) -> Result<(), SignError> {
        self.sign_for(request, SERVICE, &self.region).await
    }

    /// The same for the request that opens a connection.
    ///
    /// # Errors
    /// [`SignError`] says what is missing.
    pub async fn sign_connection(&self, request: &mut Request) -> Result<(), SignError> {
        let region = gateway_region(request.url()).unwrap_or(&self.region).to_owned();
        self.sign_for(request, CONNECTION_SERVICE, &region).await
    }

    async fn sign_for(
        &self,
        request: &mut Request,
        service: &str,
        region: &str,
    ) -> Result<(), SignError> {
        let provider = self.kept.get_or_init(|| self.keep()).await.as_ref();
        let provider = provider.ok_or_else(|| no_credentials("no provider"))?;
        let credentials = provider.provide_credentials().await.map_err(no_credentials)?;
        Ok(sagebell_aws_reads::sign(request, credentials, service, region, &self.clock)?)
    }

    /// Waiters renew for days, so credentials are cached until they almost expire. The cache survives
    /// a credential endpoint that fails for minutes.
    async fn keep(&self) -> Option<KeptCredentials> {
        let loader = aws_config::defaults(BehaviorVersion::latest());
        let sdk = loader.time_source(self.clock.clone()).load().await;
        let mut provider = sdk.credentials_provider()?;
        if let Some(role) = &self.role {
            let region = Region::new(self.region.clone());
            let sdk = sdk.into_builder().region(region).build();
            let role = AssumeRoleProvider::builder(role).session_name(SESSION).configure(&sdk);
            provider = SharedCredentialsProvider::new(role.build().await);
        }
        Some(KeptCredentials::new(provider, Arc::new(self.clock.clone())))
    }

    /// Learns AWS's time from the headers of an answer. Returns whether calls were signed with
    /// another time.
    pub fn learn_from(&self, headers: &HeaderMap) -> bool {
        self.clock.learn_from(headers)
    }
}

/// The region of a WebSocket API: `<id>.execute-api.<region>.<suffix of the partition>`. A domain of
/// one's own does not tell: it is in the region of the function.
fn gateway_region(url: &Url) -> Option<&str> {
    let (_, rest) = url.host_str()?.split_once(".execute-api.")?;
    Some(rest.split_once('.')?.0)
}

fn no_credentials(error: impl std::fmt::Display) -> SignError {
    SignError::NoCredentials(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_function_urls_are_signed() {
        let region = |url: &str| Signer::of(&Url::parse(url).unwrap()).map(|signer| signer.region);
        let deployed = "https://abc123.lambda-url.eu-west-1.on.aws/";
        assert_eq!(region(deployed).as_deref(), Some("eu-west-1"));
        assert_eq!(region("http://127.0.0.1:7070"), None);
        assert_eq!(region("https://example.com/.lambda-url.x."), None);
    }

    #[test]
    fn the_url_may_name_the_role_to_call_it_with() {
        let role = |url: &str| Signer::of(&Url::parse(url).unwrap()).unwrap().role;
        let url = "https://abc123.lambda-url.eu-west-1.on.aws/";
        assert_eq!(role(url), None);
        let arn = "arn:aws:iam::111122223333:role/team-a";
        assert_eq!(role(&format!("{url}#role={arn}")).as_deref(), Some(arn));
    }

    #[test]
    fn a_gateway_is_signed_for_the_region_in_its_name() {
        for (url, region) in [
            ("https://a1.execute-api.eu-west-1.amazonaws.com/v1", Some("eu-west-1")),
            ("https://a1.execute-api.cn-north-1.amazonaws.com.cn/v1", Some("cn-north-1")),
            ("https://a1.execute-api.us-gov-west-1.amazonaws.com/v1", Some("us-gov-west-1")),
            ("https://sagebell.example.com/.execute-api.x.", None),
        ] {
            assert_eq!(gateway_region(&Url::parse(url).unwrap()), region, "{url}");
        }
    }
}
