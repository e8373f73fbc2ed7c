//! Pushes signals down the connections of one WebSocket API.
//!
//! What the calls answer: "PostToConnection" and "GetConnection", Amazon API Gateway Management API
//! reference.

use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_apigatewaymanagement::Client;
use aws_sdk_apigatewaymanagement::primitives::Blob;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_types::SdkConfig;
use metrics::counter;
use sagebell_api_types::{Received, SignalBody};
use sagebell_monitor::ports::{Failure, Gateway, SendOutcome};
use sagebell_monitor::signal::Signal;
use sagebell_monitor::wait::{ConnectionId, FailureClass};

use crate::client::client;
use crate::failure::failure;

/// `GoneException`: the connection "is no longer available".
const GONE: u16 = 410;
/// `LimitExceededException`: the account's rate is used up, or the waiter does not read.
const TOO_MANY: u16 = 429;
/// The pause after [`TOO_MANY`]. The attempts within the call did not help.
const PAUSE: Duration = Duration::from_secs(5);

/// The connections of one stage of one WebSocket API.
#[derive(Debug, Clone)]
pub struct WebSocketGateway {
    config: SdkConfig,
    url: String,
    /// Made when first needed: few sweeps ask for a waiter.
    client: OnceLock<Client>,
}

impl WebSocketGateway {
    /// The connections of the stage at this URL, in the form
    /// `https://{api}.execute-api.{region}.amazonaws.com/{stage}`. Makes no call yet.
    #[must_use]
    pub fn new(config: &SdkConfig, url: &str) -> Self {
        Self { config: config.clone(), url: url.to_owned(), client: OnceLock::new() }
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| client(&self.config, &self.url))
    }

    async fn post(&self, to: &ConnectionId, text: String) -> SendOutcome {
        let post = self.client().post_to_connection().connection_id(to.as_str());
        match post.data(Blob::new(text)).send().await {
            Ok(_) => SendOutcome::Delivered,
            Err(error) => match status(&error) {
                Some(GONE) => SendOutcome::Gone,
                status => SendOutcome::Failed {
                    failure: failure("PostToConnection", &error),
                    retry_after: (status == Some(TOO_MANY)).then_some(PAUSE),
                },
            },
        }
    }
}

#[async_trait]
impl Gateway for WebSocketGateway {
    async fn push(&self, to: &ConnectionId, signal: &Signal) -> SendOutcome {
        let body = SignalBody::new(signal.clone());
        let outcome = match Received::Signal(Box::new(body)).encoded() {
            Ok(text) => self.post(to, text).await,
            Err(error) => SendOutcome::Failed {
                failure: Failure::new(FailureClass::Internal, error.to_string()),
                retry_after: None,
            },
        };
        let label = match outcome {
            SendOutcome::Delivered => "delivered",
            SendOutcome::Gone => "gone",
            SendOutcome::Failed { .. } => "failed",
        };
        counter!("sagebell_pushes_total", "outcome" => label).increment(1);
        outcome
    }

    async fn is_open(&self, id: &ConnectionId) -> Result<bool, Failure> {
        match self.client().get_connection().connection_id(id.as_str()).send().await {
            Ok(_) => Ok(true),
            Err(error) if status(&error) == Some(GONE) => Ok(false),
            Err(error) => Err(failure("GetConnection", &error)),
        }
    }
}

/// The status of the answer, if there was one.
fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    let SdkError::ServiceError(refused) = error else { return None };
    Some(refused.raw().status().as_u16())
}
