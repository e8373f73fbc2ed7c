//! What people do with a job on its page: refresh and stop.
//!
//! Promise: only the dashboard's own pages start this, and a click that comes twice acts once.

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::HeaderMap;
use sagebell_api_types::ErrorCode;
use sagebell_monitor::job_queries::act::Act;
use url::form_urlencoded;

use super::answer::Failure;
use super::parts::job_address;
use crate::Api;
use crate::extract::{AskedJob, Waiter, read_body};
use crate::problem::Problem;
use crate::same_origin::is_of_own_page;

/// The field of the form that says what to do, and the parameter that says what was done.
pub(crate) const ACT: &str = "act";
pub(crate) const DONE: &str = "done";

/// The longest body of a form, in bytes.
const FORM_LEN: usize = 1_024;

/// Acts, and shows the job's page again.
pub(crate) async fn act(
    State(api): State<Api>,
    waiter: Result<Waiter, Problem>,
    job: Result<AskedJob, Problem>,
    headers: HeaderMap,
    form: Body,
) -> Result<Response, Failure> {
    let (Waiter(caller), AskedJob(arn)) = (waiter?, job?);
    if !is_of_own_page(&headers) {
        let detail = "this request comes from a page that is not the dashboard's own";
        return Err(Problem::new(ErrorCode::ReadOnly, detail).into());
    }
    let act = asked(&read_body(form, FORM_LEN).await?)?;
    if !api.jobs.is_first_click(&arn, act).await? {
        return Ok(back(&arn, "again"));
    }
    match act {
        Act::Refresh => drop(api.jobs.refresh(&arn, &caller).await?),
        Act::Stop => api.jobs.stop(&arn, &caller).await?,
    }
    Ok(back(&arn, act.as_str()))
}

fn back(arn: &sagebell_monitor::arn::JobArn, done: &str) -> Response {
    // 303: the browser reads the page, and does not send the form again.
    Redirect::to(&format!("{}&{DONE}={done}", job_address(arn))).into_response()
}

fn asked(form: &[u8]) -> Result<Act, Problem> {
    let word = form_urlencoded::parse(form).find(|(name, _)| name == ACT).map(|(_, value)| value);
    let known = |act: &Act| word.as_deref() == Some(act.as_str());
    let refused = || Problem::invalid_field(ACT, "`refresh` or `stop`");
    [Act::Refresh, Act::Stop].into_iter().find(known).ok_or_else(refused)
}
