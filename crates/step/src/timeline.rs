//! The statuses of a job as a page for KFP's HTML artifact: a picture to scale, a table, the billed
//! seconds, and links.
//!
//! KFP shows the page in a frame with `sandbox="allow-scripts"` only
//! (`frontend/src/components/viewers/HTMLViewer.tsx`), so links in it do not open. Therefore the
//! page has no links and no script. It shows URLs as text to copy, and the artifact `summary` has
//! them as links. All text from others is inert.

mod rows;

use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sagebell_monitor::inert;
use sagebell_monitor::time::parse_time;
use serde_json::Value;

use crate::advice;
use crate::links::{self, Link};
use crate::progress::{Seen, duration};
use crate::subject::Subject;
use rows::{Row, Scale};

/// The artifact's name.
pub const NAME: &str = "timeline";

const STYLE: &str = include_str!("timeline.css");
/// Nothing is loaded and nothing runs, whatever got into the page.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// The page of a job of which `last` was seen last.
#[must_use]
pub(crate) fn page(subject: &Subject<'_>, last: &Seen) -> String {
    let rows = rows::of(subject, last);
    let name = inert::one_line(subject.name);
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { (name) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                p class="soft" { (subject.noun) }
                h1 { bdi { (name) } }
                (verdict(subject, last))
                @if let Some(reason) = &last.reason { (explained(reason)) }
                h2 { "Timeline" }
                (chart(&rows))
                h2 { "Statuses" }
                (table(&rows))
                (costs(subject.answer))
                (places(subject))
            }
        }
    };
    markup.into_string()
}

fn verdict(subject: &Subject<'_>, last: &Seen) -> Markup {
    html! {
        p {
            span class={ "state " (last.phase.as_str()) } { bdi { (inert::one_line(&last.status)) } }
            @if let Some(took) = subject.history.took() {
                span class="soft" { " after " (duration(took)) }
            }
        }
    }
}

fn explained(reason: &str) -> Markup {
    html! {
        pre { bdi { (inert::indented(reason, "")) } }
        @if let Some(advice) = advice::on_reason(reason) { p { b { "What to do: " } (advice) } }
    }
}

/// Each status on a line of its own, as long as it lasted.
fn chart(rows: &[Row]) -> Markup {
    let scale = Scale::of(rows);
    html! {
        div class="chart" role="list" {
            @for row in rows {
                @let (from, width) = scale.place(row);
                div class=(row.phase.as_str()) role="listitem" {
                    bdi { (row.status) }
                    span class="track" {
                        i style={ "left:" (from) "%;width:" (width) "%" } {}
                    }
                    span class="lasted" { @if let Some(lasted) = row.lasted { (duration(lasted)) } }
                }
            }
        }
        @if let Some((from, to)) = scale.ends() {
            p class="ends soft" { span { (time(from)) } span { (time(to)) } }
        }
    }
}

