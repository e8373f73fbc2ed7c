//! The routes of waits.

use axum::Json;
use axum::extract::{Extension, State};
use sagebell_monitor::principal::Principal;

use crate::Api;
use crate::extract::{JobPath, StopWish, WaitPath, Waiter};
use crate::problem::Problem;
use crate::query::PageParameters;
use crate::wait_request::WaitBody;
use sagebell_api_types::path::{JobParams, WaitParams};
use sagebell_api_types::query::{CancelParams, PageParams};
use sagebell_api_types::{JobWaitListView, JobWaitView, WaitAndJobView, WaitRequest};

type Answer = Result<Json<WaitAndJobView>, Problem>;

/// Register, re-attach or renew a wait
///
/// One idempotent verb: register a wait, move it to a new URL, or renew its
/// lease. If the answer's job is settled and its wait is `signalled`, no callback
/// follows. Sagebell describes a job that it does not know at once.
#[utoipa::path(
    put, path = "/v1/jobs/{arn}/waits/{wait_id}", tag = "waits",
    params(WaitParams),
    request_body = WaitRequest,
    responses((status = 200, description = "The wait and its job, as known now", body = WaitAndJobView)),
)]
pub(crate) async fn register_wait(
    State(api): State<Api>,
    _: Waiter,
    WaitPath(key): WaitPath,
    request: WaitBody,
) -> Answer {
    let registered = api.waits.register(request.registration(key)?).await?;
    Ok(Json(registered.into()))
}

/// Read a wait
///
/// Only the principal that registered the wait can read it. Other principals may use the same id.
#[utoipa::path(
    get, path = "/v1/jobs/{arn}/waits/{wait_id}", tag = "waits",
    params(WaitParams),
    responses((status = 200, description = "The wait and its job, as known now", body = WaitAndJobView)),
)]
pub(crate) async fn inspect_wait(State(api): State<Api>, WaitPath(key): WaitPath) -> Answer {
    Ok(Json(api.waits.inspect(&key).await?.into()))
}

/// Cancel a wait
///
/// Only the principal that registered the wait can cancel it. Cancelling a wait that
/// has ended changes nothing.
#[utoipa::path(
    delete, path = "/v1/jobs/{arn}/waits/{wait_id}", tag = "waits",
    params(WaitParams, CancelParams),
    responses((status = 200, description = "The wait as it ended, and its job", body = WaitAndJobView)),
)]
pub(crate) async fn cancel_wait(
    State(api): State<Api>,
    _: Waiter,
    WaitPath(key): WaitPath,
    StopWish(stop): StopWish,
) -> Answer {
    Ok(Json(api.waits.cancel(&key, stop).await?.into()))
}

/// List the waits on a job
///
/// The waits of every principal. Only the principal of a wait sees its callback URL. Only the job's
/// owner sees why a delivery failed; others see the class of the failure.
#[utoipa::path(
    get, path = "/v1/jobs/{arn}/waits", tag = "waits",
    params(JobParams, PageParams),
    responses((status = 200, description = "One page of waits", body = JobWaitListView)),
)]
pub(crate) async fn list_waits(
    State(api): State<Api>,
    Extension(caller): Extension<Principal>,
    JobPath(arn): JobPath,
    page: PageParameters,
) -> Result<Json<JobWaitListView>, Problem> {
    let record = api.jobs.get(&arn).await?.ok_or_else(Problem::no_such_job)?;
    let page = api.jobs.waits(&record, &caller, page.cursor.as_ref(), page.limit).await?;
    let view = |wait| JobWaitView::for_principal(wait, &caller);
    Ok(Json(JobWaitListView {
        items: page.items.into_iter().map(view).collect(),
        next: page.next.map(|next| next.0),
    }))
}
