//! `sagebell jobs`: list the jobs that the monitor knows.

use std::error::Error;
use std::process::ExitCode;

use console::style;
use jiff::Timestamp;
use sagebell_api_types::query::JobsQuery;
use sagebell_client::client::{Client, ClientError};
use sagebell_monitor::inert::one_line;
use sagebell_monitor::job::Job;
use sagebell_monitor::phase::Phase;
use sagebell_monitor::ports::{Clock as _, Cursor, JobFilter};
use sagebell_monitor::spoken::relative;
use sagebell_system::{SystemClock, say};

use crate::args::JobsArgs;
use crate::table::{Column, table, terminal_width};

/// The number of jobs in one call.
const PAGE: usize = 200;
const COLUMNS: [Column; 5] = [
    Column::Whole("PHASE"),
    Column::Whole("KIND"),
    Column::Short("NAME"),
    Column::Short("STATUS"),
    Column::Whole("CHANGED"),
];

/// Jobs of the list, and whether there are more.
pub struct Listed {
    /// The jobs.
    pub jobs: Vec<Job>,
    /// Whether there are more.
    pub more: bool,
}

/// Lists jobs.
///
/// # Errors
/// If the monitor does not answer.
pub async fn run(args: &JobsArgs) -> Result<ExitCode, Box<dyn Error>> {
    let client = Client::new(args.api.api.clone())?;
    let listed = list(&client, args.filters.filter(), args.limit).await?;
    if args.api.output.is_for_people() {
        show(&listed, args.limit);
    }
    for job in &listed.jobs {
        args.api.output.print(job, || ())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The jobs of this filter, `most` of them at most.
///
/// # Errors
/// If the monitor does not answer.
pub async fn list(client: &Client, filter: JobFilter, most: usize) -> Result<Listed, ClientError> {
    let mut asked = JobsQuery { filter, cursor: None, limit: None };
    let mut jobs = Vec::new();
    while jobs.len() < most {
        asked.limit = Some(PAGE.min(most - jobs.len()));
        let page = client.list_jobs(&asked).await?;
        jobs.extend(page.items);
        asked.cursor = page.next.map(Cursor);
        if asked.cursor.is_none() {
            break;
        }
    }
    Ok(Listed { jobs, more: asked.cursor.is_some() })
}

fn show(listed: &Listed, limit: usize) {
    if listed.jobs.is_empty() {
        say::err(
            "No such jobs. A job is known after its first event, or when somebody waits for it.",
        );
        return;
    }
    say::show(jobs_table(&listed.jobs, SystemClock.now(), terminal_width()));
    if listed.more {
        say::err(format_args!("There are more jobs: see them with --limit {}.", limit * 2));
    }
}

/// The table of these jobs.
#[must_use]
pub fn jobs_table(jobs: &[Job], now: Timestamp, width: Option<usize>) -> comfy_table::Table {
    let row = |job: &Job| {
        [
            colored(job.phase),
            job.kind.to_string(),
            one_line(&job.name).into_owned(),
            status(job),
            job.modified_at.map(|at| relative(at, now)).unwrap_or_default(),
        ]
    };
    table(COLUMNS, &jobs.iter().map(row).collect::<Vec<_>>(), width)
}

/// SageMaker's own words for where the job is.
#[must_use]
pub fn status(job: &Job) -> String {
    status_words(job.status.as_deref(), job.secondary_status.as_deref())
}

/// A status and what is within it, on one line.
#[must_use]
pub fn status_words(status: Option<&str>, secondary: Option<&str>) -> String {
    let mut words: Vec<_> = [status, secondary].into_iter().flatten().collect();
    words.dedup();
    one_line(&words.join(" / ")).into_owned()
}

/// The phase, in the colour of its kind where the terminal has colours.
#[must_use]
pub fn colored(phase: Phase) -> String {
    let word = style(phase.as_str());
    let word = match phase {
        Phase::Succeeded => word.green(),
        Phase::Failed | Phase::TimedOut => word.red(),
        Phase::Stopped | Phase::Stopping | Phase::Unknown => word.yellow(),
        Phase::Pending | Phase::Running => word.cyan(),
    };
    word.to_string()
}
