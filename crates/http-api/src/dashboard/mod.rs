//! The dashboard: pages that the server renders, for people.
//!
//! Promise: the pages work without a script, and the script loads nothing from elsewhere. Names,
//! statuses and reasons come from others and are shown as text. What a page asks of the store is
//! bounded.
//!
//! All pages lie side by side, and every address in them is relative. So they also work where a
//! proxy serves them below a path of its own.

mod act;
mod answer;
mod assets;
mod chart;
mod counters;
mod filters;
mod health;
mod job;
mod job_row;
mod jobs;
mod layout;
mod parts;
mod run;
mod times;
mod used;
mod waits;

use axum::response::Redirect;
use axum::routing::{Router, get};
use http::Uri;

use crate::Api;

/// Adds the pages, for those who may read.
pub(crate) fn pages(router: Router<Api>) -> Router<Api> {
    router
        .route("/", get(jobs::show))
        .route("/job", get(job::show).post(act::act))
        .route("/run", get(run::show))
        .route("/health", get(health::show))
        .route("/job/", get(without_slash))
        .route("/run/", get(without_slash))
        .route("/health/", get(without_slash))
}

/// The page whose address has a slash too many.
///
/// The Angular form of Kubeflow's dashboard puts one behind the path when it shows a page again:
/// `appendBackslash` in components/centraldashboard-angular/frontend/src/app/shared/utils.ts of
/// kubeflow/dashboard. From there the addresses in a page would lead nowhere.
async fn without_slash(uri: Uri) -> Redirect {
    let page = uri.path().trim_matches('/');
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    Redirect::permanent(&format!("../{page}{query}"))
}

/// Adds what the pages load: the same for everyone.
pub(crate) fn files(router: Router<Api>) -> Router<Api> {
    router.route("/assets/{name}", get(assets::serve))
}

#[cfg(test)]
pub(crate) use answer::POLICY;
#[cfg(test)]
pub(crate) use assets::FILES;
