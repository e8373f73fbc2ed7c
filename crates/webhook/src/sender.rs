//! Sends callbacks over HTTP.
//!
//! Promises: every send checks its address again and goes only to an address that was checked. It
//! uses no proxy and follows no redirect. An attempt ends within [`Timeouts::total`]. It reads only
//! a limited part of an answer. The reason of a failure contains neither the secret nor the body. A
//! probe is answered only if the answer proves that the waiter has the secret. Any other 2xx does
//! not count.

mod client;
mod reason;
mod resolver;
mod retry_after;
mod their_time;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use hyper_util::client::legacy::connect::HttpInfo;
use jiff::Timestamp;
use reqwest::{Client, Response};
use sagebell_api_types::{ProbeAnswer, ProbeBody, SignalBody};
use sagebell_monitor::ports::{Clock, Failure, ProbeOutcome, SendOutcome, Sender};
use sagebell_monitor::signal::{Callback, Probe, Signal};
use sagebell_monitor::wait::{CallbackUrl, FailureClass, Secret};
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout_at};

use crate::MAX_BODY;
use crate::guard::Guard;
use crate::recent::Recent;
use crate::sign::{
    HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, proves, sign,
};
use client::{beginning, client, drain, plain_client};
use resolver::VettingResolver;

pub use client::{SetUpError, Timeouts};
pub use resolver::{Lookup, SystemLookup};
pub use retry_after::parse as retry_after;
pub use their_time::date;

/// The number of connections that are remembered because they answered before.
const MAX_KNOWN_CONNECTIONS: usize = 256;

/// One webhook, before it is signed.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// The URL to post to.
    pub url: CallbackUrl,
    /// The secret that signs it.
    pub secret: Secret,
    /// `webhook-id`.
    pub id: String,
    /// The body, at most [`MAX_BODY`] bytes.
    pub body: String,
}

impl Webhook {
    /// The webhook of a callback whose message has this encoding.
    fn of<M>(callback: &Callback<M>, body: serde_json::Result<String>) -> Result<Self, Failure> {
        let body = body.map_err(|error| Failure::new(FailureClass::Internal, error.to_string()))?;
        let (url, secret) = (callback.url.clone(), callback.secret.clone());
        Ok(Self { url, secret, id: callback.id.clone(), body })
    }
}

/// Signs callbacks and posts them to targets that a [`Guard`] allows.
pub struct WebhookSender {
    guard: Arc<Guard>,
    clock: Arc<dyn Clock>,
    resolver: Arc<VettingResolver>,
    timeouts: Timeouts,
    plain: Client,
    /// For `https`. Created when first needed, because reading the machine's root certificates
    /// takes most of a cold start.
    secure: OnceCell<Client>,
    /// For the instant retry. It keeps no connections, so it cannot meet a second dead one. Created
    /// when first needed.
    fresh: OnceCell<Client>,
    /// Connections that have answered once, by their two ends. If one of these breaks, it was
    /// stale. If a new one breaks, the waiter broke it.
    answered: Mutex<Recent<(SocketAddr, SocketAddr)>>,
}

impl WebhookSender {
    /// A sender that resolves names like the machine.
    ///
    /// # Errors
    /// [`SetUpError`] if the HTTP client cannot be created.
    pub fn new(
        guard: Arc<Guard>,
        clock: Arc<dyn Clock>,
        timeouts: Timeouts,
    ) -> Result<Self, SetUpError> {
        Self::with_lookup(guard, clock, timeouts, Arc::new(SystemLookup))
    }

