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

use axum::extract::DefaultBodyLimit;
use axum::routing::{Router, get};

use crate::Api;

/// The longest body of a form, in bytes.
const FORM_LEN: usize = 1_024;

/// The pages, for those who may read.
pub(crate) fn pages() -> Router<Api> {
    Router::new()
        .route("/", get(jobs::show))
        .route("/job", get(job::show).post(act::act))
        .route("/run", get(run::show))
        .route("/health", get(health::show))
        .layer(DefaultBodyLimit::max(FORM_LEN))
}

/// What the pages load: the same for everyone.
pub(crate) fn files() -> Router<Api> {
    Router::new().route("/assets/{name}", get(assets::serve))
}

#[cfg(test)]
pub(crate) use answer::POLICY;
#[cfg(test)]
pub(crate) use assets::FILES;
