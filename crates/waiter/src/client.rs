//! The API and PutEvents, from the caller's side.

use std::error::Error as _;
use std::io::{
    self,
    ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset},
};
#[cfg(feature = "aws")]
use std::sync::Arc;
use std::time::Duration;

use monitor::arn::JobArn;
use monitor::job::Job;
use monitor::policy::Policy;
use monitor::ports::JobFilter;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use reqwest::{Method, Request, RequestBuilder};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

#[cfg(feature = "aws")]
use crate::signature::{SignError, Signer};

/// For one call, from connecting to the last byte.
const TIMEOUT: Duration = Duration::from_secs(20);
/// For connecting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// All but the unreserved characters of RFC 3986: the encoding that signatures are
/// made of. What is sent so is the same to a verifier that decodes it first and to
/// one that does not.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// How often a first call is made again: with their pauses, of 1, 2, 5, 15 and 30
/// seconds, for most of a minute.
const RETRIES: u32 = 5;
/// Events in one PutEvents call at most, by EventBridge's own limit.
pub const PUT_EVENTS_LIMIT: usize = 10;

/// Why a call came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No answer.
    #[error(
        "no answer from {url}: {source}\n  is the monitor running there? `sagebell local` starts one; --api or SAGEBELL_API names another"
    )]
    Unreachable {
        /// Where.
        url: Url,
        /// What happened.
        source: reqwest::Error,
    },
    /// The monitor said no.
    #[error("the monitor answered {code}{}: {detail}", field.as_ref().map(|f| format!(" ({f})")).unwrap_or_default())]
    Problem {
        /// The problem's stable code, or the HTTP status.
        code: String,
        /// The field at fault.
        field: Option<String>,
        /// What happened and what to do.
        detail: String,
    },
    /// An answer that is not what the API promises.
    #[error("an answer that is not understood: {0}")]
    Answer(String),
    /// A deployed monitor's call could not be signed.
    #[cfg(feature = "aws")]
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// The problem code by which a monitor asks to be asked again.
const TRY_AGAIN: &str = "try_again";

impl ClientError {
    /// Whether the same call may succeed in a moment: the monitor said so, or the
    /// connection to it broke. Not if there was none, for want of a monitor.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { source, .. } => !source.is_connect() || broke(source),
            Self::Problem { code, .. } => code == TRY_AGAIN,
            Self::Answer(_) => false,
            #[cfg(feature = "aws")]
            Self::Sign(_) => false,
        }
    }

    /// Whether only the monitor is out of reach: it may come back, or there is none.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::Unreachable { .. }) || self.may_pass()
    }
}

/// Whether a connection that was made broke. One that breaks before its first
/// request counts as not made to the HTTP client.
fn broke(error: &reqwest::Error) -> bool {
    let causes = std::iter::successors(error.source(), |&error| error.source());
    let mut kinds =
        causes.filter_map(|error| error.downcast_ref::<io::Error>()).map(io::Error::kind);
    kinds.any(|kind| matches!(kind, ConnectionReset | ConnectionAborted | BrokenPipe))
}

/// A problem document (RFC 9457), as far as it is told to people.
#[derive(Deserialize)]
struct Problem {
    code: String,
    field: Option<String>,
    detail: Option<String>,
    title: Option<String>,
}

/// A wait, as far as waiters look at it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WaitAnswer {
    /// The wait.
    pub wait: Value,
    /// The job.
    pub job: Job,
}

impl WaitAnswer {
    /// The wait's state, `waiting` or another word of the API.
    #[must_use]
    pub fn state(&self) -> &str {
        self.wait.get("state").and_then(Value::as_str).unwrap_or_default()
    }
}

/// A page of jobs.
#[derive(Debug, Clone, Deserialize)]
pub struct JobsAnswer {
    /// The jobs.
    pub items: Vec<Job>,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// What PutEvents says of one entry.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutEventsEntry {
    /// The event's id, if it was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// Why it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// The same for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEventsAnswer {
    entries: Vec<PutEventsEntry>,
}

/// A monitor's API.
#[derive(Clone)]
pub struct Client {
    base: Url,
    http: reqwest::Client,
    #[cfg(feature = "aws")]
    signer: Option<Arc<Signer>>,
}

