//! Judges one request: is it a signal or a probe, is it for this wait, is it new?

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use sagebell_api_types::{PROBE, ProbeAnswer, ProbeData, SignalBody};
use sagebell_monitor::ports::Clock;
use sagebell_monitor::wait::WaitId;
use serde::Deserialize;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, mpsc};

use super::{CALLBACK_PATH, Stats};
use crate::MAX_BODY;
use crate::recent::Recent;
use crate::sign::{SignedHeaders, Verifier, VerifyError, check_age};

/// How many accepted ids are remembered. Only verified ones are, so that
/// nobody else can push them out.
const MAX_REMEMBERED: usize = 1_024;

/// Why a request is refused; the text is the answer's one line.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("no such path: POST to {CALLBACK_PATH}")]
    Path,
    #[error("method not allowed: POST to {CALLBACK_PATH}")]
    Method,
    #[error("the body is over {MAX_BODY} bytes")]
    TooLarge,
    #[error("the body is incomplete")]
    Broken,
    #[error(transparent)]
    Verify(#[from] VerifyError),
    #[error("the body is not a signal: {0}")]
    Body(#[from] serde_json::Error),
    #[error("this signal is for another wait")]
    Wait,
    #[error("too many signals are waiting, try again")]
    Busy,
    #[error("the waiter needs no more signals")]
    Closed,
}

impl Refused {
    fn status(&self) -> StatusCode {
        match self {
            Self::Path => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Verify(
                VerifyError::Stale { .. }
                | VerifyError::TooNew { .. }
                | VerifyError::UnknownVersion
                | VerifyError::BadSignature,
            ) => StatusCode::UNAUTHORIZED,
            Self::Verify(_) | Self::Broken | Self::Body(_) | Self::Wait => StatusCode::BAD_REQUEST,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Closed => StatusCode::GONE,
        }
    }

    /// The word in [`Stats::refused`].
    fn word(&self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Method => "method",
            Self::TooLarge => "too_large",
            Self::Broken => "broken",
            Self::Verify(error) => match error {
                VerifyError::Missing(_) | VerifyError::Malformed { .. } => "headers",
                VerifyError::Stale { .. } | VerifyError::TooNew { .. } => "timestamp",
                VerifyError::UnknownVersion | VerifyError::BadSignature => "signature",
                VerifyError::Unsignable(_) => "body",
            },
            Self::Body(_) => "body",
            Self::Wait => "wait",
            Self::Busy => "busy",
            Self::Closed => "closed",
        }
    }
}

/// Where requests become signals.
pub(super) struct Intake {
    verifier: Verifier,
    wait_id: WaitId,
    clock: Arc<dyn Clock>,
    signals: mpsc::Sender<SignalBody>,
    /// Told of callbacks that are signed as they must be, but not at this time.
    doubt: Arc<Notify>,
    memory: Mutex<Memory>,
}

/// What signals and probes have in common.
#[derive(Deserialize)]
struct Call {
    #[serde(rename = "type")]
    event_type: String,
    data: ProbeData,
}

struct Memory {
    accepted: Recent<String>,
    stats: Stats,
}

impl Intake {
    pub(super) fn new(
        verifier: Verifier,
        wait_id: WaitId,
        clock: Arc<dyn Clock>,
        signals: mpsc::Sender<SignalBody>,
        doubt: Arc<Notify>,
    ) -> Self {
        let memory = Memory { accepted: Recent::new(MAX_REMEMBERED), stats: Stats::default() };
        Self { verifier, wait_id, clock, signals, doubt, memory: Mutex::new(memory) }
    }

    pub(super) fn stats(&self) -> Stats {
        self.memory().stats.clone()
    }

    pub(super) fn count_refused(&self, word: &'static str) {
        *self.memory().stats.refused.entry(word).or_default() += 1;
    }

    /// 204 for a signal, new or known, and the proof for a probe; else what is wrong, in
    /// one line.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (status, text) = match self.take(request).await {
            Ok(None) => (StatusCode::NO_CONTENT, String::new()),
            Ok(Some(proof)) => (StatusCode::OK, proof),
            Err(refused) => {
                tracing::debug!(reason = %refused, "a callback was refused");
                self.count_refused(refused.word());
                (refused.status(), format!("{refused}\n"))
            }
        };
        let mut response = Response::new(Full::from(text));
        *response.status_mut() = status;
        response
    }

    /// The answer to a probe, or `None` to a signal.
    async fn take(&self, request: Request<Incoming>) -> Result<Option<String>, Refused> {
        let (head, body) = request.into_parts();
        if head.uri.path() != CALLBACK_PATH {
            return Err(Refused::Path);
        }
        if head.method != Method::POST {
            return Err(Refused::Method);
        }
        let body = read(body).await?;
        let headers = SignedHeaders::read(&head.headers)?;
        let second = self.verifier.authenticate(&headers, &body)?;
        let call: Call = serde_json::from_slice(&body)?;
        if call.data.wait_id != self.wait_id {
            return Err(Refused::Wait);
        }
        if call.event_type == PROBE {
            return self.prove(headers.id, second, &body).map(Some);
        }
        if let Err(error) = check_age(self.clock.now().as_second().saturating_sub(second)) {
            // By one of two clocks that differ, or again. It tells nothing, but that it may
            // be time to ask.
            self.doubt.notify_one();
            return Err(error.into());
        }
        self.admit(headers.id, serde_json::from_slice(&body)?)?;
        Ok(None)
    }

    /// Whenever it was signed: the answer to an old probe fits no other, and a waiter
    /// whose clock is wrong is there all the same.
    fn prove(&self, id: &str, second: i64, body: &[u8]) -> Result<String, Refused> {
        if self.signals.is_closed() {
            return Err(Refused::Closed);
        }
        let proof = self.verifier.prove(id, second, body).map_err(VerifyError::from)?;
        self.memory().stats.probes += 1;
        Ok(serde_json::to_string(&ProbeAnswer { proof })?)
    }

    /// Hands a verified signal on, once. A known one is welcome even when the
    /// listener is closed: its sender has only missed our first answer.
    fn admit(&self, id: &str, signal: SignalBody) -> Result<(), Refused> {
        let id = id.to_owned();
        let mut memory = self.memory();
        if memory.accepted.contains(&id) {
            memory.stats.duplicates += 1;
            return Ok(());
        }
        self.signals.try_send(signal).map_err(|error| match error {
            TrySendError::Full(_) => Refused::Busy,
            TrySendError::Closed(_) => Refused::Closed,
        })?;
        memory.accepted.insert(id);
        memory.stats.accepted += 1;
        Ok(())
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The body, if it is not too large.
async fn read(body: Incoming) -> Result<Bytes, Refused> {
    match Limited::new(body, MAX_BODY).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Refused::TooLarge),
        Err(_) => Err(Refused::Broken),
    }
}
