//! Prints what the job wrote to CloudWatch Logs.

use sagebell_aws_reads::{Account, AskError, LogsFrom};
use sagebell_monitor::inert::indented;
use sagebell_monitor::links::stream_prefix;
use sagebell_system::say;

use crate::links::log_group;
use crate::options::Logs;
use crate::subject::Subject;

/// Lines of each stream that are printed of a job that failed.
const TAIL: u32 = 100;
/// What each line of the job's begins with: it is not the step's own.
const MARK: &str = "  | ";
/// Pages of a stream at most, up to 10,000 lines or 1 MB each.
const PAGES: usize = 1_000;

/// Prints the logs of the job, stream by stream, each from its beginning to its end, as far as
/// `logs` requests. If there are none, or they cannot be read, it prints that, and this is not a
/// failure.
pub(crate) async fn print(account: &Account, subject: &Subject<'_>, logs: Logs, failed: bool) {
    let wanted = match logs {
        Logs::None => false,
        Logs::Tail => failed,
        Logs::All => true,
    };
    let Some(job) = subject.job.as_ref().filter(|_| wanted) else { return };
    let Some(group) = log_group(job, subject.name, subject.answer) else { return };
    let prefix = stream_prefix(job.kind(), subject.name);
    if let Err(error) = print_group(account, &group, &prefix, logs).await {
        say::out(format_args!("The job's logs could not be read: {error}"));
    }
}

async fn print_group(
    account: &Account,
    group: &str,
    prefix: &str,
    logs: Logs,
) -> Result<(), AskError> {
    for stream in account.log_streams(group, prefix).await? {
        say::out(format_args!("--- {group}: {stream}"));
        if logs == Logs::All {
            print_all(account, group, &stream).await?;
        } else {
            let page = account.log_page(group, &stream, &LogsFrom::Tail(TAIL)).await?;
            print_lines(&page.lines);
        }
    }
    Ok(())
}

async fn print_all(account: &Account, group: &str, stream: &str) -> Result<(), AskError> {
    let mut from = LogsFrom::Head;
    for _ in 0..PAGES {
        let page = account.log_page(group, stream, &from).await?;
        print_lines(&page.lines);
        match page.next.map(LogsFrom::Page) {
            Some(next) if next != from => from = next,
            _ => return Ok(()),
        }
    }
    say::out(format_args!("--- {stream} has more lines. See CloudWatch"));
    Ok(())
}

fn print_lines(lines: &[String]) {
    for line in lines {
        say::out(format_args!("{MARK}{}", indented(line.trim_end(), MARK)));
    }
}
