//! Reads the body of a registration.

use axum::extract::{FromRequest, Request};
use sagebell_api_types::{BadBody, ErrorCode, WaitRequest};
use sagebell_monitor::wait::WaitKey;
use sagebell_monitor::wait_registry::{ChannelAsked, Registration};

use crate::extract::read_body;
use crate::problem::Problem;

/// The largest accepted body, in bytes.
pub(crate) const BODY_LIMIT: usize = 64 * 1_024;

/// A registration's body, read and vetted.
pub(crate) struct WaitBody(WaitRequest);

impl<S: Send + Sync> FromRequest<S> for WaitBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let body = read_body(request.into_body(), BODY_LIMIT).await?;
        WaitRequest::parse(&body).map(Self).map_err(refused)
    }
}

impl WaitBody {
    /// The registration of this wait for its owner.
    pub(crate) fn registration(mut self, key: WaitKey) -> Result<Registration, Problem> {
        let channel = match (self.0.callback_url.take(), self.0.secret.take()) {
            (Some(url), Some(secret)) => ChannelAsked::Callback { url, secret },
            _ => ChannelAsked::None,
        };
        registration(self.0, channel, key)
    }
}

/// The registration of this wait, to be told through this channel.
pub(crate) fn registration(
    asked: WaitRequest,
    channel: ChannelAsked,
    key: WaitKey,
) -> Result<Registration, Problem> {
    Ok(Registration {
        arn: key.arn,
        id: key.id,
        owner: key.owner.ok_or_else(Problem::caller_unknown)?,
        channel,
        signal_on: asked.signal_on,
        not_before: asked.not_before,
        lease_seconds: asked.lease_seconds,
        deadline: asked.deadline,
        on_abandon: asked.on_abandon,
        labels: asked.labels,
    })
}

pub(crate) fn refused(bad: BadBody) -> Problem {
    match bad {
        BadBody::Field { name, problem } => Problem::invalid_field(name, problem),
        BadBody::NotAnObject(what) => Problem::new(ErrorCode::InvalidBody, what),
    }
}
