//! The page of one job.

use axum::extract::{Extension, State};
use http::{HeaderMap, Uri};
use jiff::Timestamp;
use maud::{Markup, html};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sagebell_api_types::READ_ONLY;
use sagebell_monitor::advice::on_reason;
use sagebell_monitor::inert;
use sagebell_monitor::job::{JobRecord, TimelineEntry};
use sagebell_monitor::job_queries::act::Act;
use sagebell_monitor::kfp_ui::KfpUi;
use sagebell_monitor::links;
use sagebell_monitor::ports::JobFilter;
use sagebell_monitor::principal::Principal;
use sagebell_monitor::spoken::seen_after;

use super::act::{ACT, DONE};
use super::answer::{Answer, Known, page};
use super::chart::states;
use super::filters::{address, spaced};
use super::job_row::took;
use super::layout::{Pace, Room, layout};
use super::parts::{badge, in_kfp, job_address, run_address, status, status_words, theirs};
use super::times::{moment, present};
use super::used;
use super::waits::waits;
use crate::Api;
use crate::extract::AskedJob;
use crate::problem::Problem;
use crate::query::page_parameters;

/// Waits that the page shows.
const WAITS: usize = 50;

/// The page.
pub(crate) async fn show(
    State(api): State<Api>,
    Extension(caller): Extension<Principal>,
    uri: Uri,
    headers: HeaderMap,
    job: Result<AskedJob, Problem>,
    known: Option<Known>,
) -> Answer {
    let AskedJob(arn) = job?;
    let record = api.jobs.get(&arn).await?.ok_or_else(Problem::no_such_job)?;
    let told = api.jobs.waits(&record, &caller, None, WAITS).await?;
    let now = present(&*api.waits.clock);
    let pace = if record.job.phase.is_settled() { Pace::Calm } else { Pace::Brisk };
    // A proxy that passes nothing on says so.
    let offers = !headers.contains_key(READ_ONLY);
    let body = html! {
        (done(&uri))
        (head(&record, now))
        @if offers && api.jobs.may_act(&record, &caller) { (actions(&record)) }
        @if record.job.failure_reason.is_some() { (failure(&record)) }
        (facts(&record, api.kfp_ui.as_ref(), now))
        @if let Some(chart) = states(&record, now) {
            section aria-labelledby="timeline" { h2 #timeline { "Timeline" } (chart) }
        }
        (used::metrics(&record))
        (observations(&record))
        (waits(&told, now))
    };
    let page_of = layout(&inert::one_line(&record.job.name), Room::Other, Some(pace), &body);
    Ok(page(page_of, known.as_ref()))
}

/// What the button that led here has done.
fn done(uri: &Uri) -> Markup {
    let said = match page_parameters(uri, &[DONE]).remove(DONE).as_deref() {
        Some("refresh") => "SageMaker was asked, and this is its answer.",
        Some("stop") => "SageMaker was asked to stop the job. This can take some minutes.",
        Some("again") => {
            "This was asked for a moment ago, so it was not done again. If nothing changes, try \
             again in ten seconds."
        }
        _ => return html! {},
    };
    html! { p.notice role="status" { (said) } }
}

fn head(record: &JobRecord, now: Timestamp) -> Markup {
    let job = &record.job;
    let (region, account) = (job.arn.region().to_owned(), job.arn.account().to_owned());
    let all = JobFilter::default;
    html! {
        nav.path aria-label="Where this page is" {
            a href="./" { "Jobs" } " / "
            a href=(address(JobFilter { kind: Some(job.kind), ..all() })) { (spaced(job.kind.as_str())) }
        }
        h1 { (theirs(&job.name)) }
        p.headline {
            (badge(job.phase)) " "
            span { (status(job)) } " "
            span.took { (took(job, now)) }
        }
        p.soft {
            a href=(address(JobFilter { region: Some(region.clone()), ..all() })) { (region) } " · "
            a href=(address(JobFilter { account: Some(account.clone()), ..all() })) { (account) }
        }
    }
}

fn actions(record: &JobRecord) -> Markup {
    let job = &record.job;
    let to = job_address(&job.arn);
    let can_stop = job.kind.stop().is_some() && !job.kind.is_over_in(job.phase);
    html! {
        div.actions {
            form method="post" action=(to) {
                button name=(ACT) value=(Act::Refresh.as_str()) { "Refresh from SageMaker" }
            }
            @if can_stop {
                button.danger type="button" popovertarget="stop" { "Stop …" }
                dialog #stop popover="auto" aria-labelledby="stop-title" {
                    h2 #stop-title { "Stop this job?" }
                    p { (theirs(&job.name)) " ends as soon as SageMaker can. This cannot be undone." }
                    form method="post" action=(to) {
                        button.danger name=(ACT) value=(Act::Stop.as_str()) { "Stop the job" }
                        button type="button" popovertarget="stop" popovertargetaction="hide" autofocus {
                            "Let it run"
                        }
                    }
                }
            }
        }
    }
}