fn table(rows: &[Row]) -> Markup {
    html! {
        table {
            thead { tr { @for head in ["Status", "From", "Lasted", ""] { th scope="col" { (head) } } } }
            tbody {
                @for row in rows {
                    tr {
                        td { bdi { (row.status) } }
                        td class="at" { (time(row.from)) }
                        td class="lasted" { @if let Some(lasted) = row.lasted { (duration(lasted)) } }
                        td class="soft" { bdi { (row.message) } }
                    }
                }
            }
        }
    }
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn costs(answer: &Value) -> Markup {
    let seconds = |member: &str| answer.get(member).and_then(Value::as_i64);
    let instances =
        ["/ResourceConfig", "/ProcessingResources/ClusterConfig", "/TransformResources"]
            .iter()
            .find_map(|pointer| answer.pointer(pointer));
    let count = instances.and_then(|of| of.get("InstanceCount")).and_then(Value::as_i64);
    let kind = instances.and_then(|of| of.get("InstanceType")).and_then(Value::as_str);
    let billed = seconds("BillableTimeInSeconds").or_else(|| run_time(answer));
    html! {
        @if let (Some(count), Some(kind), Some(billed)) = (count, kind, billed) {
            h2 { "Cost" }
            p {
                (count) " × " bdi { (inert::one_line(kind)) } ", " (billed) " s each: "
                b { (count.saturating_mul(billed)) " instance seconds" }
                @if let Some(whole) = seconds("TrainingTimeInSeconds").filter(|whole| *whole > billed) {
                    ", " (count.saturating_mul(whole - billed)) " s saved by spot instances"
                }
            }
        }
    }
}

/// From when its instances began to work until it ended.
fn run_time(answer: &Value) -> Option<i64> {
    let time = |members: [&str; 3]| {
        members.iter().find_map(|member| answer.get(member).and_then(parse_time))
    };
    let began = time(["TrainingStartTime", "ProcessingStartTime", "TransformStartTime"])?;
    let ended = time(["TrainingEndTime", "ProcessingEndTime", "TransformEndTime"])?;
    Some(ended.duration_since(began).as_secs())
}

fn places(subject: &Subject<'_>) -> Markup {
    let links = links::of(subject);
    let text =
        |link: &Link| (link.text != subject.name).then(|| inert::one_line(&link.text).into_owned());
    html! {
        h2 { "Links" }
        dl {
            @for link in &links {
                dt { (link.what.word()) }
                dd { @if let Some(text) = text(link) { bdi { (text) } } code { (link.url) } }
            }
            @if let Some(arn) = subject.arn { dt { "ARN" } dd { code { (inert::one_line(arn)) } } }
        }
        @if !links.is_empty() {
            p class="soft" { "KFP does not open links from this page. Copy a link, or use the links in the artifact “summary”." }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sagebell_monitor::arn::JobArn;
    use sagebell_monitor::kind::Kind;
    use serde_json::json;

    use super::*;
    use crate::plan::Watch;
    use crate::progress::History;

    const ARN: &str = "arn:aws:sagemaker:us-east-1:123456789012:training-job/x";

    fn of(answer: &Value) -> String {
        let last = Seen::in_answer(&Watch::Job(Kind::Training), answer, Timestamp::UNIX_EPOCH);
        let last = last.unwrap();
        let mut history = History::since(Timestamp::UNIX_EPOCH);
        history.note(last.clone(), Timestamp::UNIX_EPOCH);
        let subject = Subject {
            name: "x",
            noun: "training job".to_owned(),
            arn: Some(ARN),
            job: JobArn::parse(ARN).ok(),
            last: Some(&last),
            answer,
            history: &history,
        };
        page(&subject, &last)
    }

    #[test]
    fn a_training_job_tells_its_states_and_what_they_cost() {
        let html = of(&json!({"TrainingJobStatus": "Completed", "BillableTimeInSeconds": 60,
            "TrainingTimeInSeconds": 200,
            "ResourceConfig": {"InstanceCount": 2, "InstanceType": "ml.m5.large"},
            "SecondaryStatusTransitions": [
                {"Status": "Starting", "StartTime": 1_700_000_000, "EndTime": 1_700_000_090},
                {"Status": "Training", "StartTime": 1_700_000_090}]}));
        for part in ["Starting", "1m 30s", "120 instance seconds", "280 s saved", ARN] {
            assert!(html.contains(part), "{part}: {html}");
        }
    }

    #[test]
    fn a_frame_that_opens_nothing_needs_no_link_and_no_script() {
        let html = of(&json!({"TrainingJobStatus": "Completed"}));
        assert!(html.contains("https://us-east-1.console.aws.amazon.com/"), "{html}");
        for active in ["<a", "href", "<script", "src="] {
            assert!(!html.contains(active), "{active}");
        }
    }

    proptest! {
        #[test]
        fn what_sagemaker_says_is_text_and_inert(words in "w[<>&\"'/a-c\u{1b}\u{202e}\n]{0,30}") {
            let html = of(&json!({"TrainingJobStatus": "Failed", "FailureReason": &words,
                "SecondaryStatusTransitions": [
                    {"Status": &words, "StartTime": 1_700_000_000, "StatusMessage": &words}]}));
            let plain = of(&json!({"TrainingJobStatus": "Failed", "FailureReason": "w",
                "SecondaryStatusTransitions": [
                    {"Status": "w", "StartTime": 1_700_000_000, "StatusMessage": "w"}]}));
            // No word of theirs begins a tag.
            prop_assert_eq!(html.matches('<').count(), plain.matches('<').count());
            prop_assert!(!html.contains(|c| inert::acts(c) && c != '\n'));
        }
    }
}
