//! The page *Jobs*: what runs now, then what failed, then the rest.

use axum::extract::State;
use futures::future::try_join3;
use jiff::Timestamp;
use maud::{Markup, html};
use sagebell_api_types::query::JobsQuery;
use sagebell_monitor::job::Job;
use sagebell_monitor::phase::Phase;
use sagebell_monitor::ports::{JobFilter, Page, StoreError};

use super::answer::{Answer, Known, page};
use super::filters;
use super::job_row::list;
use super::layout::{Pace, Room, layout};
use super::parts::empty;
use super::times::present;
use crate::Api;
use crate::problem::Problem;
use crate::query::{self, ShownJobs};

const ACTIVE: [Phase; 4] = [Phase::Unknown, Phase::Pending, Phase::Running, Phase::Stopping];
const BAD: [Phase; 2] = [Phase::Failed, Phase::TimedOut];
const ENDED: [Phase; 2] = [Phase::Succeeded, Phase::Stopped];

/// Jobs of each section on the first page.
const ACTIVE_LEN: usize = 40;
const BAD_LEN: usize = 5;
const ENDED_LEN: usize = 30;

/// The page.
pub(crate) async fn show(
    State(api): State<Api>,
    asked: Result<ShownJobs, Problem>,
    known: Option<Known>,
) -> Answer {
    let ShownJobs(asked) = asked?;
    let now = present(&*api.waits.clock);
    // Who asks for phases or for a further page gets one list.
    let is_plain = asked.filter.phases.is_empty() && asked.cursor.is_none();
    let (pace, body) = match is_plain && asked.limit.is_none() {
        true => sections(&api, &asked.filter, now).await?,
        false => {
            let jobs = query::page(&asked, &api.jobs).await?;
            (pace(&jobs.items), one_list(&asked, &jobs, now))
        }
    };
    let body = html! {
        h1.hidden { "Jobs" }
        (filters::bar(&asked.filter))
        (body)
    };
    Ok(page(layout("Jobs", Room::Jobs, Some(pace), &body), known.as_ref()))
}

/// A part of the page.
struct Section {
    title: &'static str,
    filter: JobFilter,
    jobs: Page<Job>,
    /// What leads to the rest.
    more: &'static str,
}

async fn sections(
    api: &Api,
    filter: &JobFilter,
    now: Timestamp,
) -> Result<(Pace, Markup), StoreError> {
    let section = async |title, phases: &[Phase], limit, more| {
        let filter = JobFilter { phases: phases.iter().copied().collect(), ..filter.clone() };
        let jobs = api.jobs.list(&filter, None, limit).await?;
        Ok(Section { title, filter, jobs, more })
    };
    let (active, bad, ended) = try_join3(
        section("Running", &ACTIVE, ACTIVE_LEN, "All that run"),
        section("Failed", &BAD, BAD_LEN, "All failures"),
        section("Ended", &ENDED, ENDED_LEN, "Older jobs"),
    )
    .await?;
    let pace = pace(&active.jobs.items);
    let sections = [active, bad, ended];
    let is_empty = sections.iter().all(|one| one.jobs.items.is_empty() && one.jobs.next.is_none());
    let body = html! {
        @if is_empty { (nothing(filter)) }
        @for section in &sections { (shown(section, now, filter)) }
    };
    Ok((pace, body))
}

fn shown(section: &Section, now: Timestamp, filter: &JobFilter) -> Markup {
    let Section { title, jobs, more, .. } = section;
    html! {
        @if !jobs.items.is_empty() || jobs.next.is_some() {
            section {
                h2 {
                    (title) " "
                    span.count { (jobs.items.len()) @if jobs.next.is_some() { "+" } }
                }
                (list(&jobs.items, now, filter))
                @if jobs.next.is_some() {
                    p { a href=(filters::address(section.filter.clone())) { (more) } }
                }
            }
        }
    }
}

fn one_list(asked: &JobsQuery, jobs: &Page<Job>, now: Timestamp) -> Markup {
    let to = |cursor| query::text(&JobsQuery { cursor, ..asked.clone() });
    html! {
        @if !jobs.items.is_empty() { section { (list(&jobs.items, now, &asked.filter)) } }
        // A store that reads no further at once may find more after an empty page.
        @if jobs.items.is_empty() && jobs.next.is_none() { (nothing(&asked.filter)) }
        nav.paging aria-label="Parts of the list" {
            @if asked.cursor.is_some() { a href={ "./?" (to(None)) } { "← Latest" } }
            @if let Some(next) = &jobs.next {
                a href={ "./?" (to(Some(next.clone()))) } rel="next" { "Older →" }
            }
        }
    }
}

fn nothing(filter: &JobFilter) -> Markup {
    if *filter == JobFilter::default() {
        let hint = html! {
            "A job appears here with its first event, or when a step waits for it. "
            "Try it: " code { "sagebell replay events/training-training.json" }
        };
        return empty("No jobs yet", &hint);
    }
    empty("No job matches", &html! { a href="./" { "Show all jobs" } })
}

fn pace(jobs: &[Job]) -> Pace {
    let is_active = jobs.iter().any(|job| !job.phase.is_settled());
    if is_active { Pace::Brisk } else { Pace::Calm }
}
