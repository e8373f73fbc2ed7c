//! The query parameters of the API.

use sagebell_monitor::kind::Kind;
use sagebell_monitor::ports::{Cursor, JobFilter};
use utoipa::IntoParams;

use crate::schema::{KindWord, PhaseWord};

/// Only jobs in one of these phases, separated by commas.
pub const PHASE: &str = "phase";
/// Only jobs of this kind.
pub const KIND: &str = "kind";
/// Only jobs that a wait with this `run` label was registered on.
pub const RUN: &str = "run";
/// Only jobs of this region.
pub const REGION: &str = "region";
/// Only jobs of this account.
pub const ACCOUNT: &str = "account";
/// Only jobs whose ARN contains this text.
pub const TEXT: &str = "q";
/// Where the page begins.
pub const CURSOR: &str = "cursor";
/// Jobs on the page.
pub const LIMIT: &str = "limit";
/// All parameters of the list of jobs.
pub const JOBS: [&str; 8] = [PHASE, KIND, RUN, REGION, ACCOUNT, TEXT, CURSOR, LIMIT];
/// The parameters of another list.
pub const PAGE: [&str; 2] = [CURSOR, LIMIT];

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
        let phases: Vec<&str> = filter.phases.iter().map(|phase| phase.as_str()).collect();
        let values = [
            (!phases.is_empty()).then(|| phases.join(",")),
            filter.kind.map(|kind| Kind::as_str(kind).to_owned()),
            filter.run.clone(),
            filter.region.clone(),
            filter.account.clone(),
            filter.text.clone(),
            self.cursor.as_ref().map(|cursor| cursor.0.clone()),
            self.limit.map(|limit| limit.to_string()),
        ];
        JOBS.into_iter().zip(values).filter_map(|(name, value)| Some((name, value?)))
    }
}

/// How OpenAPI describes the parameters of the list of jobs.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct JobsParams {
    /// Only jobs in one of these phases
    #[param(value_type = Option<Vec<PhaseWord>>, style = Form, explode = false)]
    pub phase: Option<String>,
    /// Only jobs of this kind
    #[param(value_type = Option<KindWord>)]
    pub kind: Option<String>,
    /// Only jobs that a wait with this `run` label was registered on
    pub run: Option<String>,
    /// Only jobs of this region
    #[param(max_length = 64)]
    pub region: Option<String>,
    /// Only jobs of this account
    #[param(max_length = 64)]
    pub account: Option<String>,
    /// Only jobs whose ARN, and so the name in it, contains this text. Capitals make no difference
    #[param(max_length = 256)]
    pub q: Option<String>,
    /// `next` of the previous page
    pub cursor: Option<String>,
    /// The number of jobs on the page. Default: 50
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u16>,
}

/// How OpenAPI describes the parameters of a page.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// `next` of the previous page
    pub cursor: Option<String>,
    /// The number of items on the page. Default: 50
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u16>,
}

/// How OpenAPI describes the parameters of the cancellation of a wait.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CancelParams {
    /// Stop the job first. Only the owner may do this, and only if nobody else waits for the job. If stopping fails, the wait stays
    pub stop: Option<bool>,
    /// With `stop`: even if others wait for the job
    pub force: Option<bool>,
}

#[cfg(test)]
mod tests {
    use utoipa::openapi::path::ParameterIn;

    use super::*;

    fn names<P: IntoParams>() -> Vec<String> {
        let params = P::into_params(|| Some(ParameterIn::Query));
        params.into_iter().map(|param| param.name).collect()
    }

    #[test]
    fn the_described_parameters_are_the_accepted_ones() {
        assert_eq!(names::<JobsParams>(), JOBS);
        assert_eq!(names::<PageParams>(), PAGE);
        assert_eq!(names::<CancelParams>(), [STOP, FORCE]);
    }
}
