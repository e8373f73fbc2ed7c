//! AWS JSON 1.1 over HTTP, and A2I's own paths for human loops.
//! <https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html>

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::fmt::rfc2822::DateTimePrinter;
use serde_json::{Map, Value, json};

use crate::error::AwsError;
use crate::faults::{Fault, FaultRule};
use crate::operations::{self, Call};
use crate::server::hang_up;
use crate::shared::{Shared, lock};

const DEFAULT_REGION: &str = "us-east-1";
/// Longest region name that is believed, in bytes.
const MAX_REGION: usize = 32;

type Input = Map<String, Value>;

/// The routes of the service.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/", post(json_1_1))
        .route("/human-loops", post(start_human_loop).get(list_human_loops))
        .route("/human-loops/stop", post(stop_human_loop))
        .route("/human-loops/{name}", get(describe_human_loop).delete(delete_human_loop))
}

async fn json_1_1(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    let Some(operation) = target.and_then(|target| target.strip_prefix("SageMaker.")) else {
        let message = "X-Amz-Target is not SageMaker.OPERATION";
        return refuse(&AwsError::new("UnknownOperationException", message));
    };
    match serde_json::from_slice(&body) {
        Ok(input) => answer(&shared, operation, &headers, (input, body.len())).await,
        Err(problem) => refuse(&AwsError::new("SerializationException", problem.to_string())),
    }
}

async fn start_human_loop(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Json(input): Json<Input>,
) -> Response {
    answer(&shared, "StartHumanLoop", &headers, (input, 0)).await
}

async fn stop_human_loop(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Json(input): Json<Input>,
) -> Response {
    answer(&shared, "StopHumanLoop", &headers, (input, 0)).await
}

async fn describe_human_loop(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Path(name): Path<String>,
) -> Response {
    answer(&shared, "DescribeHumanLoop", &headers, (named(&name), 0)).await
}

async fn delete_human_loop(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Path(name): Path<String>,
) -> Response {
    answer(&shared, "DeleteHumanLoop", &headers, (named(&name), 0)).await
}

fn named(name: &str) -> Input {
    Map::from_iter([("HumanLoopName".to_owned(), json!(name))])
}

async fn list_human_loops(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let number = |text: &str| text.parse::<u64>().ok().map(Value::from);
    let member = |(key, text): (String, String)| {
        let value = number(&text).filter(|_| key == "MaxResults");
        (key, value.unwrap_or_else(|| json!(text)))
    };
    let input = query.into_iter().map(member).collect();
    answer(&shared, "ListHumanLoops", &headers, (input, 0)).await
}

/// Answers a call, or does what the next fault for it says.
async fn answer(
    shared: &Shared,
    operation: &str,
    headers: &HeaderMap,
    (input, size): (Input, usize),
) -> Response {
    let call = Call { operation: operation.to_owned(), region: region(headers), input };
    lock(&shared.journal).called(&call, size);
    let is_allowed = lock(&shared.quotas).take(operation, shared.clock.now());
    let fault = lock(&shared.faults).take(operation);
    let mut response = match fault {
        None if !is_allowed => refuse(&AwsError::new("ThrottlingException", "Rate exceeded")),
        None => perform(shared, &call),
        Some(FaultRule { fault: Fault::Slow, millis, .. }) => {
            shared.clock.sleep(Duration::from_millis(millis)).await;
            perform(shared, &call)
        }
        Some(FaultRule { fault: Fault::LostAnswer, .. }) => {
            perform(shared, &call);
            hang_up()
        }
        Some(FaultRule { fault: Fault::Reset, .. }) => hang_up(),
        Some(rule) => refuse(&asked_for(rule)),
    };
    // By the clock that the world goes by, which a test may have set.
    let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&shared.clock.now());
    if let Some(date) = date.ok().and_then(|date| HeaderValue::try_from(date).ok()) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

fn asked_for(rule: FaultRule) -> AwsError {
    match rule.fault {
        Fault::ServerError => AwsError {
            status: 500,
            code: "InternalFailure".to_owned(),
            message: "The request processing has failed because of an unknown error.".to_owned(),
        },
        Fault::Error => AwsError::new(
            rule.code.as_deref().unwrap_or("ValidationException"),
            rule.message.unwrap_or_default(),
        ),
        _ => AwsError::new("ThrottlingException", "Rate exceeded"),
    }
}

fn perform(shared: &Shared, call: &Call) -> Response {
    let done = shared.with_world(|state, now| operations::handle(state, call, now));
    done.map_or_else(|error| refuse(&error), |value| respond(StatusCode::OK, None, &value))
}

fn refuse(error: &AwsError) -> Response {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
    let body = json!({ "__type": error.code, "message": error.message });
    respond(status, Some(&error.code), &body)
}

fn respond(status: StatusCode, error: Option<&str>, body: &Value) -> Response {
    let content_type = [(header::CONTENT_TYPE, "application/x-amz-json-1.1".to_owned())];
    let id = [("x-amzn-requestid", uuid::Uuid::new_v4().to_string())];
    let error = error.map(|code| [("x-amzn-errortype", code.to_owned())]);
    match error {
        Some(error) => (status, content_type, id, error, body.to_string()).into_response(),
        None => (status, content_type, id, body.to_string()).into_response(),
    }
}

/// The region in a signature's credential scope:
/// `Credential=KEY/DATE/REGION/SERVICE/aws4_request`.
fn region(headers: &HeaderMap) -> String {
    let signed = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let scope = signed.and_then(|text| text.split_once("Credential=")).map(|(_, scope)| scope);
    let region = scope.and_then(|scope| scope.split('/').nth(2));
    let is_one = |region: &&str| {
        let word =
            region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        !region.is_empty() && region.len() <= MAX_REGION && word
    };
    region.filter(is_one).unwrap_or(DEFAULT_REGION).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_is_that_of_the_signature() {
        let signed = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, text.parse().unwrap());
            region(&headers)
        };
        let scope = "AWS4-HMAC-SHA256 Credential=k/20260101/eu-west-1/sagemaker/aws4_request, S=x";
        assert_eq!(signed(scope), "eu-west-1");
        assert_eq!(signed("Bearer x"), DEFAULT_REGION);
        assert_eq!(signed("Credential=k/1/EU:west/x"), DEFAULT_REGION);
        assert_eq!(region(&HeaderMap::new()), DEFAULT_REGION);
    }
}
