//! What a job went through, as a page for KFP's HTML artifact: its statuses with
//! their durations, the seconds that cost, and where to read on.

use jiff::{SignedDuration, Timestamp};
use maud::{DOCTYPE, Markup, html};
use monitor::time::parse_time;
use serde_json::Value;

use crate::links::{Link, links};
use crate::progress::{History, Seen};

/// The artifact's name.
pub const NAME: &str = "timeline";

const STYLE: &str = "body{font:14px sans-serif;margin:1.5em}table{border-collapse:collapse}\
    td,th{text-align:left;padding:.2em 1em .2em 0;border-bottom:1px solid #ddd}\
    .succeeded{color:#187a3d}.failed,.timed_out{color:#b3261e}.stopped{color:#8a6100}";

/// A line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    status: String,
    from: Timestamp,
    lasted: Option<SignedDuration>,
    message: String,
}

/// What the page is about.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The job's name.
    pub name: &'a str,
    /// Its ARN.
    pub arn: &'a str,
    /// Its last state.
    pub last: &'a Seen,
    /// Its description.
    pub answer: &'a Value,
}

/// The page.
#[must_use]
pub fn page(subject: Subject<'_>, history: &History) -> String {
    let Subject { name, arn, last, answer } = subject;
    let transitions = transitions(answer);
    let rows = if transitions.is_empty() { seen_rows(history) } else { transitions };
    let markup = html! {
        (DOCTYPE)
        html {
            head { meta charset="utf-8"; title { (name) } style { (STYLE) } }
            body {
                h2 { (name) }
                p class=(last.phase.as_str()) { b { (last.status) } }
                @if let Some(reason) = &last.reason { p class="failed" { (reason) } }
                p { code { (arn) } }
                (table(&rows))
                (costs(answer))
                (list(&links(arn, answer)))
            }
        }
    };
    markup.into_string()
}

fn table(rows: &[Row]) -> Markup {
    html! {
        table {
            tr { th { "status" } th { "from" } th { "lasted" } th { "" } }
            @for row in rows {
                tr {
                    td { (row.status) }
                    td { (row.from.strftime("%Y-%m-%d %H:%M:%S UTC")) }
                    td { @if let Some(lasted) = row.lasted { (words(lasted)) } }
                    td { (row.message) }
                }
            }
        }
    }
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
            p {
                (count) " × " (kind) ", " (billed) " s each: "
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

fn list(links: &[Link]) -> Markup {
    html! {
        ul {
            @for link in links {
                li { (link.title) ": " a href=(link.url) { (link.text) } }
            }
        }
    }
}

/// A training job's own account of its states.
fn transitions(answer: &Value) -> Vec<Row> {
    let all = answer.get("SecondaryStatusTransitions").and_then(Value::as_array);
    let row = |transition: &Value| {
        let time = |member: &str| transition.get(member).and_then(parse_time);
        let text = |member: &str| transition.get(member)?.as_str().map(str::to_owned);
        let from = time("StartTime")?;
        Some(Row {
            status: text("Status")?,
            from,
            lasted: time("EndTime").map(|end| end.duration_since(from)),
            message: text("StatusMessage").unwrap_or_default(),
        })
    };
    all.into_iter().flatten().filter_map(row).collect()
}

fn seen_rows(history: &History) -> Vec<Row> {
    let seen = history.seen();
    let next = seen.iter().skip(1).map(|next| Some(next.at)).chain([None]);
    let row = |(seen, next): (&Seen, Option<Timestamp>)| Row {
        status: seen.status.clone(),
        from: seen.at,
        lasted: next.map(|next| next.duration_since(seen.at)),
        message: seen.detail.clone().unwrap_or_default(),
    };
    seen.iter().zip(next).map(row).collect()
}

fn words(duration: SignedDuration) -> String {
    format!("{:#}", SignedDuration::from_secs(duration.as_secs().max(0)))
}

#[cfg(test)]
mod tests {
    use monitor::kind::Kind;
    use serde_json::json;

    use super::*;
    use crate::plan::Watch;

    const ARN: &str = "arn:aws:sagemaker:us-east-1:123456789012:training-job/x";

    fn of(answer: &Value) -> String {
        let last = Seen::in_answer(&Watch::Job(Kind::Training), answer, Timestamp::UNIX_EPOCH);
        let last = last.unwrap();
        let mut history = History::since(Timestamp::UNIX_EPOCH);
        history.note(last.clone(), Timestamp::UNIX_EPOCH);
        page(Subject { name: "x", arn: ARN, last: &last, answer }, &history)
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
    fn what_sagemaker_says_is_no_markup() {
        let html = of(&json!({"TrainingJobStatus": "Failed",
            "FailureReason": "<script>alert(1)</script>"}));
        assert!(html.contains("&lt;script&gt;") && !html.contains("<script>"), "{html}");
    }
}
