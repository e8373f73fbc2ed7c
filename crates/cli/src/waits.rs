//! `sagebell waits`: who waits for a job.

use std::error::Error;
use std::process::ExitCode;

use console::style;
use jiff::Timestamp;
use sagebell_api_types::{JobWaitView, WaitStateView};
use sagebell_client::{Client, ClientError};
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::inert::one_line;
use sagebell_monitor::ports::Clock as _;
use sagebell_monitor::spoken::relative;
use sagebell_monitor::wait::WaitState;
use sagebell_system::{SystemClock, say};

use crate::args::JobArgs;
use crate::table::{Column, table, terminal_width};

/// Calls at most, of a page each.
const PAGES: usize = 50;
const COLUMNS: [Column; 6] = [
    Column::Whole("STATE"),
    Column::Short("ID"),
    Column::Short("PRINCIPAL"),
    Column::Whole("CHANNEL"),
    Column::Whole("TOLD"),
    Column::Whole("REGISTERED"),
];

/// Shows the waits on a job.
///
/// # Errors
/// If there is no such job, or the monitor does not answer.
pub async fn run(args: &JobArgs) -> Result<ExitCode, Box<dyn Error>> {
    let client = Client::new(args.api.api.clone())?;
    let (waits, more) = read(&client, &args.which.find(&client).await?).await?;
    if args.api.output.is_for_people() {
        show(&waits, SystemClock.now());
    }
    if more {
        say::err(format_args!("There are more waits: these are the first {}.", waits.len()));
    }
    for wait in &waits {
        args.api.output.print(wait, || ())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The waits, and whether there are more.
async fn read(client: &Client, arn: &JobArn) -> Result<(Vec<JobWaitView>, bool), ClientError> {
    let (mut waits, mut cursor) = (Vec::new(), None);
    for _ in 0..PAGES {
        let page = client.waits(arn, cursor.as_deref()).await?;
        waits.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    Ok((waits, cursor.is_some()))
}

fn show(waits: &[JobWaitView], now: Timestamp) {
    if waits.is_empty() {
        say::err("Nobody waits for this job.");
        return;
    }
    let rows: Vec<_> = waits.iter().map(|wait| row(wait, now)).collect();
    say::show(table(COLUMNS, &rows, terminal_width()));
    let failed =
        waits.iter().filter_map(|wait| Some((wait, wait.wait.delivery.last_error.as_ref()?)));
    for (wait, error) in failed {
        say::out(format_args!("{}: the last attempt failed: {error}", wait.wait.id.as_str()));
    }
}

fn row(JobWaitView { principal, wait }: &JobWaitView, now: Timestamp) -> [String; 6] {
    let (told, failed) = (wait.delivery.seq, wait.delivery.attempts);
    [
        state(&wait.state),
        one_line(wait.id.as_str()).into_owned(),
        one_line(principal).into_owned(),
        one_line(&wait.channel).into_owned(),
        if failed == 0 { told.to_string() } else { format!("{told} ({failed} failed)") },
        relative(wait.created_at, now),
    ]
}

fn state(state: &WaitStateView) -> String {
    let word = match state {
        WaitStateView::Unknown(word) => style(one_line(word).into_owned()),
        WaitStateView::Known(WaitState::Waiting) => style("waiting".to_owned()).cyan(),
        WaitStateView::Known(WaitState::Signalled) => style("signalled".to_owned()).green(),
        WaitStateView::Known(other) => style(other.as_str().to_owned()).yellow(),
    };
    word.to_string()
}