/// The reason in full, then what to do.
fn failure(record: &JobRecord) -> Markup {
    let reason = record.job.failure_reason.as_deref().unwrap_or_default();
    html! {
        section.failure aria-labelledby="why" {
            h2 #why { "Why it failed" }
            pre tabindex="0" role="region" aria-label="The reason in full" { (inert::lines(reason).collect::<Vec<_>>().join("\n")) }
            @if let Some(advice) = on_reason(reason) { p { b { "What to do: " } (advice) "." } }
        }
    }
}

fn facts(record: &JobRecord, kfp_ui: Option<&KfpUi>, now: Timestamp) -> Markup {
    let job = &record.job;
    html! {
        dl.facts {
            @if let Some(at) = job.created_at { dt { "Created" } dd { (moment(at)) } }
            @if let Some(at) = job.modified_at { dt { "Last change" } dd { (moment(at)) } }
            @if let Some(at) = job.settled_at { dt { "Ended" } dd { (moment(at)) } }
            @if job.created_at.is_some() {
                dt { (if job.settled_at.is_some() { "Took" } else { "Runs for" }) }
                dd { (took(job, now)) }
            }
            @if let Some(owner) = &record.owner { dt { "Owner" } dd { (theirs(&owner.0)) } }
            @if !record.runs.is_empty() {
                dt { (if record.runs.len() == 1 { "Run" } else { "Runs" }) }
                dd {
                    @for run in &record.runs {
                        a href=(run_address(run)) { (theirs(run)) } " "
                        @if let Some(link) = in_kfp(kfp_ui, run) { (link) " " }
                    }
                }
            }
            (used::rows(record))
            dt { "ARN" } dd { code { (job.arn) } }
            dt { "Links" } dd { (addresses(record)) }
        }
    }
}

fn addresses(record: &JobRecord) -> Markup {
    let job = &record.job;
    let console = links::console(&job.arn, &job.name);
    // A cluster's own name is its job's.
    let group = links::log_group(&job.arn, &job.name, Some(&job.name));
    let logs = group.map(|group| links::log_streams(&job.arn, &job.name, &group));
    let json = format!("v1/jobs/{}", utf8_percent_encode(job.arn.as_str(), NON_ALPHANUMERIC));
    html! {
        @for (address, word) in [(console, "SageMaker console"), (logs, "CloudWatch logs")] {
            @if let Some(address) = address {
                a href=(address) rel="noreferrer" target="_blank" { (word) } " "
            }
        }
        a href=(json) { "JSON" } " "
        a href={ (json) "/timeline" } { "Timeline as JSON" }
    }
}

fn observations(record: &JobRecord) -> Markup {
    html! {
        section aria-labelledby="observations" {
            h2 #observations { "Observations " span.count { (record.timeline.len()) } }
            @if record.timeline.is_empty() {
                p.soft { "None yet: somebody waits for this job, and no event told of it." }
            } @else {
                div.scroll tabindex="0" role="region" aria-label="Observations" {
                    table {
                        thead { tr {
                            @for head in ["Time", "State", "Source", "Seen after"] { th scope="col" { (head) } }
                        } }
                        tbody { @for entry in record.timeline.iter().rev() { (observation(entry)) } }
                    }
                }
            }
            @if record.timeline_dropped > 0 {
                p.soft { (record.timeline_dropped) " more between the first and these were dropped." }
            }
        }
    }
}

fn observation(entry: &TimelineEntry) -> Markup {
    html! {
        tr {
            td { (moment(entry.at)) }
            td {
                span class={ "dot " (entry.phase) } {}
                (status_words(&entry.status, entry.secondary_status.as_deref()))
                @if entry.late { " " span.tag title="A later state was known already" { "late" } }
            }
            td { (entry.source.as_str()) }
            td { (seen_after(entry.at, entry.seen_at)) }
        }
    }
}
