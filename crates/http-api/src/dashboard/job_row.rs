//! A job in a list.

use jiff::Timestamp;
use maud::{Markup, html};
use sagebell_monitor::job::Job;
use sagebell_monitor::ports::JobFilter;

use super::assets::digest;
use super::filters::{address, spaced};
use super::parts::{badge, job_address, status, theirs};
use super::times::{ago, lasted, lasting};

/// Longest reason in a list, in characters: the job's page has all of it.
const REASON_LEN: usize = 200;

/// The jobs, a row each.
pub(crate) fn list(jobs: &[Job], now: Timestamp, filter: &JobFilter) -> Markup {
    html! {
        ul.jobs { @for job in jobs { (row(job, now, filter)) } }
    }
}

fn row(job: &Job, now: Timestamp, filter: &JobFilter) -> Markup {
    let (region, account) = (job.arn.region(), job.arn.account());
    let of_kind = JobFilter { kind: Some(job.kind), ..filter.clone() };
    let of_region = JobFilter { region: Some(region.to_owned()), ..filter.clone() };
    let of_account = JobFilter { account: Some(account.to_owned()), ..filter.clone() };
    html! {
        // The id tells the script which row became which.
        li class=(job.phase) id={ "j" (format!("{:016x}", digest(job.arn.key()))) } {
            (badge(job.phase))
            div.what {
                a.name href=(job_address(&job.arn)) { (theirs(&job.name)) }
                small {
                    a href=(address(of_kind)) { (spaced(job.kind.as_str())) }
                    " · "
                    a href=(address(of_region)) { (region) }
                    " · "
                    a href=(address(of_account)) { (account) }
                }
            }
            div.status { (status(job)) }
            div.took { (took(job, now)) }
            div.when { @if let Some(at) = job.modified_at { (ago(at, now)) } }
            @if let Some(reason) = &job.failure_reason {
                p.why { (theirs(&on_one_line(clipped(reason)))) }
            }
        }
    }
}

/// How long the job lasted, or lasts, as far as that is known.
pub(crate) fn took(job: &Job, now: Timestamp) -> Markup {
    html! {
        @match (job.created_at, job.settled_at) {
            (Some(from), Some(to)) => (lasted(from, to)),
            (Some(from), None) => (lasting(from, now)),
            (None, _) => {}
        }
    }
}

/// A list has no room for line breaks.
fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn clipped(text: &str) -> &str {
    let end = text.char_indices().nth(REASON_LEN);
    end.and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}
