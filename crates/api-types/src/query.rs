//! The query parameters of the API.

use sagebell_monitor::kind::Kind;
use sagebell_monitor::phase::Phase;
use sagebell_monitor::ports::{Cursor, JobFilter};

/// Only jobs in this phase.
pub const PHASE: &str = "phase";
/// Only jobs of this kind.
pub const KIND: &str = "kind";
/// Only jobs that a wait with this `run` label was registered on.
pub const RUN: &str = "run";
/// Where the page begins.
pub const CURSOR: &str = "cursor";
/// Jobs on the page.
pub const LIMIT: &str = "limit";
/// All parameters of the list of jobs.
pub const JOBS: [&str; 5] = [PHASE, KIND, RUN, CURSOR, LIMIT];

/// Whether to stop the job of a wait that is cancelled.
pub const STOP: &str = "stop";
/// With [`STOP`]: even if others wait for the job.
pub const FORCE: &str = "force";

/// The parameters of a list of jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobsQuery {
    /// Which jobs.
    pub filter: JobFilter,
    /// Where the page begins.
    pub cursor: Option<Cursor>,
    /// How many jobs on the page; as many as the API likes where absent.
    pub limit: Option<usize>,
}

impl JobsQuery {
    /// The parameters that are given, with their values.
    pub fn pairs(&self) -> impl Iterator<Item = (&'static str, String)> {
        let filter = &self.filter;
        let values = [
            filter.phase.map(|phase| Phase::as_str(phase).to_owned()),
            filter.kind.map(|kind| Kind::as_str(kind).to_owned()),
            filter.run.clone(),
            self.cursor.as_ref().map(|cursor| cursor.0.clone()),
            self.limit.map(|limit| limit.to_string()),
        ];
        JOBS.into_iter().zip(values).filter_map(|(name, value)| Some((name, value?)))
    }
}
