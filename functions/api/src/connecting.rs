//! Connections, as API Gateway reports them: that one was opened or closed, and what a waiter sent.
//!
//! Promise: a connection is its opener's, as AWS authenticated it. What is sent later says nothing
//! about who sent it.
//!
//! The names in an event: "WebSocket API mapping template reference for API Gateway" (`eventType`,
//! `connectionId`, `connectedAt` in milliseconds, `identity.userArn`). What is answered: the status
//! of `CONNECT` becomes that of the handshake ("Manage connected users and client apps: `$connect`
//! and `$disconnect` routes"), and the body of any other answer goes to the waiter if its route has
//! a response ("Set up route responses for WebSocket APIs", all in the API Gateway developer guide).

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use lambda_http::aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequestContext as Context;
use lambda_http::http::StatusCode;
use lambda_http::request::RequestContext;
use sagebell_api_types::FRAME_LIMIT;
use sagebell_http_api::Api;
use sagebell_http_api::principal::principal_of;
use sagebell_monitor::principal::Principal;
use sagebell_monitor::wait::ConnectionId;
use sagebell_runtime::Auth;

use crate::caller::ANYONE;

/// Who answers, and whether AWS authenticates.
#[derive(Clone)]
pub(crate) struct Connecting {
    pub(crate) api: Api,
    pub(crate) auth: Auth,
}

/// Handles an event of the WebSocket API. Every other request goes on.
pub(crate) async fn handle(
    State(connecting): State<Connecting>,
    request: Request,
    next: Next,
) -> Response {
    let Some(RequestContext::WebSocket(context)) = request.extensions().get() else {
        return next.run(request).await;
    };
    let event = Event::of(context, connecting.auth);
    match event {
        Some(event) => connecting.answer(event, request).await,
        None => (StatusCode::BAD_REQUEST, "not an event of a connection\n").into_response(),
    }
}

/// What happened.
#[derive(Debug, PartialEq, Eq)]
enum Event {
    Opened { id: ConnectionId, caller: Option<Principal>, at: Timestamp },
    Sent { id: ConnectionId },
    Closed { id: ConnectionId, why: String },
}

impl Event {
    fn of(context: &Context, auth: Auth) -> Option<Self> {
        let id = ConnectionId::parse(context.connection_id.as_deref()?).ok()?;
        match context.event_type.as_deref()? {
            "CONNECT" => {
                let at = Timestamp::from_millisecond(context.connected_at).ok()?;
                let caller = match auth {
                    Auth::None => Some(Principal(ANYONE.to_owned())),
                    Auth::Iam => context.identity.user_arn.as_deref().and_then(principal_of),
                };
                Some(Self::Opened { id, caller, at })
            }
            "MESSAGE" => Some(Self::Sent { id }),
            "DISCONNECT" => {
                let why = context.disconnect_reason.clone().unwrap_or_default();
                Some(Self::Closed { id, why })
            }
            _ => None,
        }
    }
}

impl Connecting {
    async fn answer(&self, event: Event, request: Request) -> Response {
        match event {
            Event::Opened { id, caller, at } => {
                match self.api.open_connection(id.clone(), caller, at).await {
                    Ok(()) => StatusCode::OK.into_response(),
                    Err(refused) => {
                        tracing::warn!(connection = %id, status = %refused.status(), "refused");
                        refused
                    }
                }
            }
            Event::Sent { id } => {
                let sent = axum::body::to_bytes(request.into_body(), FRAME_LIMIT).await;
                // Longer ones never come: API Gateway closes their connection.
                self.api.answer_frame(&id, &sent.unwrap_or_default()).await.into_response()
            }
            Event::Closed { id, why } => match self.api.connections.close(&id).await {
                Ok(()) => {
                    tracing::info!(connection = %id, why, "a connection ended");
                    StatusCode::OK.into_response()
                }
                // Nobody reports it again. A push or a sweep finds out.
                Err(error) => {
                    tracing::error!(connection = %id, %error, "the end of a connection was not recorded");
                    StatusCode::SERVICE_UNAVAILABLE.into_response()
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parts that matter of an event, in the form of `aws-lambda-events`' own sample
    /// (`example-apigw-websocket-request-without-method.json`).
    fn event(kind: &str, more: &str) -> lambda_http::Request {
        let event = format!(
            r#"{{"requestContext": {{"routeKey": "${kind}", "eventType": "{kind}", "stage": "v1",
                "connectedAt": 1645556857902, "requestTimeEpoch": 1645556857902, "requestId": "r=",
                "domainName": "a1b2.execute-api.us-east-1.amazonaws.com", "apiId": "a1b2",
                "connectionId": "L0SM9cOFvHcCIhw=", {more}}}, "body": "{{}}", "isBase64Encoded": false}}"#
        );
        lambda_http::request::from_str(&event).unwrap()
    }

    fn read(event: &lambda_http::Request) -> Option<Event> {
        let Some(RequestContext::WebSocket(context)) = event.extensions().get() else {
            return None;
        };
        Event::of(context, Auth::Iam)
    }

    fn id() -> ConnectionId {
        ConnectionId::parse("L0SM9cOFvHcCIhw=").unwrap()
    }

    #[test]
    fn a_connection_is_its_openers() {
        let who = r#""identity": {"sourceIp": "203.0.113.1",
            "userArn": "arn:aws:sts::111122223333:assumed-role/pipeline/pod-1"}"#;
        let caller = Some(Principal("111122223333:role/pipeline".to_owned()));
        let at = "2022-02-22T19:07:37.902Z".parse().unwrap();
        let opened = Event::Opened { id: id(), caller, at };
        assert_eq!(read(&event("CONNECT", who)), Some(opened));
    }

    #[test]
    fn whom_aws_did_not_authenticate_is_nobody() {
        for identity in [r#"{"sourceIp": "203.0.113.1"}"#, r#"{"userArn": "someone"}"#] {
            let read = read(&event("CONNECT", &format!(r#""identity": {identity}"#)));
            assert!(matches!(read, Some(Event::Opened { caller: None, .. })), "{read:?}");
        }
    }

    #[test]
    fn what_is_sent_and_the_end_are_told_apart() {
        let identity = r#""identity": {"sourceIp": "203.0.113.1"}"#;
        assert_eq!(read(&event("MESSAGE", identity)), Some(Event::Sent { id: id() }));
        let gone = r#""identity": {}, "disconnectStatusCode": 1001, "disconnectReason": "Idle""#;
        let closed = Event::Closed { id: id(), why: "Idle".to_owned() };
        assert_eq!(read(&event("DISCONNECT", gone)), Some(closed));
        assert_eq!(read(&event("OTHER", identity)), None);
    }
}
