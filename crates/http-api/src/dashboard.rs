//! The dashboard: one page that the server renders, and that loads nothing else.
//!
//! Promise: its content security policy allows no script and loads nothing. Names and reasons
//! come from others and are escaped.

use axum::extract::State;
use axum::response::{Html, IntoResponse};
use http::header;
use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sagebell_api_types::query::JobsQuery;
use sagebell_monitor::inert::one_line;
use sagebell_monitor::job::Job;
use sagebell_monitor::kind::Kind;
use sagebell_monitor::phase::Phase;
use sagebell_monitor::ports::{JobFilter, Page};

use crate::Api;
use crate::problem::Problem;
use crate::query::{self, JobsParameters};

pub(crate) const STYLE: &str = include_str!("dashboard.css");
/// Allows the one style sheet by its hash (a test holds it) and nothing else.
pub(crate) const POLICY: &str = "default-src 'none'; \
     style-src 'sha256-nEa7kkw9bkurjyDitEKBAxwIpfOEOOcKiA7eRhF3LCw='; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// Longest reason shown, in characters; the job's own page has all of it.
const REASON_LEN: usize = 300;

/// The dashboard
///
/// An HTML page of the latest jobs. It accepts the parameters of the list of jobs and reloads
/// itself every five seconds.
#[utoipa::path(
    get, path = "/", tag = "service",
    responses((status = 200, description = "The page", body = String, content_type = "text/html")),
)]
pub(crate) async fn show_dashboard(
    State(api): State<Api>,
    JobsParameters(asked): JobsParameters,
) -> Result<impl IntoResponse, Problem> {
    let page = query::page(&asked, &api.jobs).await?;
    let html = Html(rendered(&asked, &page).into_string());
    Ok(([(header::CONTENT_SECURITY_POLICY, POLICY)], html))
}

fn rendered(asked: &JobsQuery, page: &Page<Job>) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                meta http-equiv="refresh" content="5";
                title { "Sagebell: jobs" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "Sagebell: jobs" }
                (phase_links(asked))
                (kind_links(asked))
                @if page.items.is_empty() { p { "No jobs here." } } @else { (table(&page.items)) }
                (paging(asked, page))
            }
        }
    }
}

fn phase_links(asked: &JobsQuery) -> Markup {
    let filter = &asked.filter;
    let with = |phase| JobFilter { phase, ..filter.clone() };
    html! {
        nav aria-label="Phase" {
            (choice("any phase", asked, with(None)))
            @for phase in Phase::ALL { (choice(phase.as_str(), asked, with(Some(phase)))) }
        }
    }
}

fn kind_links(asked: &JobsQuery) -> Markup {
    let filter = &asked.filter;
    let with = |kind| JobFilter { kind, ..filter.clone() };
    html! {
        nav aria-label="Kind" {
            (choice("any kind", asked, with(None)))
            @for kind in Kind::all() { (choice(kind.as_str(), asked, with(Some(kind)))) }
        }
    }
}

/// A link to the first page under `filter`; bold where one already is.
fn choice(word: &str, asked: &JobsQuery, filter: JobFilter) -> Markup {
    if filter == asked.filter {
        return html! { b { (word) } };
    }
    let there = JobsQuery { filter, cursor: None, limit: asked.limit };
    html! { a href={ "?" (query::text(&there)) } { (word) } }
}

fn table(jobs: &[Job]) -> Markup {
    html! {
        table {
            thead {
                tr {
                    @for head in ["Phase", "Kind", "Name", "Status", "Modified", "Settled", "Region"] {
                        th scope="col" { (head) }
                    }
                }
            }
            tbody { @for job in jobs { (row(job)) } }
        }
    }
}

/// `bdi` keeps the writing direction of a foreign text to itself.
fn row(job: &Job) -> Markup {
    let arn = utf8_percent_encode(job.arn.as_str(), NON_ALPHANUMERIC);
    html! {
        tr {
            td { span class={ "phase " (job.phase) } { (job.phase) } }
            td { (job.kind) }
            td { a href={ "v1/jobs/" (arn) "/timeline" } title=(job.arn) { bdi { (one_line(&job.name)) } } }
            td {
                bdi { (one_line(job.status.as_deref().unwrap_or("not seen yet"))) }
                @if let Some(finer) = &job.secondary_status { " / " bdi { (one_line(finer)) } }
                @if let Some(reason) = &job.failure_reason { small { bdi { (one_line(clipped(reason))) } } }
            }
            td { (time(job.modified_at)) }
            td { (time(job.settled_at)) }
            td { (job.arn.region()) }
        }
    }
}

fn time(at: Option<Timestamp>) -> Markup {
    html! {
        @if let Some(at) = at {
            time datetime=(at) { (at.strftime("%Y-%m-%d %H:%M:%S")) " UTC" }
        }
    }
}

fn clipped(text: &str) -> &str {
    let end = text.char_indices().nth(REASON_LEN);
    end.and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

fn paging(asked: &JobsQuery, page: &Page<Job>) -> Markup {
    let to = |cursor| JobsQuery { cursor, ..asked.clone() };
    html! {
        nav aria-label="Pages" {
            @if asked.cursor.is_some() { a href={ "?" (query::text(&to(None))) } { "First page" } }
            @if let Some(next) = &page.next {
                a href={ "?" (query::text(&to(Some(next.clone())))) } rel="next" { "Next page" }
            }
        }
    }
}
