//! `sagebell logs`: what a job wrote to CloudWatch Logs.
//!
//! Standard output has the job's lines alone. What Sagebell says goes to standard error.

mod follow;
mod line;

use std::error::Error;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use aws_config::BehaviorVersion;
use sagebell_aws_reads::{Account, AskError, JobLogs, WhichLines};
use sagebell_client::Client;
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::kind::Kind;
use sagebell_monitor::links::{log_group, log_streams, stream_prefix};
use sagebell_monitor::ports::Clock as _;
use sagebell_system::{SystemClock, say};

use crate::args::LogsArgs;
use crate::output::PrintError;
use crate::wait::answers;
use line::Printer;

/// Why there are no logs to read.
#[derive(Debug, thiserror::Error)]
pub enum NoLogs {
    /// Nothing of this kind writes any.
    #[error("SageMaker writes no logs of the kind {0}; `sagebell job JOB` shows what is known")]
    Kind(Kind),
    /// The job is another account's.
    #[error(
        "the AWS credentials are of the account {theirs}, and the job is in the account {jobs}; use credentials of {jobs}, for example with AWS_PROFILE"
    )]
    OtherAccount {
        /// The account of the credentials.
        theirs: String,
        /// The account of the job.
        jobs: String,
    },
}

/// Why a reading ended early.
#[derive(Debug, thiserror::Error)]
enum Ended {
    /// AWS refused.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// A line could not be made a document.
    #[error(transparent)]
    Print(#[from] PrintError),
    /// A line could not be written.
    #[error("the lines cannot be written: {0}")]
    Write(#[from] io::Error),
}

impl Ended {
    /// Nobody reads on, as in `sagebell logs JOB | head`, and this is no failure.
    fn unless_nobody_reads(self) -> Result<(), Box<dyn Error>> {
        match self {
            Self::Write(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            // What to do next is told by the error itself.
            Self::Ask(error) => Err(error.into()),
            other => Err(other.into()),
        }
    }
}

/// The job whose logs are read.
struct Source {
    arn: JobArn,
    /// Its name as SageMaker spells it, by which its streams are called.
    name: String,
    group: String,
}

/// Prints the logs of a job.
///
/// # Errors
/// [`NoLogs`] or [`AskError`], or why the monitor does not know the job.
pub async fn run(args: &LogsArgs) -> Result<ExitCode, Box<dyn Error>> {
    let client = Client::new(args.job.api.api.clone())?;
    if args.follow {
        answers(&client).await?;
    }
    let source = Source::find(args, &client).await?;
    let account = account_of(&source.arn).await?;
    let since = args.since.map(|since| SystemClock.now().saturating_sub(since)).transpose()?;
    let which = WhichLines { since, tail: args.tail };
    let prefix = stream_prefix(source.arn.kind(), &source.name);
    let mut logs = JobLogs::new(&account, source.group.clone(), prefix, which);
    let printer = Printer::new(args);
    if args.follow {
        follow::run(&mut logs, &printer, &source, client).await?;
    } else if let Err(ended) = print(&mut logs, &printer, &source).await {
        ended.unless_nobody_reads()?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn print(logs: &mut JobLogs<'_>, printer: &Printer, source: &Source) -> Result<(), Ended> {
    let read = logs.read(|line| printer.print(line)).await?;
    if read.streams == 0 {
        say::err(format_args!("The job {} has written nothing to {}.", source.name, source.group));
    }
    if read.has_more {
        let link = log_streams(&source.arn, &source.name, &source.group);
        say::err(format_args!("There are more lines. See {link}"));
    }
    Ok(())
}

impl Source {
    async fn find(args: &LogsArgs, client: &Client) -> Result<Self, Box<dyn Error>> {
        let arn = args.job.which.find(client).await?;
        // An ARN may have small letters where the name has others. The monitor knows the name, but
        // logs can be read without it.
        let known = client.get_job(&arn).await;
        let name = known.map_or_else(|_| arn.name().to_owned(), |known| known.job.name);
        // A cluster's own name is its job's.
        let group = log_group(&arn, &name, Some(&name)).ok_or(NoLogs::Kind(arn.kind()))?;
        Ok(Self { arn, name, group })
    }
}

/// The account and region of the job, if the credentials are of this account. Another account may
/// have a job of the same name.
async fn account_of(arn: &JobArn) -> Result<Account, Box<dyn Error>> {
    let sdk = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let account = Account::new(&sdk, arn.region(), Arc::new(SystemClock))?;
    match account.caller().await {
        Ok(caller) if caller.account != arn.account() => {
            let (theirs, jobs) = (caller.account, arn.account().to_owned());
            Err(NoLogs::OtherAccount { theirs, jobs }.into())
        }
        // Where STS cannot be asked, the logs can be read still.
        _ => Ok(account),
    }
}
