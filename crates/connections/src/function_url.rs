//! Calls Sagebell's own API as waiters do, and so finds out whether they can come back.

use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, OrchestratorError};
use aws_smithy_types::body::SdkBody;
use aws_types::SdkConfig;
use sagebell_monitor::ports::{Clock, Failure, Reachability};
use sagebell_monitor::wait::FailureClass;

use crate::client::timeouts;
use crate::failure::no_answer;

/// The service that signatures of function URLs name ("Control access to Lambda function URLs",
/// Lambda developer guide).
const SERVICE: &str = "lambda";
/// Answers only if the API reaches its store.
const HEALTH: &str = "/healthz";

/// The API at its function URL.
///
/// This is the way of waiters that have no connection. The function behind it is the same that
/// connections are opened through.
pub struct FunctionUrl {
    config: SdkConfig,
    url: String,
    clock: Arc<dyn Clock>,
    call: Operation<HttpRequest, u16, std::convert::Infallible>,
}

impl FunctionUrl {
    /// The API at this URL, called with the configuration's credentials and HTTP client. Makes no
    /// call yet.
    #[must_use]
    pub fn new(config: &SdkConfig, url: &str, clock: Arc<dyn Clock>) -> Self {
        let url = url.trim_end_matches('/').to_owned();
        // No second attempt: the next sweep asks again.
        let call = Operation::builder()
            .service_name("sagebell")
            .operation_name("health")
            .endpoint_url(&url)
            .no_auth()
            .no_retry()
            .timeout_config(timeouts());
        let call = match config.http_client() {
            Some(http) => call.http_client(http),
            None => call,
        };
        let call = match config.sleep_impl() {
            Some(sleep) => call.sleep_impl(sleep),
            None => call,
        };
        let call = call
            .serializer(Ok)
            .deserializer(|answer| Ok::<_, OrchestratorError<_>>(answer.status().as_u16()))
            .build();
        Self { config: config.clone(), url, clock, call }
    }

    /// The request, with a signature of AWS's Signature Version 4.
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>
    async fn signed(&self) -> Result<HttpRequest, Failure> {
        let provider =
            self.config.credentials_provider().ok_or_else(|| internal("no credentials"))?;
        let identity = provider.provide_credentials().await.map_err(internal)?.into();
        let region = self.config.region().ok_or_else(|| internal("no region"))?;
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(region.as_ref())
            .name(SERVICE)
            .time(SystemTime::try_from(self.clock.now()).map_err(internal)?)
            .settings(SigningSettings::default())
            .build()
            .map_err(internal)?
            .into();
        let url = format!("{}{HEALTH}", self.url);
        let request =
            SignableRequest::new("GET", &url, std::iter::empty(), SignableBody::Bytes(&[]));
        let signed = sign(request.map_err(internal)?, &params).map_err(internal)?;
        // The endpoint's part of the URL is added on the way.
        let mut request = http::Request::get(HEALTH).body(SdkBody::empty()).map_err(internal)?;
        signed.into_parts().0.apply_to_request_http1x(&mut request);
        request.try_into().map_err(internal)
    }
}

#[async_trait]
impl Reachability for FunctionUrl {
    async fn check(&self) -> Result<(), Failure> {
        let request = self.signed().await?;
        match self.call.invoke(request).await {
            Ok(200) => Ok(()),
            Ok(status) => {
                let reason = format!("GET {}{HEALTH} was answered with HTTP {status}", self.url);
                Err(Failure::new(FailureClass::BadStatus, reason))
            }
            Err(error) => Err(no_answer(&format!("GET {}{HEALTH}", self.url), &error)),
        }
    }
}

fn internal(error: impl std::fmt::Display) -> Failure {
    Failure::new(FailureClass::Internal, format!("the call could not be signed: {error}"))
}
