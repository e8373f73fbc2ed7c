//! AWS's Signature Version 4 on an HTTP request.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SigningInstructions, SigningSettings, sign as signature_of,
};
use aws_sigv4::sign::v4;
use reqwest::Request;
use reqwest::header::{HeaderName, HeaderValue};
use sagebell_monitor::ports::Clock;

/// The request can't be signed.
#[derive(Debug, thiserror::Error)]
#[error("the call could not be signed: {0}")]
pub struct SigningError(String);

fn unsignable(error: impl std::fmt::Display) -> SigningError {
    SigningError(error.to_string())
}

/// Adds the signature's headers for this service and region.
///
/// # Errors
/// [`SigningError`] if a header is not text, or the clock is beyond reason.
pub fn sign(
    request: &mut Request,
    credentials: Credentials,
    service: &str,
    region: &str,
    clock: &dyn Clock,
) -> Result<(), SigningError> {
    let identity = credentials.into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(SystemTime::try_from(clock.now()).map_err(unsignable)?)
        .settings(SigningSettings::default())
        .build()
        .map_err(unsignable)?;
    let headers = request.headers().iter();
    let headers = headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
    let (method, url) = (request.method().as_str(), request.url().as_str());
    let signable = SignableRequest::new(method, url, headers, SignableBody::Bytes(body));
    let signed = signature_of(signable.map_err(unsignable)?, &params.into());
    let (instructions, _) = signed.map_err(unsignable)?.into_parts();
    add(request, &instructions)
}

fn add(request: &mut Request, signature: &SigningInstructions) -> Result<(), SigningError> {
    for (name, value) in signature.headers() {
        let name = HeaderName::try_from(name).map_err(unsignable)?;
        let mut value = HeaderValue::try_from(value).map_err(unsignable)?;
        value.set_sensitive(true);
        request.headers_mut().insert(name, value);
    }
    Ok(())
}
