//! `sagebell job`, `timeline` and `refresh`: all about one job.

use std::error::Error;
use std::process::ExitCode;

use console::style;
use jiff::Timestamp;
use sagebell_api_types::{RunView, TimelineView};
use sagebell_client::Client;
use sagebell_monitor::advice::on_reason;
use sagebell_monitor::inert::{indented, one_line};
use sagebell_monitor::job::{Job, TimelineEntry};
use sagebell_monitor::links;
use sagebell_monitor::ports::Clock as _;
use sagebell_monitor::spoken::{duration, exact, relative, seen_after};
use sagebell_system::{SystemClock, say};

use crate::args::JobArgs;
use crate::jobs::{colored, status, status_words};
use crate::table::{Column, table, terminal_width};

/// Where what is told of a job begins, on the lines after its first.
const INDENT: &str = "            ";

/// Shows a job.
///
/// # Errors
/// If there is no such job, or the monitor does not answer.
pub async fn show(args: &JobArgs) -> Result<ExitCode, Box<dyn Error>> {
    let client = Client::new(args.api.api.clone())?;
    let shown = client.get_job(&args.which.find(&client).await?).await?;
    args.api.output.print(&shown, || {
        say::show(lines(&shown.job, SystemClock.now()));
        shown.runs.iter().for_each(|run| say::show(run_lines(run)));
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Asks SageMaker for a job, and shows it.
///
/// # Errors
/// If there is no such job, the caller may not do this, or the monitor does not answer.
pub async fn refresh(args: &JobArgs) -> Result<ExitCode, Box<dyn Error>> {
    let client = Client::new(args.api.api.clone())?;
    let job = client.refresh(&args.which.find(&client).await?).await?;
    args.api.output.print(&job, || say::show(lines(&job, SystemClock.now())))?;
    Ok(ExitCode::SUCCESS)
}

/// Shows the timeline of a job.
///
/// # Errors
/// If there is no such job, or the monitor does not answer.
pub async fn timeline(args: &JobArgs) -> Result<ExitCode, Box<dyn Error>> {
    let client = Client::new(args.api.api.clone())?;
    let timeline = client.timeline(&args.which.find(&client).await?).await?;
    args.api.output.print(&timeline, || show_timeline(&timeline, SystemClock.now()))?;
    Ok(ExitCode::SUCCESS)
}

/// What people want to know of a job.
pub(crate) fn lines(job: &Job, now: Timestamp) -> String {
    let mut lines = vec![format!(
        "{} {} {}",
        colored(job.phase),
        style(one_line(&job.name)).bold(),
        status(job)
    )];
    let moment = |at: Timestamp| format!("{} ({})", relative(at, now), exact(at));
    let reason = job.failure_reason.as_deref();
    let facts = [
        ("reason", reason.map(|reason| indented(reason, INDENT))),
        ("what to do", reason.and_then(on_reason).map(|advice| advice.to_string())),
        ("created", job.created_at.map(moment)),
        ("changed", job.modified_at.map(moment)),
        ("ended", job.settled_at.map(moment)),
        (
            "took",
            job.created_at.zip(job.settled_at).map(|(from, to)| duration(to.duration_since(from))),
        ),
        ("ARN", Some(job.arn.to_string())),
        ("console", links::console(&job.arn, &job.name)),
        ("logs", log_link(job)),
    ];
    let facts = facts.into_iter().filter_map(|(name, told)| Some((name, told?)));
    lines.extend(facts.map(|(name, told)| fact(name, &told)));
    lines.join("\n")
}

/// A run, and its page in KFP.
fn run_lines(run: &RunView) -> String {
    let page = run.kfp_url.as_ref().map(|url| fact("KFP run", &one_line(url)));
    let lines = [Some(fact("run", &one_line(&run.id))), page];
    lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

fn fact(name: &str, fact: &str) -> String {
    format!("{name:>10}  {fact}")
}

fn log_link(job: &Job) -> Option<String> {
    // A cluster's own name is its job's.
    let group = links::log_group(&job.arn, &job.name, Some(&job.name))?;
    Some(links::log_streams(&job.arn, &job.name, &group))
}

const COLUMNS: [Column; 5] = [
    Column::Whole("WHEN"),
    Column::Whole("PHASE"),
    Column::Short("STATUS"),
    Column::Whole("SOURCE"),
    Column::Whole("SEEN AFTER"),
];

fn show_timeline(timeline: &TimelineView, now: Timestamp) {
    if timeline.items.is_empty() {
        say::err("Nothing was observed yet: somebody waits for this job, and no event told of it.");
        return;
    }
    let rows: Vec<_> = timeline.items.iter().map(|entry| row(entry, now)).collect();
    say::show(table(COLUMNS, &rows, terminal_width()));
    if timeline.dropped > 0 {
        say::err(format_args!("{} observations are no longer kept.", timeline.dropped));
    }
}

fn row(entry: &TimelineEntry, now: Timestamp) -> [String; 5] {
    let seen = seen_after(entry.at, entry.seen_at);
    [
        relative(entry.at, now),
        colored(entry.phase),
        status_words(Some(&entry.status), entry.secondary_status.as_deref()),
        entry.source.as_str().to_owned(),
        if entry.late { format!("{seen}, late") } else { seen },
    ]
}
