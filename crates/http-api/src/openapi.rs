//! The OpenAPI 3.1 document of the API, generated from the routes.
//!
//! Promise: `docs/openapi.json` is what the service answers. Every route lists every code with
//! which it can fail.

use std::collections::BTreeMap;

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{
    HttpMethod, Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathItem,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Content, InfoBuilder, License, OpenApi, OpenApiBuilder, PathsBuilder, Ref, RefOr, Required,
    Response,
};
use utoipa::{PartialSchema as _, ToSchema as _};

use sagebell_api_types::{ErrorCode, PROBLEM_JSON, ProblemDocument, schema};

use crate::routes;

const ABOUT: &str = "Register a wait on a SageMaker job, and be called back when it settles. \
     Failures are problem documents (RFC 9457) with a stable `code`: see docs/errors.md.";
const SIGV4: &str = "sigv4";

const CALLER: [ErrorCode; 4] =
    [ErrorCode::CallerUnknown, ErrorCode::Internal, ErrorCode::InvalidField, ErrorCode::TryAgain];
const STORE: [ErrorCode; 2] = [ErrorCode::Internal, ErrorCode::TryAgain];
const SAGEMAKER: [ErrorCode; 5] = [
    ErrorCode::JobNotFound,
    ErrorCode::OperationUnsupported,
    ErrorCode::SagemakerRefused,
    ErrorCode::SagemakerThrottled,
    ErrorCode::SagemakerUnavailable,
];
const BODY: [ErrorCode; 2] = [ErrorCode::BodyTooLarge, ErrorCode::InvalidBody];
const JOB: [ErrorCode; 1] = [ErrorCode::JobOutOfScope];
const ROUTE: [ErrorCode; 1] = [ErrorCode::NotFound];
const KNOWN: [ErrorCode; 1] = [ErrorCode::JobNotFound];
const WAIT: [ErrorCode; 1] = [ErrorCode::WaitNotFound];
const OWNER: [ErrorCode; 2] = [ErrorCode::NotOwner, ErrorCode::ReadOnly];
const SHARE: [ErrorCode; 1] = [ErrorCode::TooManyWaits];
const OTHERS: [ErrorCode; 1] = [ErrorCode::OthersWaiting];

/// The codes that an operation can fail with.
fn errors_of(operation_id: &str) -> Vec<ErrorCode> {
    let groups: &[&[ErrorCode]] = match operation_id {
        "register_wait" => &[&CALLER, &JOB, &BODY, &OWNER, &SHARE, &SAGEMAKER],
        "inspect_wait" => &[&CALLER, &JOB, &WAIT],
        "cancel_wait" => &[&CALLER, &JOB, &WAIT, &OWNER, &OTHERS, &SAGEMAKER],
        "get_job" | "get_timeline" | "list_waits" => &[&CALLER, &JOB, &KNOWN],
        "refresh_job" => &[&CALLER, &JOB, &OWNER, &SAGEMAKER],
        "stop_job" => &[&CALLER, &JOB, &OWNER, &OTHERS, &SAGEMAKER],
        "list_jobs" | "read_principal" => &[&CALLER],
        "check_health" => &[&STORE],
        "read_connect_url" => &[&CALLER, &ROUTE],
        _ => &[],
    };
    let mut codes = groups.concat();
    codes.sort();
    codes
}

/// What is known before any route.
fn preamble() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Sagebell")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .license(Some(License::new("Apache-2.0")));
    let needed = SecurityRequirement::new(SIGV4, Vec::<String>::new());
    OpenApiBuilder::new().info(info).security(Some([needed])).build()
}

/// The routes' own description, with what holds for all of them.
pub(crate) fn document() -> OpenApi {
    let mut described = preamble().merge_from(routes::described());
    for path in described.paths.paths.values_mut() {
        let operations = [&mut path.get, &mut path.put, &mut path.post, &mut path.delete];
        operations.into_iter().flatten().for_each(add_errors);
    }
    let components = described.components.get_or_insert_default();
    components.schemas.extend(schema::all().chain(problem()));
    components.add_security_scheme(SIGV4, sigv4());
    let callback = PathItem::new(HttpMethod::Post, callback());
    described.webhooks = Some(PathsBuilder::new().path("signal", callback).build());
    described
}

fn problem() -> Vec<(String, RefOr<Schema>)> {
    let mut schemas = vec![(ProblemDocument::name().into_owned(), ProblemDocument::schema())];
    ProblemDocument::schemas(&mut schemas);
    schemas
}

fn sigv4() -> SecurityScheme {
    let about = "AWS Signature Version 4, as the function URL requires: service `lambda`.";
    SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description("Authorization", about)))
}

fn add_errors(operation: &mut Operation) {
    let id = operation.operation_id.as_deref().unwrap_or_default();
    let mut by_status: BTreeMap<u16, Vec<ErrorCode>> = BTreeMap::new();
    for code in errors_of(id) {
        by_status.entry(code.status().as_u16()).or_default().push(code);
    }
    let errors =
        by_status.into_iter().map(|(status, codes)| (status.to_string(), failure(&codes).into()));
    operation.responses.responses.extend(errors);
}

fn failure(codes: &[ErrorCode]) -> Response {
    let line = |code: &ErrorCode| format!("`{}`: {}", code.as_str(), code.title());
    let lines: Vec<String> = codes.iter().map(line).collect();
    let problem = Content::new(Some(Ref::from_schema_name("Problem")));
    let mut response =
        ResponseBuilder::new().description(lines.join("\n\n")).content(PROBLEM_JSON, problem);
    if codes.iter().any(|code| code.retry_after_seconds().is_some()) {
        let seconds = ObjectBuilder::new().schema_type(Type::Integer);
        let header = HeaderBuilder::new()
            .schema(Some(seconds))
            .description(Some("Seconds to wait before the same call"));
        response = response.header("Retry-After", header.build());
    }
    response.build()
}

fn callback() -> Operation {
    let body = Content::new(Some(Ref::from_schema_name("Callback")));
    let body =
        RequestBodyBuilder::new().content("application/json", body).required(Some(Required::True));
    let answer = |about: &str| ResponseBuilder::new().description(about).build();
    OperationBuilder::new()
        .operation_id(Some("signal"))
        .summary(Some("What Sagebell posts to a wait's `callback_url`"))
        .description(Some(
            "Signed as Standard Webhooks 1.0 says, with the wait's own secret. At least once: \
             `webhook-id` is the same over retries.",
        ))
        .parameter(header("webhook-id", "Names the signal"))
        .parameter(header("webhook-timestamp", "Seconds since 1970, of the attempt"))
        .parameter(header(
            "webhook-signature",
            "`v1,` and the HMAC-SHA256 of `id.timestamp.body` in base64",
        ))
        .request_body(Some(body.build()))
        .security(SecurityRequirement::default())
        .response("2XX", answer("Delivered"))
        .response("410", answer("The waiter is gone. Sagebell ends the wait"))
        .response("default", answer("Try again until the wait's deadline"))
        .build()
}

fn header(name: &str, about: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::True)
        .description(Some(about))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build()
}
