//! `sagebell stop`: stop a job, once a person has said yes.

use std::error::Error;
use std::io::{self, IsTerminal as _};
use std::process::ExitCode;

use sagebell_client::Client;
use sagebell_monitor::inert::one_line;
use sagebell_monitor::job::Job;
use sagebell_monitor::ports::Clock as _;
use sagebell_system::{SystemClock, say};

use crate::args::StopArgs;
use crate::job::lines;
use crate::jobs::status;

/// There is nobody to ask.
#[derive(Debug, thiserror::Error)]
#[error("there is no terminal to ask on whether the job is to be stopped; give --yes")]
pub struct NobodyToAsk;

/// Stops a job.
///
/// # Errors
/// [`NobodyToAsk`], or if the job may not be stopped, or the monitor does not answer.
pub async fn run(args: &StopArgs) -> Result<ExitCode, Box<dyn Error>> {
    let client = Client::new(args.job.api.api.clone())?;
    let arn = args.job.which.find(&client).await?;
    if !args.yes && !is_wanted(&client.get_job(&arn).await?.job)? {
        say::err("The job was not stopped.");
        return Ok(ExitCode::FAILURE);
    }
    let job = client.stop(&arn).await?;
    args.job.api.output.print(&job, || say::show(lines(&job, SystemClock.now())))?;
    Ok(ExitCode::SUCCESS)
}

/// Asks.
fn is_wanted(job: &Job) -> Result<bool, NobodyToAsk> {
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Err(NobodyToAsk);
    }
    say::err(format_args!("{} job {}: {}", job.kind, one_line(&job.name), status(job)));
    say::err("Stop it? This cannot be undone. [y/N]");
    let mut answer = String::new();
    // No answer is no.
    let _ = io::stdin().read_line(&mut answer);
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