impl Client {
    /// A client of the monitor at `base`.
    ///
    /// # Errors
    /// If the HTTP client can't be made.
    pub fn new(base: Url) -> Result<Self, ClientError> {
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|source| ClientError::Unreachable { url: base.clone(), source })?;
        Ok(Self {
            #[cfg(feature = "aws")]
            signer: Signer::of(&base).map(Arc::new),
            base,
            http,
        })
    }

    /// Where the monitor is.
    #[must_use]
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// Asks whether the monitor lives.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn health(&self) -> Result<(), ClientError> {
        self.answer::<Value>(self.call(Method::GET, "healthz")).await.map(drop)
    }

    /// Has the monitor look at a job now.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn refresh(&self, arn: &JobArn) -> Result<Job, ClientError> {
        let path = format!("v1/jobs/{}/refresh", encoded(arn.as_str()));
        self.answer(self.call(Method::POST, &path)).await
    }

    /// Sees that the monitor answers. An outage is told to `outage` and the call made
    /// again, for most of a minute.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn healthy(&self, outage: impl FnMut(&ClientError)) -> Result<(), ClientError> {
        let call = || self.answer::<Value>(self.call(Method::GET, "healthz"));
        retried(call, ClientError::is_outage, outage).await.map(drop)
    }

    /// Registers, re-attaches or renews a wait.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn put_wait(
        &self,
        arn: &JobArn,
        wait_id: &str,
        wait: &impl Serialize,
    ) -> Result<WaitAnswer, ClientError> {
        let call = self.call(Method::PUT, &wait_path(arn, wait_id)).json(wait);
        self.answer(call).await
    }

    /// Reads a wait.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn get_wait(&self, arn: &JobArn, wait_id: &str) -> Result<WaitAnswer, ClientError> {
        self.answer(self.call(Method::GET, &wait_path(arn, wait_id))).await
    }

    /// Cancels a wait.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn cancel_wait(
        &self,
        arn: &JobArn,
        wait_id: &str,
    ) -> Result<WaitAnswer, ClientError> {
        self.answer(self.call(Method::DELETE, &wait_path(arn, wait_id))).await
    }

    /// Reads one page of jobs.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn list_jobs(
        &self,
        filter: &JobFilter,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<JobsAnswer, ClientError> {
        let limit = limit.to_string();
        let words = [
            ("phase", filter.phase.map(monitor::phase::Phase::as_str)),
            ("kind", filter.kind.map(monitor::kind::Kind::as_str)),
            ("run", filter.run.as_deref()),
            ("cursor", cursor),
            ("limit", Some(&limit)),
        ];
        let mut url = self.url("v1/jobs");
        let given = words.iter().filter_map(|(key, word)| Some((key, encoded((*word)?))));
        let pairs: Vec<_> = given.map(|(key, word)| format!("{key}={word}")).collect();
        url.set_query(Some(&pairs.join("&")));
        self.answer(self.http.get(url)).await
    }

    /// Puts events on the local stack's bus, at most
    /// [`PUT_EVENTS_LIMIT`] of them.
    ///
    /// # Errors
    /// [`ClientError`]; events refused one by one are in the answer.
    pub async fn put_events(&self, events: &[Value]) -> Result<Vec<PutEventsEntry>, ClientError> {
        let entries: Vec<Value> = events.iter().map(entry).collect();
        let call = self
            .call(Method::POST, "")
            .header("x-amz-target", "AWSEvents.PutEvents")
            .header("content-type", "application/x-amz-json-1.1")
            .body(json!({ "Entries": entries }).to_string());
        let answer: PutEventsAnswer = self.answer(call).await?;
        Ok(answer.entries)
    }

    fn url(&self, path: &str) -> Url {
        // Joining a plain relative path to an http URL can't fail.
        self.base.join(path).unwrap_or_else(|_| self.base.clone())
    }

    fn call(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.url(path))
    }

    #[cfg(feature = "aws")]
    async fn signed(&self, mut request: Request) -> Result<Request, ClientError> {
        if let Some(signer) = &self.signer {
            signer.sign(&mut request).await?;
        }
        Ok(request)
    }

    /// Only a monitor on this machine takes calls without a signature.
    #[cfg(not(feature = "aws"))]
    async fn signed(&self, request: Request) -> Result<Request, ClientError> {
        Ok(request)
    }

    async fn answer<T: for<'de> Deserialize<'de>>(
        &self,
        call: RequestBuilder,
    ) -> Result<T, ClientError> {
        let unreachable = |source| ClientError::Unreachable { url: self.base.clone(), source };
        let request = self.signed(call.build().map_err(unreachable)?).await?;
        let response = self.http.execute(request).await.map_err(unreachable)?;
        let status = response.status();
        let body = response.bytes().await.map_err(unreachable)?;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|e| ClientError::Answer(e.to_string()));
        }
        Err(serde_json::from_slice::<Problem>(&body).map_or_else(
            |_| ClientError::Problem {
                code: format!("HTTP {status}"),
                field: None,
                detail: String::from_utf8_lossy(&body).chars().take(200).collect(),
            },
            |problem| ClientError::Problem {
                code: problem.code,
                field: problem.field,
                detail: problem.detail.or(problem.title).unwrap_or_default(),
            },
        ))
    }
}

