//! Signed calls to a deployed monitor: its function URL takes AWS's Signature
//! Version 4 and nothing else.
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html>

use std::time::SystemTime;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::provider::ProvideCredentials as _;
use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SigningParams, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use bootstrap::SystemClock;
use monitor::ports::Clock as _;
use reqwest::Request;
use reqwest::header::{HeaderName, HeaderValue};
use tokio::sync::OnceCell;
use url::Url;

/// The name by which AWS knows the service that is called.
const SERVICE: &str = "lambda";

/// Why a call could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// No credentials anywhere that AWS tools look.
    #[error(
        "no AWS credentials to sign the call with: {0}\n  `aws sts get-caller-identity` says whether there are any; a pod needs a service account with a role"
    )]
    NoCredentials(String),
    /// The request can't be signed.
    #[error("the call could not be signed: {0}")]
    Unsignable(String),
}

/// Signs calls to one function URL.
#[derive(Debug)]
pub struct Signer {
    region: String,
    sdk: OnceCell<SdkConfig>,
}

impl Signer {
    /// A signer, if `base` is a function URL: `<id>.lambda-url.<region>.on.aws`.
    #[must_use]
    pub fn of(base: &Url) -> Option<Self> {
        let (_, rest) = base.host_str()?.split_once(".lambda-url.")?;
        let (region, _) = rest.split_once('.')?;
        Some(Self { region: region.to_owned(), sdk: OnceCell::new() })
    }

    /// Adds the signature's headers, with the credentials that any AWS tool
    /// would find here.
    ///
    /// # Errors
    /// [`SignError`] says what is missing.
    pub async fn sign(&self, request: &mut Request) -> Result<(), SignError> {
        let load = || aws_config::load_defaults(BehaviorVersion::latest());
        let provider = self.sdk.get_or_init(load).await.credentials_provider();
        let provider = provider.ok_or_else(|| no_credentials("no provider"))?;
        let credentials = provider.provide_credentials().await.map_err(no_credentials)?;
        let identity = credentials.into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(SERVICE)
            .time(SystemTime::try_from(SystemClock.now()).map_err(unsignable)?)
            .settings(SigningSettings::default())
            .build()
            .map_err(unsignable)?;
        add_signature(request, &params.into())
    }
}

fn add_signature(request: &mut Request, params: &SigningParams<'_>) -> Result<(), SignError> {
    let headers = request.headers().iter();
    let headers = headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
    let (method, url) = (request.method().as_str(), request.url().as_str());
    let signable = SignableRequest::new(method, url, headers, SignableBody::Bytes(body));
    let signed = sign(signable.map_err(unsignable)?, params).map_err(unsignable)?;
    let (instructions, _) = signed.into_parts();
    let added: Result<Vec<_>, SignError> = instructions
        .headers()
        .map(|(name, value)| {
            let name = HeaderName::try_from(name).map_err(unsignable)?;
            let mut value = HeaderValue::try_from(value).map_err(unsignable)?;
            value.set_sensitive(true);
            Ok((name, value))
        })
        .collect();
    request.headers_mut().extend(added?);
    Ok(())
}

fn no_credentials(error: impl std::fmt::Display) -> SignError {
    SignError::NoCredentials(error.to_string())
}

fn unsignable(error: impl std::fmt::Display) -> SignError {
    SignError::Unsignable(error.to_string())
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
}
