//! One signed call, with a limit on its time and its attempts.

use std::time::Duration;

use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_types::SdkConfig;
use http_body_util::{BodyExt as _, Limited};
use reqwest::{Request, StatusCode};
use sagebell_monitor::causes::root_cause;
use sagebell_monitor::ports::Clock;
use serde_json::Value;
use std::sync::Arc;

use crate::answer::{Document, json_refusal, xml_refusal};
use crate::aws_clock::AwsClock;
use crate::endpoint::{Endpoint, Service, endpoint};
use crate::error::AskError;
use crate::sign::sign;

/// The time limit for connecting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// The time limit of one attempt, from connecting to the last byte.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The time limit for finding credentials: the chain calls metadata services that may not exist.
const CREDENTIALS_TIMEOUT: Duration = Duration::from_secs(10);
/// The largest answer that is read, in bytes. A page of logs has a million (`GetLogEvents`,
/// CloudWatch Logs API reference).
const LONGEST: usize = 8 * 1024 * 1024;
/// The pauses before the second and the third attempt, if AWS throttles or fails.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];

/// An AWS account in one region, read with the credentials of a configuration.
pub struct Account {
    config: SdkConfig,
    region: String,
    credentials: Option<SharedCredentialsProvider>,
    http: reqwest::Client,
    clock: AwsClock,
}

/// What a try was answered.
struct Tried {
    status: StatusCode,
    body: String,
    /// It was signed at another time than AWS's.
    was_off: bool,
}

/// How a service wants to be asked.
enum Protocol {
    /// <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html>
    Query(String),
    /// <https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html>
    Json { version: &'static str, target: String, body: String },
}

impl Account {
    /// The account of these credentials. Makes no call yet.
    ///
    /// # Errors
    /// [`AskError::Unintelligible`] if the HTTP client cannot be created.
    pub fn new(config: &SdkConfig, region: &str, clock: Arc<dyn Clock>) -> Result<Self, AskError> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| unintelligible("the HTTP client", error))?;
        Ok(Self {
            config: config.clone(),
            region: region.to_owned(),
            credentials: config.credentials_provider(),
            http,
            clock: AwsClock::new(clock),
        })
    }

    /// The region.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// One call of a service that answers in XML. `action` is the IAM action, whose
    /// second half is the operation's name.
    pub(crate) async fn query(
        &self,
        service: Service,
        version: &str,
        action: &'static str,
        parameters: &[(&str, &str)],
    ) -> Result<Document, AskError> {
        let operation = operation(action);
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("Action", operation).append_pair("Version", version);
        form.extend_pairs(parameters);
        let answer = self.ask(service, action, &Protocol::Query(form.finish())).await?;
        Ok(Document::new(action, answer))
    }

    /// One call of a service that answers in JSON.
    pub(crate) async fn json(
        &self,
        service: Service,
        (version, prefix): (&'static str, &str),
        action: &'static str,
        body: &Value,
    ) -> Result<Value, AskError> {
        let target = format!("{prefix}.{}", operation(action));
        let protocol = Protocol::Json { version, target, body: body.to_string() };
        let answer = self.ask(service, action, &protocol).await?;
        serde_json::from_str(&answer).map_err(|error| unintelligible(action, error))
    }

    async fn ask(
        &self,
        service: Service,
        action: &'static str,
        protocol: &Protocol,
    ) -> Result<String, AskError> {
        let at = endpoint(&self.config, service, &self.region)
            .map_err(|error| unintelligible(action, error))?;
        let mut pauses = PAUSES.iter();
        loop {
            let Tried { status, body, was_off } =
                self.try_once(service, &at, action, protocol).await?;
            if status.is_success() {
                return Ok(body);
            }
            let refusal = match protocol {
                Protocol::Query(_) => xml_refusal(action, status, &body),
                Protocol::Json { .. } => json_refusal(action, status, &body),
            };
            match pauses.next().filter(|_| was_off || may_pass(status, &refusal)) {
                Some(pause) => tokio::time::sleep(*pause).await,
                None => return Err(refusal),
            }
        }
    }

    async fn try_once(
        &self,
        service: Service,
        at: &Endpoint,
        action: &'static str,
        protocol: &Protocol,
    ) -> Result<Tried, AskError> {
        let call = self.http.post(at.url.clone());
        let call = match protocol {
            Protocol::Query(form) => call
                .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
                .body(form.clone()),
            Protocol::Json { version, target, body } => call
                .header("content-type", format!("application/x-amz-json-{version}"))
                .header("x-amz-target", target)
                .body(body.clone()),
        };
        let mut request = call.build().map_err(|error| unintelligible(action, error))?;
        self.sign(&mut request, service, &at.region).await?;
        let unreachable = |error: &(dyn std::error::Error + 'static)| AskError::Unreachable {
            host: at.url.host_str().unwrap_or_default().to_owned(),
            reason: root_cause(error),
        };
        let response = self.http.execute(request).await.map_err(|error| unreachable(&error))?;
        let status = response.status();
        let was_off = self.clock.learn_from(response.headers());
        let body = Limited::new(reqwest::Body::from(response), LONGEST).collect().await;
        let body = body.map_err(|error| unreachable(&*error))?;
        let body = String::from_utf8_lossy(&body.to_bytes()).into_owned();
        Ok(Tried { status, body, was_off })
    }

    async fn sign(
        &self,
        request: &mut Request,
        service: Service,
        region: &str,
    ) -> Result<(), AskError> {
        let none = || AskError::NoCredentials("no source of them is configured".to_owned());
        let provider = self.credentials.as_ref().ok_or_else(none)?;
        let found = tokio::time::timeout(CREDENTIALS_TIMEOUT, provider.provide_credentials());
        let late = |_| AskError::NoCredentials("their source does not answer".to_owned());
        let found = found.await.map_err(late)?;
        let found =
            found.map_err(|error| AskError::NoCredentials(first_line(&root_cause(&error))))?;
        sign(request, found, service.name(), region, &self.clock)
            .map_err(|error| unintelligible("the signature", error))
    }
}

fn operation(action: &'static str) -> &'static str {
    action.split_once(':').map_or(action, |(_, operation)| operation)
}

/// Whether the same call may succeed in a moment.
fn may_pass(status: StatusCode, refusal: &AskError) -> bool {
    let AskError::Refused { code, .. } = refusal else {
        return false;
    };
    status.is_server_error() || code.contains("Throttl") || code.contains("LimitExceeded")
}

pub(crate) fn unintelligible(action: &'static str, what: impl std::fmt::Display) -> AskError {
    AskError::Unintelligible { action, what: what.to_string() }
}

/// Without the list of places that were looked in.
fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.trim_end_matches(". Attempted:").to_owned()
}
