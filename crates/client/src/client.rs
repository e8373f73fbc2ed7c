//! The client of the API and of PutEvents.

mod answer;
mod error;
mod jobs;
mod pass_on;
#[cfg(test)]
mod tests;

#[cfg(feature = "aws")]
use std::sync::Arc;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Method, Request, RequestBuilder, Response, Version};
use sagebell_api_types::put_events::{self, AnswerEntry, RequestEntry};
use sagebell_api_types::{ConnectView, ErrorCode, PrincipalView, WaitAndJobView, WaitRequest};
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::policy::Policy;
use sagebell_monitor::ports::Entropy as _;
use sagebell_system::RandomEntropy;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::connection::{OpenError, with_socket_keep_alive};
#[cfg(feature = "aws")]
use crate::signature::Signer;

pub use error::{ClientError, FINAL_CODES};
pub use pass_on::{Answered, Asked};

/// The time limit of one call, from connecting to the last byte.
const TIMEOUT: Duration = Duration::from_secs(20);
/// The time limit for connecting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// All characters except the unreserved ones of RFC 3986: the encoding that signatures use. A
/// verifier reads such a path in the same way, whether it decodes it first or not.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The number of retries of a first call. Their pauses of 1, 2, 5, 15 and 30 seconds add up to
/// almost a minute.
const RETRIES: u32 = 5;
/// The longest `Retry-After` that a first call follows.
const LONGEST_WISH: Duration = Duration::from_secs(30);
/// A client of a monitor's API.
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
    /// If the HTTP client cannot be created.
    pub fn new(base: Url) -> Result<Self, ClientError> {
        let http = with_socket_keep_alive(reqwest::Client::builder())
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

    /// The URL of the monitor.
    #[must_use]
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// Checks that the monitor answers.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn health(&self) -> Result<(), ClientError> {
        self.answer::<Value>(self.call(Method::GET, "healthz")).await.map(drop)
    }

    /// The principal of the caller. This call also shows that the monitor is there and accepts the
    /// caller's calls. `None`: the monitor has version 0.1.0, which does not have this call.
    ///
    /// The call is retried while `again` returns true for its error, for almost a minute. `outage`
    /// receives each error.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn principal(
        &self,
        again: fn(&ClientError) -> bool,
        mut outage: impl FnMut(&ClientError),
    ) -> Result<Option<String>, ClientError> {
        let mut retries = 0;
        loop {
            let error = match self.answer(self.call(Method::GET, "v1/principal")).await {
                Ok(PrincipalView { principal }) => return Ok(Some(principal)),
                Err(ClientError::Problem { code, .. }) if code == ErrorCode::NotFound.as_str() => {
                    return Ok(None);
                }
                Err(error) => error,
            };
            if retries == RETRIES || !again(&error) {
                return Err(error);
            }
            outage(&error);
            retries += 1;
            let wish = error.retry_after().unwrap_or_default().min(LONGEST_WISH);
            let pause = Policy::retry_pause(retries, RandomEntropy.unit());
            tokio::time::sleep(pause.max(wish)).await;
        }
    }

    /// Registers, re-attaches or renews a wait.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn put_wait(
        &self,
        arn: &JobArn,
        wait_id: &str,
        wait: &WaitRequest,
    ) -> Result<WaitAndJobView, ClientError> {
        let call = self.call(Method::PUT, &wait_path(arn, wait_id)).json(wait);
        self.answer(call).await
    }

    /// Reads a wait.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn get_wait(
        &self,
        arn: &JobArn,
        wait_id: &str,
    ) -> Result<WaitAndJobView, ClientError> {
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
    ) -> Result<WaitAndJobView, ClientError> {
        self.answer(self.call(Method::DELETE, &wait_path(arn, wait_id))).await
    }

    /// Sends events to the local stack, at most [`put_events::LIMIT`] of them.
    ///
    /// # Errors
    /// [`ClientError`]. The answer contains the events that were refused one by one.
    pub async fn put_events(&self, events: &[Value]) -> Result<Vec<AnswerEntry>, ClientError> {
        let request =
            put_events::Request { entries: events.iter().map(RequestEntry::of).collect() };
        let call = self
            .call(Method::POST, "")
            .header(put_events::TARGET_HEADER, put_events::TARGET)
            .header(CONTENT_TYPE, put_events::AMZ_JSON)
            .json(&request);
        let answer: put_events::Answer = self.answer(call).await?;
        Ok(answer.entries)
    }

    /// Asks where connections are opened.
    ///
    /// # Errors
    /// [`ClientError`]. Code `not_found`: the monitor has no connections.
    pub(crate) async fn connect_url(&self) -> Result<String, ClientError> {
        let ConnectView { url } = self.answer(self.call(Method::GET, "v1/connect")).await?;
        Ok(url)
    }

    /// Sends a request that asks for an upgrade, signed for API Gateway if other calls are signed.
    /// The headers of the upgrade are not: they are for the next hop only.
    ///
    /// # Errors
    /// [`OpenError`].
    pub(crate) async fn upgrade(
        &self,
        url: &Url,
        upgrade: &HeaderMap,
    ) -> Result<Response, OpenError> {
        let mut response = self.try_upgrade(url, upgrade).await?;
        if self.was_signed_late(&response) {
            response = self.try_upgrade(url, upgrade).await?;
        }
        Ok(response)
    }

    async fn try_upgrade(&self, url: &Url, upgrade: &HeaderMap) -> Result<Response, OpenError> {
        let unreachable = |source| OpenError::Unreachable { url: Box::new(url.clone()), source };
        let request = self.http.get(url.clone()).version(Version::HTTP_11);
        let mut request = request.build().map_err(unreachable)?;
        #[cfg(feature = "aws")]
        if let Some(signer) = &self.signer {
            signer.sign_connection(&mut request).await.map_err(ClientError::from)?;
        }
        request.headers_mut().extend(upgrade.clone());
        self.http.execute(request).await.map_err(unreachable)
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

    /// Whether the call with this answer was signed with another time than AWS's, and must be
    /// repeated. Function URLs answer 403 then
    /// (<https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html>).
    #[cfg(feature = "aws")]
    fn was_signed_late(&self, answer: &Response) -> bool {
        let was_off =
            self.signer.as_ref().is_some_and(|signer| signer.learn_from(answer.headers()));
        was_off && answer.status() == reqwest::StatusCode::FORBIDDEN
    }

    #[cfg(not(feature = "aws"))]
    fn was_signed_late(&self, _: &Response) -> bool {
        false
    }

    /// Only a monitor on this machine accepts calls without a signature.
    #[cfg(not(feature = "aws"))]
    async fn signed(&self, request: Request) -> Result<Request, ClientError> {
        Ok(request)
    }

    async fn send(&self, request: Request) -> Result<Response, ClientError> {
        let request = self.signed(request).await?;
        let unreachable = |source| ClientError::Unreachable { url: self.base.clone(), source };
        self.http.execute(request).await.map_err(unreachable)
    }

    async fn answer<T: for<'de> Deserialize<'de>>(
        &self,
        call: RequestBuilder,
    ) -> Result<T, ClientError> {
        let unreachable = |source| ClientError::Unreachable { url: self.base.clone(), source };
        let request = call.build().map_err(unreachable)?;
        let again = request.try_clone();
        let mut response = self.send(request).await?;
        if let Some(again) = again.filter(|_| self.was_signed_late(&response)) {
            response = self.send(again).await?;
        }
        answer::read(&self.base, response).await
    }
}

fn wait_path(arn: &JobArn, wait_id: &str) -> String {
    format!("v1/jobs/{}/waits/{}", encoded(arn.as_str()), encoded(wait_id))
}

fn encoded(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, RESERVED)
}