    /// A sender that resolves names with `lookup`. The addresses are still checked.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn with_lookup(
        guard: Arc<Guard>,
        clock: Arc<dyn Clock>,
        timeouts: Timeouts,
        lookup: Arc<dyn Lookup>,
    ) -> Result<Self, SetUpError> {
        let resolver = Arc::new(VettingResolver::new(lookup, Arc::clone(&guard)));
        Ok(Self {
            plain: plain_client(&resolver, timeouts)?,
            secure: OnceCell::new(),
            guard,
            clock,
            resolver,
            timeouts,
            fresh: OnceCell::new(),
            answered: Mutex::new(Recent::new(MAX_KNOWN_CONNECTIONS)),
        })
    }

    /// Signs and posts, and says whether it was accepted.
    pub async fn post(&self, webhook: &Webhook) -> SendOutcome {
        let failed = |failure| SendOutcome::Failed { failure, retry_after: None };
        let outcome = self.try_post(webhook).await.unwrap_or_else(failed);
        let word = match outcome {
            SendOutcome::Delivered => "delivered",
            SendOutcome::Gone => "gone",
            SendOutcome::Failed { .. } => "failed",
        };
        metrics::counter!("sagebell_callbacks_total", "outcome" => word).increment(1);
        outcome
    }

    async fn try_post(&self, webhook: &Webhook) -> Result<SendOutcome, Failure> {
        let deadline = Instant::now() + self.timeouts.total;
        let (response, _) = self.attempt_in_time(webhook, deadline).await?;
        let outcome = self.outcome(&response);
        // The status has said it all; reading on only frees the connection.
        timeout_at(deadline, drain(response)).await.ok();
        Ok(outcome)
    }

    /// Signs and posts a probe. Only the waiter can give the right answer.
    pub async fn ask(&self, webhook: &Webhook) -> ProbeOutcome {
        let answered = self.try_ask(webhook).await;
        answered.map_or_else(ProbeOutcome::Unanswered, |()| ProbeOutcome::Answered)
    }

    async fn try_ask(&self, webhook: &Webhook) -> Result<(), Failure> {
        let deadline = Instant::now() + self.timeouts.total;
        let (response, signed_at) = self.attempt_in_time(webhook, deadline).await?;
        let status = response.status();
        if !status.is_success() {
            let reason = format!("HTTP {} to a probe", status.as_u16());
            return Err(Failure::new(FailureClass::BadStatus, reason));
        }
        let answer = timeout_at(deadline, beginning(response)).await.unwrap_or_default();
        let answer = serde_json::from_slice::<ProbeAnswer>(&answer);
        let is_proof = answer.is_ok_and(|answer| {
            let Webhook { secret, id, body, .. } = webhook;
            proves(secret, id, signed_at, body.as_bytes(), &answer.proof)
        });
        let reason = "the answer does not prove that the waiter has the wait's secret";
        if is_proof { Ok(()) } else { Err(Failure::new(FailureClass::NoProof, reason)) }
    }

    /// One attempt, and another at once if the receiver refused the first because of its time. Also
    /// returns the time that was signed.
    async fn attempt_in_time(
        &self,
        webhook: &Webhook,
        deadline: Instant,
    ) -> Result<(Response, Timestamp), Failure> {
        let now = self.clock.now();
        let response = self.attempt(webhook, now, deadline).await?;
        let Some(theirs) = their_time::instead(&response, now) else {
            return Ok((response, now));
        };
        timeout_at(deadline, drain(response)).await.ok();
        tracing::info!(%theirs, "a waiter's clock differs; signed again with its time");
        Ok((self.attempt(webhook, theirs, deadline).await?, theirs))
    }

    async fn attempt(
        &self,
        webhook: &Webhook,
        now: Timestamp,
        deadline: Instant,
    ) -> Result<Response, Failure> {
        // A literal address never reaches the resolver: this is its check.
        self.guard
            .vet_url(webhook.url.as_url())
            .map_err(|refusal| Failure::new(FailureClass::NotAllowed, refusal.to_string()))?;
        let headers =
            headers(webhook, now).map_err(|reason| Failure::new(FailureClass::Internal, reason))?;
        let late = |_| {
            let reason = format!("no answer within {:?}", self.timeouts.total);
            Failure::new(FailureClass::NoAnswer, reason)
        };
        timeout_at(deadline, self.transfer(webhook, headers)).await.map_err(late)?
    }

    /// Posts, and posts once more at once if a reused connection was dead.
    async fn transfer(&self, webhook: &Webhook, headers: HeaderMap) -> Result<Response, Failure> {
        let body = Bytes::copy_from_slice(webhook.body.as_bytes());
        let url = webhook.url.as_url();
        let request = |client: &Client| {
            let request = client.post(url.clone()).headers(headers.clone());
            request.body(body.clone()).send()
        };
        let reason = |error| reason::of(&error, self.timeouts);
        let pooled = self.pooled(url.scheme()).await.map_err(reason)?;
        let response = match request(pooled).await {
            Err(error) if self.was_stale(&error) => {
                let fresh = self.fresh().await.map_err(reason)?;
                request(fresh).await.map_err(reason)?
            }
            result => result.map_err(reason)?,
        };
        self.remember(&response);
        Ok(response)
    }

    async fn pooled(&self, scheme: &str) -> Result<&Client, reqwest::Error> {
        if scheme != "https" {
            return Ok(&self.plain);
        }
        let connect = async || client(&self.resolver, self.timeouts, usize::MAX);
        self.secure.get_or_try_init(connect).await
    }

    async fn fresh(&self) -> Result<&Client, reqwest::Error> {
        self.fresh.get_or_try_init(async || client(&self.resolver, self.timeouts, 0)).await
    }

    fn was_stale(&self, error: &reqwest::Error) -> bool {
        let known = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        reason::is_broken(error)
            && reason::connection_of(error).is_some_and(|ends| known.contains(&ends))
    }

    fn remember(&self, response: &Response) {
        if let Some(info) = response.extensions().get::<HttpInfo>() {
            let ends = (info.local_addr(), info.remote_addr());
            let mut known = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(ends);
        }
    }

    fn outcome(&self, response: &Response) -> SendOutcome {
        let status = response.status();
        if status.is_success() {
            return SendOutcome::Delivered;
        }
        if status == StatusCode::GONE {
            return SendOutcome::Gone;
        }
        let wish = response.headers().get(RETRY_AFTER);
        let wish = wish.and_then(|value| value.to_str().ok());
        // A date of theirs is told by their clock.
        let now = their_time::date(response.headers()).unwrap_or_else(|| self.clock.now());
        let redirected = status.is_redirection();
        let hint = if redirected { ": redirects are not followed" } else { "" };
        let reason = format!("HTTP {}{hint}", status.as_u16());
        SendOutcome::Failed {
            failure: Failure::new(FailureClass::BadStatus, reason),
            retry_after: wish.and_then(|text| retry_after::parse(text, now)),
        }
    }
}

