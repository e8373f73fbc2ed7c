//! What the routes read from a request: the job, the wait, and the parameters.
//!
//! Promise: an error names the wrong field, whatever a caller sends.

use axum::BoxError;
use axum::body::Body;
use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path};
use bytes::Bytes;
use http::request::Parts;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::principal::Principal;
use sagebell_monitor::wait::{WaitId, WaitKey};
use sagebell_monitor::wait_registry::Stop;
use serde::de::DeserializeOwned;

use crate::Api;
use crate::problem::Problem;
use crate::query::{page_parameters, parameters};
use sagebell_api_types::ErrorCode;
use sagebell_api_types::path::{ARN, JobParams, WAIT_ID, WaitParams};
use sagebell_api_types::query::{FORCE, STOP};
use tracing::Span;

/// The job in the path: a job of this monitor's accounts and regions.
pub(crate) struct JobPath(pub(crate) JobArn);

/// A caller who may do more than read.
pub(crate) struct Waiter(pub(crate) Principal);

/// The job that a page's parameter `arn` names, in the same way.
pub(crate) struct AskedJob(pub(crate) JobArn);

/// The wait in the path: the caller's own of that name.
pub(crate) struct WaitPath(pub(crate) WaitKey);

/// Whether a cancelled wait's job is to be stopped too.
pub(crate) struct StopWish(pub(crate) Stop);

impl FromRequestParts<Api> for JobPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let JobParams { arn } = path(parts).await?;
        Ok(Self(job_arn(&arn, api)?))
    }
}

impl FromRequestParts<Api> for AskedJob {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let arn = page_parameters(&parts.uri, &[ARN]).remove(ARN).unwrap_or_default();
        Ok(Self(job_arn(&arn, api)?))
    }
}

impl FromRequestParts<Api> for Waiter {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let caller = caller(parts)?;
        refuse_readers(api, &caller)?;
        Ok(Self(caller))
    }
}

impl FromRequestParts<Api> for WaitPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let WaitParams { arn, wait_id } = path(parts).await?;
        let arn = job_arn(&arn, api)?;
        let id = WaitId::parse(&wait_id)
            .map_err(|error| Problem::invalid_field(WAIT_ID, error.to_string()))?;
        Span::current().record("wait", id.as_str());
        Ok(Self(WaitKey::of(arn, caller(parts)?, id)))
    }
}

impl<S: Sync> FromRequestParts<S> for StopWish {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let asked = parameters(&parts.uri, &[STOP, FORCE])?;
        let asked = |name: &'static str| match asked.get(name).map(String::as_str) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Problem::invalid_field(name, "`true` or `false`")),
        };
        stop_asked(asked(STOP)?, asked(FORCE)?).map(Self)
    }
}

/// The whole body, of at most so many bytes.
pub(crate) async fn read_body(body: Body, limit: usize) -> Result<Bytes, Problem> {
    let unreadable = |error: BoxError| {
        if error.is::<LengthLimitError>() {
            return Problem::new(ErrorCode::BodyTooLarge, format!("at most {limit} bytes"));
        }
        Problem::new(ErrorCode::InvalidBody, "the body is incomplete")
    };
    let body = Limited::new(body, limit).collect().await.map_err(unreadable)?;
    Ok(body.to_bytes())
}

/// What these two wishes mean together.
pub(crate) fn stop_asked(stop: bool, force: bool) -> Result<Stop, Problem> {
    match (stop, force) {
        (false, false) => Ok(Stop::No),
        (true, false) => Ok(Stop::Unwanted),
        (true, true) => Ok(Stop::Forced),
        (false, true) => Err(Problem::invalid_field(FORCE, "only valid with `stop`")),
    }
}

/// Refuses a caller that may only read.
pub(crate) fn refuse_readers(api: &Api, caller: &Principal) -> Result<(), Problem> {
    if api.waits.policy.may_wait(caller) {
        return Ok(());
    }
    let detail = format!("{} may only read: it may not register, cancel or refresh", caller.0);
    Err(Problem::new(ErrorCode::ReadOnly, detail))
}

fn caller(parts: &Parts) -> Result<Principal, Problem> {
    parts.extensions.get().cloned().ok_or_else(Problem::caller_unknown)
}

async fn path<T: DeserializeOwned + Send>(parts: &mut Parts) -> Result<T, Problem> {
    let Path(params) = Path::from_request_parts(parts, &()).await.map_err(bad_path)?;
    Ok(params)
}

fn bad_path(rejection: PathRejection) -> Problem {
    if let PathRejection::FailedToDeserializePathParams(error) = &rejection
        && let ErrorKind::InvalidUtf8InPathParam { key } = error.kind()
    {
        return Problem::invalid_field(key.clone(), "not UTF-8 after percent-decoding");
    }
    Problem::internal(rejection)
}

fn job_arn(text: &str, api: &Api) -> Result<JobArn, Problem> {
    let arn =
        JobArn::parse(text).map_err(|error| Problem::invalid_field(ARN, error.to_string()))?;
    Span::current().record("arn", arn.as_str());
    if api.waits.policy.in_scope(&arn) {
        return Ok(arn);
    }
    let (account, region) = (arn.account(), arn.region());
    let detail = format!("this monitor does not accept jobs of account {account} in {region}");
    Err(Problem::new(ErrorCode::JobOutOfScope, detail))
}
