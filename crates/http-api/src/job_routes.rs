//! The routes of jobs.

use axum::Json;
use axum::extract::State;
use sagebell_monitor::job::{Job, JobRecord};

use crate::Api;
use crate::extract::{JobPath, Waiter};
use crate::problem::Problem;
use crate::query::{self, JobsParameters};
use sagebell_api_types::path::JobParams;
use sagebell_api_types::query::JobsParams;
use sagebell_api_types::schema::JobSchema;
use sagebell_api_types::{JobAndRunsView, JobListView, TimelineView};

/// Read a job
#[utoipa::path(
    get, path = "/v1/jobs/{arn}", tag = "jobs",
    params(JobParams),
    responses((status = 200, description = "The job, as known now", body = JobAndRunsView)),
)]
pub(crate) async fn get_job(
    State(api): State<Api>,
    JobPath(arn): JobPath,
) -> Result<Json<JobAndRunsView>, Problem> {
    let record = known(api.jobs.get(&arn).await?)?;
    Ok(Json(JobAndRunsView::new(record, api.kfp_ui.as_ref())))
}

/// Read a job's timeline
///
/// Every observation that said something new, ordered by the job's times. Those that
/// came after a later state was known are marked `late`.
#[utoipa::path(
    get, path = "/v1/jobs/{arn}/timeline", tag = "jobs",
    params(JobParams),
    responses((status = 200, description = "The timeline", body = TimelineView)),
)]
pub(crate) async fn get_timeline(
    State(api): State<Api>,
    JobPath(arn): JobPath,
) -> Result<Json<TimelineView>, Problem> {
    Ok(Json(known(api.jobs.get(&arn).await?)?.into()))
}

/// Describe a job now
///
/// Calls Describe and records the answer, as if it came from an event. Only the job's
/// owner may do this, or anyone if the job has no owner yet.
#[utoipa::path(
    post, path = "/v1/jobs/{arn}/refresh", tag = "jobs",
    params(JobParams),
    responses((status = 200, description = "The job, as known now", body = JobSchema)),
)]
pub(crate) async fn refresh_job(
    State(api): State<Api>,
    Waiter(caller): Waiter,
    JobPath(arn): JobPath,
) -> Result<Json<Job>, Problem> {
    Ok(Json(known(api.jobs.refresh(&arn, &caller).await?)?.job))
}

/// Stop a job
///
/// Only the job's owner may do this, and only if no other principal waits for it. A job that is
/// stopping or has ended is left alone. SageMaker may take some minutes to stop a job.
#[utoipa::path(
    post, path = "/v1/jobs/{arn}/stop", tag = "jobs",
    params(JobParams),
    responses((status = 200, description = "The job, as known now", body = JobSchema)),
)]
pub(crate) async fn stop_job(
    State(api): State<Api>,
    Waiter(caller): Waiter,
    JobPath(arn): JobPath,
) -> Result<Json<Job>, Problem> {
    api.jobs.stop(&arn, &caller).await?;
    Ok(Json(known(api.jobs.get(&arn).await?)?.job))
}

/// List jobs
///
/// The jobs recorded last come first.
#[utoipa::path(
    get, path = "/v1/jobs", tag = "jobs",
    params(JobsParams),
    responses((status = 200, description = "One page of jobs", body = JobListView)),
)]
pub(crate) async fn list_jobs(
    State(api): State<Api>,
    JobsParameters(asked): JobsParameters,
) -> Result<Json<JobListView>, Problem> {
    Ok(Json(query::page(&asked, &api.jobs).await?.into()))
}

fn known(record: Option<JobRecord>) -> Result<JobRecord, Problem> {
    record.ok_or_else(Problem::no_such_job)
}
