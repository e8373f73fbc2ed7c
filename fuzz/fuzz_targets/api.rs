//! Arbitrary calls of the API: never a fault of ours, and every refusal is a
//! problem document with a code.
#![no_main]

use std::sync::LazyLock;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use http_body_util::BodyExt as _;
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use monitor::testing::world::{FakeWorld, TRAINING_ARN};
use monitor::wait::Principal;
use serde_json::Value;
use tower::ServiceExt as _;

#[derive(Arbitrary, Debug)]
enum Path<'a> {
    Any(&'a str),
    Job { arn: Option<&'a str>, rest: &'a str },
    Wait { id: Option<&'a str> },
    Jobs { query: &'a str },
}

#[derive(Arbitrary, Debug)]
enum Body_<'a> {
    Bytes(&'a [u8]),
    /// A registration that is right but for one member.
    Registration { member: &'a str, json: &'a str },
}

#[derive(Arbitrary, Debug)]
struct Call<'a> {
    method: u8,
    path: Path<'a>,
    body: Body_<'a>,
}

impl Path<'_> {
    fn text(&self) -> String {
        match self {
            Self::Any(path) => format!("/{path}"),
            Self::Job { arn, rest } => format!("/v1/jobs/{}/{rest}", arn.unwrap_or(TRAINING_ARN)),
            Self::Wait { id } => {
                let arn = TRAINING_ARN.replace('/', "%2F");
                format!("/v1/jobs/{arn}/waits/{}", id.unwrap_or("w"))
            }
            Self::Jobs { query } => format!("/v1/jobs?{query}"),
        }
    }
}

impl Body_<'_> {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes.to_vec(),
            Self::Registration { member, json } => {
                let member = Value::from(*member);
                format!(
                    r#"{{"callback_url": "http://10.0.0.1:8080/", "secret":
                    "whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=", {member}: {json}}}"#
                )
                .into_bytes()
            }
        }
    }
}

fuzz_target!(|calls: Vec<Call<'_>>| {
    // One world for all runs: making the router takes longer than a call of it.
    static ROUTER: LazyLock<Router> = LazyLock::new(|| {
        let world = FakeWorld::default();
        http_api::router(http_api::Api { waits: world.waits(), jobs: world.jobs() })
    });
    for call in calls.iter().take(8) {
        let methods = [Method::PUT, Method::GET, Method::DELETE, Method::POST, Method::PATCH];
        let request = Request::builder()
            .method(&methods[usize::from(call.method) % methods.len()])
            .uri(call.path.text())
            .extension(Principal("fuzz".to_owned()))
            .body(Body::from(call.body.bytes()));
        // What is no HTTP request never reaches the router.
        let Ok(request) = request else { continue };
        futures::executor::block_on(async {
            let answer = ROUTER.clone().oneshot(request).await.unwrap();
            let status = answer.status();
            // Without SageMaker a refresh is 501; nothing else may be our fault.
            assert!(!status.is_server_error() || status.as_u16() == 501, "{status}: {call:?}");
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            if status.is_client_error() && call.method % 5 != 4 {
                let problem: Value = serde_json::from_slice(&body).expect("a problem document");
                assert!(problem["code"].is_string(), "{problem}");
            }
        });
    }
});
