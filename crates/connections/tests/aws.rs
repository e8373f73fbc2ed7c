//! The adapters against a server that answers as API Gateway and a function URL do.
//!
//! Sources: "PostToConnection" and "GetConnection", Amazon API Gateway Management API reference (paths,
//! statuses, exceptions); "Control access to Lambda function URLs", Lambda developer guide (the service
//! that signatures name).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use sagebell_api_types::{Received, SignalBody};
use sagebell_connections::{FunctionUrl, WebSocketGateway};
use sagebell_monitor::ports::{Failure, Gateway as _, Reachability as _, SendOutcome};
use sagebell_monitor::signal::Signal;
use sagebell_monitor::testing::{ManualClock, samples};
use sagebell_monitor::wait::{ConnectionId, FailureClass, WaitId};
use tokio::net::TcpListener;

/// What an id of API Gateway's looks like.
const ID: &str = "L0SM9cOFvHcCIhw=";

struct Request {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: String,
}

/// An AWS that answers every call with the next of these, and with the last one for ever.
struct Aws {
    config: SdkConfig,
    url: String,
    answers: Mutex<Vec<(u16, &'static str)>>,
    asked: Mutex<Vec<Request>>,
}

impl Aws {
    async fn answering(answers: &[(u16, &'static str)]) -> Arc<Self> {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            // The one of the whole account: no connection is there.
            .endpoint_url("http://127.0.0.1:1")
            .build();
        let aws = Arc::new(Self {
            config,
            url: format!("http://{}", socket.local_addr().unwrap()),
            answers: Mutex::new(answers.to_vec()),
            asked: Mutex::default(),
        });
        let routes = Router::new().fallback(answer).with_state(Arc::clone(&aws));
        tokio::spawn(async move { axum::serve(socket, routes).await });
        aws
    }

    fn gateway(&self) -> WebSocketGateway {
        WebSocketGateway::new(&self.config, &format!("{}/v1", self.url))
    }

    fn api(&self) -> FunctionUrl {
        FunctionUrl::new(&self.config, &format!("{}/", self.url), Arc::new(ManualClock::default()))
    }

    fn asked(&self) -> Vec<Request> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

async fn answer(
    State(aws): State<Arc<Aws>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body = String::from_utf8(body.to_vec()).unwrap();
    aws.asked.lock().unwrap().push(Request { method, uri, headers, body });
    let mut answers = aws.answers.lock().unwrap();
    let (status, code) = *answers.first().unwrap();
    if answers.len() > 1 {
        answers.remove(0);
    }
    let kind = [("x-amzn-errortype", code)];
    (StatusCode::from_u16(status).unwrap(), kind, "{}").into_response()
}

fn id() -> ConnectionId {
    ConnectionId::parse(ID).unwrap()
}

fn signal() -> Signal {
    let job = samples::job(&samples::arn("x"), "2026-11-02T12:00:00Z".parse().unwrap()).job;
    Signal { wait_id: WaitId::parse("w").unwrap(), seq: 7, job }
}

/// Whether a header says that the call was signed for this service.
fn is_signed_for(service: &str, request: &Request) -> bool {
    let signature = request.headers[header::AUTHORIZATION].to_str().unwrap();
    signature.contains(&format!("/us-east-1/{service}/aws4_request"))
}

fn failure(outcome: SendOutcome) -> Failure {
    let SendOutcome::Failed { failure, .. } = outcome else { panic!("{outcome:?}") };
    failure
}

#[tokio::test]
async fn a_signal_is_posted_to_its_connection_as_the_waiter_reads_it() {
    let aws = Aws::answering(&[(200, "")]).await;
    assert_eq!(aws.gateway().push(&id(), &signal()).await, SendOutcome::Delivered);
    let [asked] = &aws.asked()[..] else { panic!() };
    assert_eq!(asked.method, Method::POST);
    assert_eq!(asked.uri.path(), "/v1/@connections/L0SM9cOFvHcCIhw%3D");
    assert!(is_signed_for("execute-api", asked));
    let sent = Received::Signal(Box::new(SignalBody::new(signal())));
    assert_eq!(Received::parse(&asked.body), sent);
}

#[tokio::test]
async fn only_the_gateways_word_that_it_is_gone_counts_as_gone() {
    for (answer, class) in [
        ((400, "BadRequestException"), FailureClass::BadStatus),
        ((403, "ForbiddenException"), FailureClass::Internal),
        ((404, "NotFoundException"), FailureClass::BadStatus),
        ((413, "PayloadTooLargeException"), FailureClass::BadStatus),
        ((500, "InternalServerError"), FailureClass::BadStatus),
    ] {
        let aws = Aws::answering(&[answer]).await;
        let pushed = failure(aws.gateway().push(&id(), &signal()).await);
        assert_eq!(pushed.class, class, "{answer:?}");
        assert!(pushed.reason.contains(answer.1), "{}", pushed.reason);
        assert_eq!(aws.gateway().is_open(&id()).await.unwrap_err().class, class, "{answer:?}");
    }
    let aws = Aws::answering(&[(410, "GoneException")]).await;
    assert_eq!(aws.gateway().push(&id(), &signal()).await, SendOutcome::Gone);
    assert_eq!(aws.gateway().is_open(&id()).await, Ok(false));
    assert_eq!(aws.asked().len(), 2, "it is asked once");
}

#[tokio::test]
async fn an_open_connection_is_open() {
    let aws = Aws::answering(&[(200, "")]).await;
    assert_eq!(aws.gateway().is_open(&id()).await, Ok(true));
    let [asked] = &aws.asked()[..] else { panic!() };
    assert_eq!(
        (&asked.method, asked.uri.path()),
        (&Method::GET, "/v1/@connections/L0SM9cOFvHcCIhw%3D")
    );
}

#[tokio::test]
async fn a_throttled_push_is_tried_again_and_then_given_a_pause() {
    let limit = (429, "LimitExceededException");
    let aws = Aws::answering(&[limit, limit, (200, "")]).await;
    assert_eq!(aws.gateway().push(&id(), &signal()).await, SendOutcome::Delivered);
    assert_eq!(aws.asked().len(), 3);

    let aws = Aws::answering(&[limit]).await;
    let outcome = aws.gateway().push(&id(), &signal()).await;
    let SendOutcome::Failed { retry_after: Some(pause), .. } = outcome else {
        panic!("{outcome:?}")
    };
    assert!(!pause.is_zero());
    assert_eq!(aws.asked().len(), 3);
}

#[tokio::test]
async fn a_gateway_that_is_not_there_is_no_evidence() {
    let aws = Aws::answering(&[(200, "")]).await;
    let gateway = WebSocketGateway::new(&aws.config, "http://127.0.0.1:1/v1");
    assert_eq!(gateway.is_open(&id()).await.unwrap_err().class, FailureClass::NoConnection);
    let pushed = failure(gateway.push(&id(), &signal()).await);
    assert_eq!(pushed.class, FailureClass::NoConnection);
}

#[tokio::test]
async fn the_api_is_called_as_waiters_call_it() {
    let aws = Aws::answering(&[(200, "")]).await;
    aws.api().check().await.unwrap();
    let [asked] = &aws.asked()[..] else { panic!() };
    assert_eq!((&asked.method, asked.uri.path()), (&Method::GET, "/healthz"));
    assert!(is_signed_for("lambda", asked));
    let host = asked.headers[header::HOST].to_str().unwrap();
    assert_eq!(format!("http://{host}"), aws.url);
    // The clock of a test is not the system's.
    assert_eq!(asked.headers["x-amz-date"], "20260101T000000Z");
}

#[tokio::test]
async fn an_api_that_does_not_answer_well_is_out_of_reach() {
    for status in [202, 302, 403, 429, 500, 502, 503] {
        let aws = Aws::answering(&[(status, "")]).await;
        let failure = aws.api().check().await.unwrap_err();
        assert_eq!(failure.class, FailureClass::BadStatus, "{status}");
        assert!(failure.reason.contains(&status.to_string()), "{}", failure.reason);
        assert_eq!(aws.asked().len(), 1, "the next sweep asks again");
    }
    let aws = Aws::answering(&[(200, "")]).await;
    let clock = Arc::new(ManualClock::default());
    let nobody = FunctionUrl::new(&aws.config, "http://127.0.0.1:1", clock.clone());
    assert_eq!(nobody.check().await.unwrap_err().class, FailureClass::NoConnection);
    let nameless = SdkConfig::builder().region(Region::new("us-east-1")).build();
    let unsigned = FunctionUrl::new(&nameless, &aws.url, clock);
    assert_eq!(unsigned.check().await.unwrap_err().class, FailureClass::Internal);
    assert!(aws.asked().is_empty());
}
