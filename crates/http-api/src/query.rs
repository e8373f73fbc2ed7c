//! Query strings: which jobs to list, and from where.
//!
//! Promise: a misspelt parameter is refused, never ignored: a filter that does
//! not filter misleads. An empty one counts as absent.

use std::collections::BTreeMap;

use axum::extract::FromRequestParts;
use http::Uri;
use http::request::Parts;
use sagebell_monitor::job::Job;
use sagebell_monitor::jobs::{Jobs, PAGE_LIMIT};
use sagebell_monitor::kind::Kind;
use sagebell_monitor::phase::Phase;
use sagebell_monitor::ports::{Cursor, JobFilter, Page};
use url::form_urlencoded;

use crate::problem::Problem;

/// Jobs on a page when the caller says nothing.
pub(crate) const PAGE_DEFAULT: usize = 50;
/// Longest cursor taken, in bytes: above any store's own.
const CURSOR_LEN: usize = 4_096;
const PARAMETERS: [&str; 5] = ["phase", "kind", "run", "cursor", "limit"];

/// Which jobs to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JobsQuery {
    pub(crate) filter: JobFilter,
    pub(crate) cursor: Option<Cursor>,
    pub(crate) limit: usize,
}

impl<S: Sync> FromRequestParts<S> for JobsQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut asked = parameters(&parts.uri, &PARAMETERS)?;
        let phase =
            word(&asked, "phase", Phase::from_wire, || Phase::ALL.map(Phase::as_str).join(", "))?;
        let kind = word(&asked, "kind", Kind::from_wire, || {
            Kind::all().map(Kind::as_str).collect::<Vec<_>>().join(", ")
        })?;
        Ok(Self {
            limit: limit(asked.get("limit"))?,
            cursor: cursor(asked.remove("cursor"))?,
            filter: JobFilter { phase, kind, run: asked.remove("run") },
        })
    }
}

impl JobsQuery {
    /// The page asked for.
    pub(crate) async fn page(&self, jobs: &Jobs) -> Result<Page<Job>, Problem> {
        Ok(jobs.list(&self.filter, self.cursor.as_ref(), self.limit).await?)
    }

    /// The query string that asks for this page.
    pub(crate) fn to_query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let filter = &self.filter;
        let limit = (self.limit != PAGE_DEFAULT).then(|| self.limit.to_string());
        let values = [
            filter.phase.map(Phase::as_str),
            filter.kind.map(Kind::as_str),
            filter.run.as_deref(),
            self.cursor.as_ref().map(|cursor| cursor.0.as_str()),
            limit.as_deref(),
        ];
        for (name, value) in PARAMETERS.into_iter().zip(values) {
            query.extend_pairs(value.map(|value| (name, value)));
        }
        query.finish()
    }
}

/// The parameters that have a value, by name.
pub(crate) fn parameters(
    uri: &Uri,
    known: &[&'static str],
) -> Result<BTreeMap<&'static str, String>, Problem> {
    let mut found = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        let Some(known) = known.iter().find(|known| **known == name) else {
            let detail = format!("no such parameter here; there is {}", known.join(", "));
            return Err(Problem::invalid_field(name.into_owned(), detail));
        };
        if !value.is_empty() && found.insert(*known, value.into_owned()).is_some() {
            return Err(Problem::invalid_field(*known, "given twice"));
        }
    }
    Ok(found)
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

fn limit(asked: Option<&String>) -> Result<usize, Problem> {
    let Some(text) = asked else {
        return Ok(PAGE_DEFAULT);
    };
    let limit = text.parse().ok();
    limit
        .filter(|limit| (1..=PAGE_LIMIT).contains(limit))
        .ok_or_else(|| Problem::invalid_field("limit", format!("a number, 1 to {PAGE_LIMIT}")))
}

fn cursor(asked: Option<String>) -> Result<Option<Cursor>, Problem> {
    match asked {
        Some(text) if text.len() > CURSOR_LEN => {
            Err(Problem::invalid_field("cursor", "not a cursor of this list"))
        }
        text => Ok(text.map(Cursor)),
    }
}
