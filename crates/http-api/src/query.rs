//! Query strings: which jobs to list, and where the page starts.
//!
//! Promise: to the API, a misspelt parameter is an error and never ignored, because a filter that
//! does not filter misleads. A page ignores it, and shows which filters are set. An empty parameter
//! counts as absent.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::FromRequestParts;
use http::Uri;
use http::request::Parts;
use sagebell_api_types::query::{self, JobsQuery};
use sagebell_monitor::job::Job;
use sagebell_monitor::job_queries::{JobQueries, PAGE_LIMIT};
use sagebell_monitor::kind::Kind;
use sagebell_monitor::phase::Phase;
use sagebell_monitor::ports::{Cursor, JobFilter, Page};
use url::form_urlencoded;

use crate::problem::Problem;

/// Jobs on a page when the caller says nothing.
pub(crate) const PAGE_DEFAULT: usize = 50;
/// The longest accepted cursor, in bytes. The cursors of every store are shorter.
const CURSOR_LEN: usize = 4_096;
/// The longest text to search for, in bytes: no ARN is longer.
const TEXT_LEN: usize = 256;
/// The longest field of an ARN to filter by, in bytes.
const ARN_FIELD_LEN: usize = 64;

/// Which jobs to list, as the parameters say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JobsParameters(pub(crate) JobsQuery);

impl<S: Sync> FromRequestParts<S> for JobsParameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        jobs(parameters(&parts.uri, &query::JOBS)?).map(Self)
    }
}

/// Which jobs a page for people lists, as [`page_parameters`] say.
pub(crate) struct ShownJobs(pub(crate) JobsQuery);

impl<S: Sync> FromRequestParts<S> for ShownJobs {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        jobs(page_parameters(&parts.uri, &query::JOBS)).map(Self)
    }
}

fn jobs(mut asked: BTreeMap<&'static str, String>) -> Result<JobsQuery, Problem> {
    let phases = phases(asked.get(query::PHASE))?;
    let kind = word(&asked, query::KIND, Kind::from_wire, || {
        Kind::all().map(Kind::as_str).collect::<Vec<_>>().join(", ")
    })?;
    let filter = JobFilter {
        phases,
        kind,
        run: asked.remove(query::RUN),
        region: arn_field(&mut asked, query::REGION)?,
        account: arn_field(&mut asked, query::ACCOUNT)?,
        text: text_of(&mut asked)?,
    };
    let limit = limit(asked.get(query::LIMIT))?;
    Ok(JobsQuery { filter, cursor: cursor(asked.remove(query::CURSOR))?, limit })
}

/// Where a page begins, and how long it is.
pub(crate) struct PageParameters {
    pub(crate) cursor: Option<Cursor>,
    pub(crate) limit: usize,
}

impl<S: Sync> FromRequestParts<S> for PageParameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut asked = parameters(&parts.uri, &query::PAGE)?;
        let limit = limit(asked.get(query::LIMIT))?.unwrap_or(PAGE_DEFAULT);
        Ok(Self { cursor: cursor(asked.remove(query::CURSOR))?, limit })
    }
}

/// The page asked for.
pub(crate) async fn page(asked: &JobsQuery, jobs: &JobQueries) -> Result<Page<Job>, Problem> {
    let limit = asked.limit.unwrap_or(PAGE_DEFAULT);
    Ok(jobs.list(&asked.filter, asked.cursor.as_ref(), limit).await?)
}

/// The query string that asks for this page.
pub(crate) fn text(asked: &JobsQuery) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(asked.pairs()).finish()
}

/// The parameters that have a value, by name.
pub(crate) fn parameters(
    uri: &Uri,
    known: &[&'static str],
) -> Result<BTreeMap<&'static str, String>, Problem> {
    let mut found = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        let Some(known) = known.iter().find(|known| **known == name) else {
            let detail = format!("unknown parameter; expected one of {}", known.join(", "));
            return Err(Problem::invalid_field(name.into_owned(), detail));
        };
        if !value.is_empty() && found.insert(*known, value.into_owned()).is_some() {
            return Err(Problem::invalid_field(*known, "given twice"));
        }
    }
    Ok(found)
}

/// The parameters of a page that have a value, by name: the first of each, and none that is unknown.
///
/// Kubeflow's dashboard shows a page in a frame. When the page there changes, it writes the new
/// address into its own, and appends the parameters that its own had before: the namespace, and
/// earlier ones of ours. With the next reload all of them come to us. Source: `_iframePageChanged`
/// and `_setIframeSrc` in components/centraldashboard/public/components/main-page.js of
/// kubeflow/dashboard.
pub(crate) fn page_parameters(uri: &Uri, known: &[&'static str]) -> BTreeMap<&'static str, String> {
    let mut found = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        let known = known.iter().find(|known| **known == name);
        if let Some(known) = known.filter(|_| !value.is_empty()) {
            found.entry(*known).or_insert_with(|| value.into_owned());
        }
    }
    found
}

fn word<T>(
    asked: &BTreeMap<&'static str, String>,
    name: &'static str,
    parse: impl Fn(&str) -> Option<T>,
    known: impl Fn() -> String,
) -> Result<Option<T>, Problem> {
    let parse = |text: &String| {
        parse(text).ok_or_else(|| Problem::invalid_field(name, format!("one of {}", known())))
    };
    asked.get(name).map(parse).transpose()
}

/// The phases in a list of words.
fn phases(asked: Option<&String>) -> Result<BTreeSet<Phase>, Problem> {
    let words = asked.into_iter().flat_map(|words| words.split(','));
    let known = || Phase::ALL.map(Phase::as_str).join(", ");
    let refused = || Problem::invalid_field(query::PHASE, format!("one or more of {}", known()));
    words.map(|word| Phase::from_wire(word).ok_or_else(refused)).collect()
}

/// A field of an ARN: nothing that could reach into the next one.
fn arn_field(
    asked: &mut BTreeMap<&'static str, String>,
    name: &'static str,
) -> Result<Option<String>, Problem> {
    let fits = |text: &String| {
        text.len() <= ARN_FIELD_LEN
            && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
    };
    match asked.remove(name) {
        Some(text) if !fits(&text) => {
            Err(Problem::invalid_field(name, "lower-case letters, digits and `-`"))
        }
        text => Ok(text),
    }
}

fn text_of(asked: &mut BTreeMap<&'static str, String>) -> Result<Option<String>, Problem> {
    match asked.remove(query::TEXT) {
        Some(text) if text.len() > TEXT_LEN => {
            Err(Problem::invalid_field(query::TEXT, format!("at most {TEXT_LEN} bytes")))
        }
        text => Ok(text),
    }
}

fn limit(asked: Option<&String>) -> Result<Option<usize>, Problem> {
    let Some(text) = asked else {
        return Ok(None);
    };
    let limit = text.parse().ok().filter(|limit| (1..=PAGE_LIMIT).contains(limit));
    let refused = || Problem::invalid_field(query::LIMIT, format!("a number, 1 to {PAGE_LIMIT}"));
    limit.map(Some).ok_or_else(refused)
}

fn cursor(asked: Option<String>) -> Result<Option<Cursor>, Problem> {
    match asked {
        Some(text) if text.len() > CURSOR_LEN => {
            Err(Problem::invalid_field(query::CURSOR, "not a cursor of this list"))
        }
        text => Ok(text.map(Cursor)),
    }
}
