//! `sagebell jobs`: list the jobs that the monitor knows.

use std::process::ExitCode;

use comfy_table::{ContentArrangement, Table, presets};
use console::style;
use sagebell_api_types::query::JobsQuery;
use sagebell_monitor::inert::one_line;
use sagebell_monitor::job::Job;
use sagebell_monitor::phase::Phase;
use sagebell_monitor::ports::{Cursor, JobFilter};
use sagebell_system::say;

use crate::args::JobsArgs;
use crate::output::{Output, print_json};
use sagebell_client::client::{Client, ClientError};

/// The number of jobs in one call.
const PAGE: usize = 200;

/// Lists jobs.
///
/// # Errors
/// If the monitor does not answer.
pub async fn run(args: &JobsArgs) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let client = Client::new(args.api.api.clone())?;
    let filter = JobFilter {
        phases: args.phase.into_iter().collect(),
        kind: args.kind,
        run: args.run.clone(),
        ..JobFilter::default()
    };
    let jobs = list(&client, filter, args.limit).await?;
    match args.api.output {
        Output::Json => jobs.iter().try_for_each(print_json)?,
        Output::Text => say::show(table(&jobs)),
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(client: &Client, filter: JobFilter, most: usize) -> Result<Vec<Job>, ClientError> {
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
    Ok(jobs)
}

fn table(jobs: &[Job]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["PHASE", "KIND", "NAME", "STATUS", "MODIFIED"]);
    for job in jobs {
        table.add_row([
            colored(job.phase),
            job.kind.to_string(),
            one_line(&job.name).into_owned(),
            status(job),
            job.modified_at.map(|at| at.to_string()).unwrap_or_default(),
        ]);
    }
    table
}

/// SageMaker's own words for where the job is.
#[must_use]
pub fn status(job: &Job) -> String {
    let words = [job.status.as_deref(), job.secondary_status.as_deref()];
    let mut words: Vec<_> = words.into_iter().flatten().collect();
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
