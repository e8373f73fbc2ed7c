//! What a job used, wrote and measured.

use jiff::SignedDuration;
use maud::{Markup, html};
use sagebell_monitor::facts::{File, FileKind};
use sagebell_monitor::job::JobRecord;
use sagebell_monitor::links::in_s3;
use sagebell_monitor::phase::Phase;

use super::parts::theirs;
use super::times::{duration, moment};

/// Rows of the job's list of facts: instances, their time, what spot saved, and files.
pub(crate) fn rows(record: &JobRecord) -> Markup {
    let facts = &record.facts;
    html! {
        @if let Some(kind) = &facts.instance_type {
            dt { "Instances" }
            dd { @if let Some(count) = facts.instance_count { (count) " × " } (theirs(kind)) }
        }
        @if let Some(seconds) = facts.billed_instance_seconds() {
            dt { "Billed" }
            dd { (seconds) " instance seconds (" (of_seconds(seconds)) ")" }
        }
        @if let Some(percent) = facts.saved_percent() {
            dt { "Saved by spot" }
            dd { (percent) " %" }
        }
        @for file in facts.files.iter().filter(|file| is_there(file, record)) {
            dt { (file.what.as_str()) }
            dd { (place(file, record)) }
        }
    }
}

/// Where a model was to go is told of a job that failed too: there is none.
fn is_there(file: &File, record: &JobRecord) -> bool {
    file.what != FileKind::Model || record.job.phase != Phase::Failed
}

fn place(file: &File, record: &JobRecord) -> Markup {
    html! {
        @match in_s3(&record.job.arn, &file.uri) {
            Some(address) => a href=(address) rel="noreferrer" target="_blank" { (theirs(&file.uri)) },
            None => (theirs(&file.uri)),
        }
    }
}

fn of_seconds(seconds: u64) -> String {
    duration(SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX)))
}

/// The last metrics, if there are any.
pub(crate) fn metrics(record: &JobRecord) -> Markup {
    let metrics = &record.facts.metrics;
    html! {
        @if !metrics.is_empty() {
            section aria-labelledby="metrics" {
                h2 #metrics { "Metrics " span.count { (metrics.len()) } }
                dl.tiles {
                    @for (name, metric) in metrics {
                        div {
                            dt { (theirs(name)) }
                            dd { b { (theirs(&metric.value)) } @if let Some(at) = metric.at { small { (moment(at)) } } }
                        }
                    }
                }
            }
        }
    }
}
