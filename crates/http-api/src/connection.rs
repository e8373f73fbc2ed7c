//! Answers what a waiter sends down its connection.
//!
//! Promise: a frame does what the same call of the API does. It speaks for the principal that
//! opened the connection, whatever it says itself. Every frame is answered.

use metrics::counter;
use sagebell_api_types::{
    Ask, BadFrame, ErrorCode, Frame, ProblemDocument, Received, RequestId, WaitAndJobView,
};
use sagebell_monitor::principal::Principal;
use sagebell_monitor::wait::{ConnectionId, WaitKey};
use sagebell_monitor::wait_registry::ChannelAsked;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use crate::Api;
use crate::extract::{refuse_readers, stop_asked};
use crate::problem::Problem;
use crate::wait_request::{refused, registration};

impl Api {
    /// The answer to a frame, as text.
    pub async fn answer_frame(&self, connection: &ConnectionId, text: &[u8]) -> String {
        let (request_id, frame) = match Frame::parse(text) {
            Ok(frame) => (Some(frame.request_id), Ok(frame.ask)),
            Err(BadFrame { request_id, bad }) => (request_id, Err(refused(bad))),
        };
        let action = frame.as_ref().map_or("none", Ask::action);
        let sent_as = request_id.as_ref().map(RequestId::as_str);
        let span = tracing::error_span!(
            "frame", %connection, action, frame = sent_as, arn = Empty, wait = Empty,
        );
        let answer = match frame {
            Ok(ask) => self.carry_out(connection, ask).instrument(span).await,
            Err(bad) => Err(bad),
        };
        let code = answer.as_ref().err().map_or("ok", Problem::code);
        counter!("sagebell_frames_total", "action" => action, "code" => code).increment(1);
        let answer = match (answer, request_id) {
            (Ok(Some(answer)), Some(request_id)) => {
                Received::Wait { request_id, answer: Box::new(answer) }
            }
            (Ok(_), Some(request_id)) => Received::Pong { request_id },
            (Ok(_), None) => Received::Other(String::new()),
            (Err(problem), request_id) => {
                Received::Problem { request_id, problem: Box::new(problem.into()) }
            }
        };
        answer.encoded().unwrap_or_default()
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

fn note(key: &WaitKey) {
    Span::current().record("arn", key.arn.as_str()).record("wait", key.id.as_str());
}

impl From<Problem> for ProblemDocument {
    fn from(problem: Problem) -> Self {
        problem.document()
    }
}