#[async_trait]
impl Sender for WebhookSender {
    async fn send(&self, callback: &Callback<Signal>) -> SendOutcome {
        let body = SignalBody::new(callback.message.clone()).encoded();
        match Webhook::of(callback, body) {
            Ok(webhook) => self.post(&webhook).await,
            Err(failure) => SendOutcome::Failed { failure, retry_after: None },
        }
    }

    async fn probe(&self, callback: &Callback<Probe>) -> ProbeOutcome {
        let body = serde_json::to_string(&ProbeBody::new(callback.message.clone()));
        match Webhook::of(callback, body) {
            Ok(webhook) => self.ask(&webhook).await,
            Err(failure) => ProbeOutcome::Unanswered(failure),
        }
    }
}

/// The headers of a Standard Webhook, or why there can be none.
fn headers(webhook: &Webhook, now: Timestamp) -> Result<HeaderMap, String> {
    let size = webhook.body.len();
    if size > MAX_BODY {
        return Err(format!("the body has {size} bytes; the limit is {MAX_BODY}"));
    }
    let signature = sign(&webhook.secret, &webhook.id, now, webhook.body.as_bytes())
        .map_err(|error| error.to_string())?;
    let id = HeaderValue::from_str(&webhook.id)
        .map_err(|_| "the signal's id is not valid in a header".to_owned())?;
    let signature = HeaderValue::from_str(&signature)
        .map_err(|_| "the signature is not valid in a header".to_owned())?;
    Ok(HeaderMap::from_iter([
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (HeaderName::from_static(HEADER_WEBHOOK_ID), id),
        (HeaderName::from_static(HEADER_WEBHOOK_TIMESTAMP), now.as_second().into()),
        (HeaderName::from_static(HEADER_WEBHOOK_SIGNATURE), signature),
    ]))
}