/// Makes a call again while its failure may pass and `again` says so, after pauses
/// of 1, 2, 5, 15 and 30 seconds.
pub(crate) async fn retried<T, E, C, F>(
    mut call: C,
    again: impl Fn(&E) -> bool,
    mut outage: impl FnMut(&E),
) -> Result<T, E>
where
    C: FnMut() -> F,
    F: Future<Output = Result<T, E>>,
{
    let mut retries = 0;
    loop {
        match call().await {
            Err(error) if again(&error) && retries < RETRIES => {
                outage(&error);
                retries += 1;
                tokio::time::sleep(Policy::retry_pause(retries, rand::random())).await;
            }
            other => return other,
        }
    }
}

fn wait_path(arn: &JobArn, wait_id: &str) -> String {
    format!("v1/jobs/{}/waits/{}", encoded(arn.as_str()), encoded(wait_id))
}

fn encoded(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, RESERVED)
}

/// An event as an entry of PutEvents, which takes the detail as text.
fn entry(event: &Value) -> Value {
    let field = |name| event.get(name).cloned().unwrap_or(Value::Null);
    let time = event.get("time").and_then(monitor::time::parse_time);
    json!({
        "Source": field("source"),
        "DetailType": field("detail-type"),
        "Resources": field("resources"),
        "Time": time.map(jiff::Timestamp::as_second),
        "Detail": field("detail").to_string(),
    })
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::http::StatusCode;

    use super::*;

    const ARN: &str = "arn:aws:sagemaker:us-east-1:111122223333:training-job/x";

    async fn refusal(answer: (StatusCode, &'static str)) -> ClientError {
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = Url::parse(&format!("http://{}", socket.local_addr().unwrap())).unwrap();
        let server = axum::serve(socket, Router::new().fallback(move || async move { answer }));
        let server = tokio::spawn(server.into_future());
        let refusal = ask(base).await;
        server.abort();
        refusal
    }

    async fn ask(base: Url) -> ClientError {
        let arn = JobArn::parse(ARN).unwrap();
        Client::new(base).unwrap().get_wait(&arn, "w").await.unwrap_err()
    }

    #[tokio::test]
    async fn only_a_busy_monitor_is_asked_again() {
        let busy = r#"{"code": "try_again"}"#;
        assert!(refusal((StatusCode::SERVICE_UNAVAILABLE, busy)).await.may_pass());
        let wrong = r#"{"code": "invalid_field"}"#;
        assert!(!refusal((StatusCode::BAD_REQUEST, wrong)).await.may_pass());
        assert!(!refusal((StatusCode::SERVICE_UNAVAILABLE, "a proxy")).await.may_pass());
        assert!(!refusal((StatusCode::OK, "no JSON")).await.may_pass());
    }

    #[tokio::test]
    async fn a_connection_that_breaks_may_be_made_again_but_not_one_refused() {
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = Url::parse(&format!("http://{}", socket.local_addr().unwrap())).unwrap();
        let breaks = tokio::spawn(async move {
            let (connection, _) = socket.accept().await.unwrap();
            connection.readable().await.unwrap();
        });
        assert!(ask(base.clone()).await.may_pass());
        breaks.await.unwrap();
        assert!(!ask(base).await.may_pass());
    }
}
