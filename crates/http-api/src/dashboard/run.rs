//! The page of a run: its jobs as a Gantt chart.

use axum::extract::State;
use http::Uri;
use jiff::Timestamp;
use maud::{Markup, html};
use sagebell_monitor::inert::one_line;
use sagebell_monitor::job::Job;
use sagebell_monitor::job_queries::PAGE_LIMIT;
use sagebell_monitor::ports::{JobFilter, Page};

use super::answer::{Answer, Known, page};
use super::chart::Span;
use super::filters::address;
use super::job_row::{list, took};
use super::layout::{Pace, Room, layout};
use super::parts::{badge, empty, in_kfp, job_address, theirs};
use super::times::{duration, present};
use crate::Api;
use crate::problem::Problem;
use crate::query::page_parameters;

/// The parameter that names the run.
const ID: &str = "id";

/// The page.
pub(crate) async fn show(State(api): State<Api>, uri: Uri, known: Option<Known>) -> Answer {
    let missing = || Problem::invalid_field(ID, "the `run` label of the run's waits");
    let run = page_parameters(&uri, &[ID]).remove(ID).ok_or_else(missing)?;
    let filter = JobFilter { run: Some(run.clone()), ..JobFilter::default() };
    let jobs = api.jobs.list(&filter, None, PAGE_LIMIT).await?;
    let now = present(&*api.waits.clock);
    let is_active = jobs.items.iter().any(|job| !job.phase.is_settled());
    let pace = if is_active { Pace::Brisk } else { Pace::Calm };
    let body = html! {
        nav.path aria-label="Where this page is" {
            a href="./" { "Jobs" } " / "
            a href=(address(filter.clone())) { "run" }
        }
        h1 { "Run " (theirs(&run)) }
        @if let Some(link) = in_kfp(api.kfp_ui.as_ref(), &run) { p { (link) } }
        (content(&jobs, &filter, now))
    };
    Ok(page(layout(&one_line(&run), Room::Other, Some(pace), &body), known.as_ref()))
}

fn content(jobs: &Page<Job>, filter: &JobFilter, now: Timestamp) -> Markup {
    if jobs.items.is_empty() {
        let hint = html! {
            "No wait of this run is known " @if jobs.next.is_some() { "among the latest jobs " }
            "any more. " a href=(address(filter.clone())) { "Search further" }
        };
        return empty("No jobs of this run", &hint);
    }
    let bad: Vec<Job> =
        jobs.items.iter().filter(|job| job.failure_reason.is_some()).cloned().collect();
    html! {
        @if !bad.is_empty() { section { h2 { "Failed" } (list(&bad, now, filter)) } }
        (gantt(&jobs.items, now))
        @if jobs.next.is_some() {
            p { "The run has more jobs. " a href=(address(filter.clone())) { "All of them" } }
        }
    }
}

/// The jobs on one scale of time, in the order in which they began.
fn gantt(jobs: &[Job], now: Timestamp) -> Markup {
    let mut jobs: Vec<(&Job, Span)> =
        jobs.iter().filter_map(|job| Some((job, span(job, now)?))).collect();
    jobs.sort_by_key(|(job, span)| (span.from, span.to, job.arn.key()));
    let from = jobs.iter().map(|(_, span)| span.from).min();
    let to = jobs.iter().map(|(_, span)| span.to).max();
    let Some(whole) = from.zip(to).map(|(from, to)| Span::new(from, to)) else {
        return html! {};
    };
    html! {
        section aria-labelledby="gantt" {
            h2 #gantt {
                "Jobs " span.count { (jobs.len()) }
                " " span.soft { "in " (duration(whole.length())) }
            }
            ol.chart.gantt {
                @for (job, span) in &jobs {
                    li {
                        span.label {
                            (badge(job.phase)) " "
                            a href=(job_address(&job.arn)) { (theirs(&job.name)) }
                        }
                        (whole.bar(*span, job.phase))
                        span.lasted { (took(job, now)) }
                    }
                }
            }
            (whole.ends())
        }
    }
}

/// From its creation, or its only known time, to its end or now.
fn span(job: &Job, now: Timestamp) -> Option<Span> {
    let from = job.created_at.or(job.modified_at)?;
    Some(Span::new(from, job.settled_at.unwrap_or(now)))
}
