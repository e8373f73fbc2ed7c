//! Opens connections, and answers what a waiter sends down its own.
//!
//! Promise: a frame does what the same call of the API does. It speaks for the principal that
//! opened the connection, whatever it says itself. Every frame is answered.

use std::panic::AssertUnwindSafe;

use axum::response::{IntoResponse as _, Response};
use futures::FutureExt as _;
use jiff::Timestamp;
use metrics::counter;
use sagebell_api_types::{Ask, BadFrame, ErrorCode, Frame, Received, RequestId, WaitAndJobView};
use sagebell_monitor::principal::Principal;
use sagebell_monitor::wait::{ConnectionId, WaitKey};
use sagebell_monitor::wait_registry::ChannelAsked;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use crate::Api;
use crate::extract::{refuse_readers, stop_asked};
use crate::layers::panic_text;
use crate::problem::Problem;
use crate::wait_request::{refused, registration};

impl Api {
    /// Records a connection that this caller asks for. `opened_at` is the gateway's time.
    ///
    /// # Errors
    /// The answer that refuses it: to whom AWS did not authenticate, who may only read, or if the
    /// store does not answer.
    pub async fn open_connection(
        &self,
        id: ConnectionId,
        caller: Option<Principal>,
        opened_at: Timestamp,
    ) -> Result<(), Response> {
        let opened = async {
            let caller = caller.ok_or_else(Problem::caller_unknown)?;
            refuse_readers(self, &caller)?;
            Ok(self.connections.open(id, caller, opened_at).await?)
        };
        opened.await.map_err(Problem::into_response)
    }

    /// The answer to a frame, as text.
    pub async fn answer_frame(&self, connection: &ConnectionId, text: &[u8]) -> String {
        let answer = match Frame::parse(text) {
            Ok(Frame { request_id, ask }) => self.answered(connection, request_id, ask).await,
            Err(BadFrame { request_id, bad }) => failed("none", request_id, refused(bad)),
        };
        // Plain data: serializing it cannot fail.
        answer.encoded().unwrap_or_default()
    }

    async fn answered(
        &self,
        connection: &ConnectionId,
        request_id: RequestId,
        ask: Ask,
    ) -> Received {
        let action = ask.action();
        let span = tracing::error_span!(
            "frame", %connection, action, frame = request_id.as_str(), arn = Empty, wait = Empty,
        );
        // Nothing of the frame is used again, so nothing half changed is seen.
        let carried_out = AssertUnwindSafe(self.carry_out(connection, ask)).catch_unwind();
        let answer = match carried_out.instrument(span).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(problem)) => return failed(action, Some(request_id), problem),
            Err(panic) => {
                let problem = Problem::internal(panic_text(panic.as_ref()));
                return failed(action, Some(request_id), problem);
            }
        };
        count(action, "ok");
        match answer {
            Some(answer) => Received::Wait { request_id, answer: Box::new(answer) },
            None => Received::Pong,
        }
    }

    async fn carry_out(
        &self,
        connection: &ConnectionId,
        ask: Ask,
    ) -> Result<Option<WaitAndJobView>, Problem> {
        match ask {
            Ask::Ping => Ok(None),
            Ask::Wait { arn, wait_id, request } => {
                let key = WaitKey::of(arn, self.holder(connection).await?, wait_id);
                note(&key);
                let channel = ChannelAsked::Connection(connection.clone());
                let registered = self.waits.register(registration(*request, channel, key)?).await?;
                Ok(Some(registered.into()))
            }
            Ask::Cancel { arn, wait_id, stop, force } => {
                let key = WaitKey::of(arn, self.holder(connection).await?, wait_id);
                note(&key);
                let cancelled = self.waits.cancel(&key, stop_asked(stop, force)?).await?;
                Ok(Some(cancelled.into()))
            }
        }
    }

    /// The principal that holds the connection, if it may do more than read.
    async fn holder(&self, connection: &ConnectionId) -> Result<Principal, Problem> {
        let holder = self.connections.holder(connection).await?;
        let holder = holder.ok_or_else(|| {
            let detail = "the connection is not open: open another one and register again";
            Problem::new(ErrorCode::ConnectionNotOpen, detail)
        })?;
        refuse_readers(self, &holder)?;
        Ok(holder)
    }
}

fn failed(action: &'static str, request_id: Option<RequestId>, problem: Problem) -> Received {
    count(action, problem.code().as_str());
    Received::Problem { request_id, problem: Box::new(problem.document()) }
}

fn count(action: &'static str, code: &'static str) {
    counter!("sagebell_frames_total", "action" => action, "code" => code).increment(1);
}

fn note(key: &WaitKey) {
    Span::current().record("arn", key.arn.as_str()).record("wait", key.id.as_str());
}
