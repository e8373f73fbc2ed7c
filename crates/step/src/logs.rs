//! Prints what the job wrote to CloudWatch Logs.

use sagebell_aws_reads::{Account, AskError, JobLogs, LogLine, WhichLines};
use sagebell_monitor::inert::{indented, one_line};
use sagebell_monitor::links::stream_prefix;
use sagebell_system::say;

use crate::links::log_group;
use crate::options::Logs;
use crate::subject::Subject;

/// Lines of each stream that are printed of a job that failed.
const TAIL: u32 = 100;
/// What each line of the job's begins with: it is not the step's own.
const MARK: &str = "  | ";

/// Prints the logs of the job in order of time, as far as `logs` requests. If there are none, or
/// they cannot be read, it prints that, and this is not a failure.
pub(crate) async fn print(account: &Account, subject: &Subject<'_>, logs: Logs, failed: bool) {
    let tail = match logs {
        Logs::Tail if failed => Some(TAIL),
        Logs::All => None,
        Logs::None | Logs::Tail => return,
    };
    let Some(job) = &subject.job else { return };
    let Some(group) = log_group(job, subject.name, subject.answer) else { return };
    say::out(format_args!("--- {group}"));
    let prefix = stream_prefix(job.kind(), subject.name);
    let mut logs = JobLogs::new(account, group, prefix, WhichLines { since: None, tail });
    let read = logs.read(|line| {
        print_line(line);
        Ok::<_, AskError>(())
    });
    match read.await {
        Err(error) => say::out(format_args!("The job's logs could not be read: {error}")),
        Ok(read) if read.streams == 0 => say::out("The job wrote no logs."),
        Ok(read) if read.has_more => say::out("The job has more logs. See CloudWatch"),
        Ok(_) => {}
    }
}

fn print_line(line: LogLine<'_>) {
    let instance = line.instance.map(|name| format!("{}: ", one_line(name))).unwrap_or_default();
    say::out(format_args!("{MARK}{instance}{}", indented(line.text.trim_end(), MARK)));
}
