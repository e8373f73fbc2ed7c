//! Parts of several pages.

use maud::{Markup, html};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::inert::one_line;
use sagebell_monitor::job::Job;
use sagebell_monitor::kfp_ui::KfpUi;
use sagebell_monitor::phase::Phase;

/// What stays as it is in the value of a query: RFC 3986, section 3.4, without what has a meaning
/// in forms.
const QUERY: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b':').remove(b'/');

/// The phase, as a word with its colour and its sign.
pub(crate) fn badge(phase: Phase) -> Markup {
    html! { span class={ "phase " (phase) } { (words(phase)) } }
}

/// The phase in words.
pub(crate) fn words(phase: Phase) -> &'static str {
    match phase {
        Phase::TimedOut => "timed out",
        other => other.as_str(),
    }
}

/// Text of others, on one line. `bdi` keeps its writing direction to itself.
pub(crate) fn theirs(text: &str) -> Markup {
    html! { bdi { (one_line(text)) } }
}

/// SageMaker's own words for the state of a job.
pub(crate) fn status(job: &Job) -> Markup {
    status_words(job.status.as_deref().unwrap_or("not seen yet"), job.secondary_status.as_deref())
}

/// A status and, where it says more, a secondary status.
pub(crate) fn status_words(status: &str, secondary: Option<&str>) -> Markup {
    html! {
        (theirs(status))
        @if let Some(finer) = secondary.filter(|finer| *finer != status) { " / " (theirs(finer)) }
    }
}

/// The address of a job's page.
pub(crate) fn job_address(arn: &JobArn) -> String {
    format!("job?arn={}", utf8_percent_encode(arn.as_str(), QUERY))
}

/// The address of a run's page.
pub(crate) fn run_address(run: &str) -> String {
    format!("run?id={}", utf8_percent_encode(run, QUERY))
}

/// A link to the run's page in KFP, if there is one.
pub(crate) fn in_kfp(ui: Option<&KfpUi>, run: &str) -> Option<Markup> {
    let page = ui?.run(run)?;
    Some(html! { a href=(page) rel="noreferrer" target="_blank" { "Open in KFP" } })
}

/// Where nothing is to be shown: what that means, and what to do.
pub(crate) fn empty(title: &str, hint: &Markup) -> Markup {
    html! {
        div.empty {
            h2 { (title) }
            p { (hint) }
        }
    }
}
