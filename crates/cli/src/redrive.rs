//! `sagebell redrive`: send dead letters back to their queue.

use std::error::Error;
use std::process::ExitCode;

use aws_config::BehaviorVersion;
use sagebell_messaging::DeadLetters;
use sagebell_system::say;

use crate::args::{DeadLettersOf, RedriveArgs};

/// Moves the stack's dead letters back to the queue they came from.
///
/// # Errors
/// If a queue was not found, or SQS refused; what was moved stays moved.
pub async fn run(args: &RedriveArgs) -> Result<ExitCode, Box<dyn Error>> {
    let (from, to) = match args.queue {
        DeadLettersOf::Events => ("events", "events"),
        DeadLettersOf::Signals => ("signals", "signals"),
        DeadLettersOf::Rules => ("rules", "events"),
    };
    let (from, to) =
        (format!("{}-{from}-dead-letters", args.stack), format!("{}-{to}", args.stack));
    let sdk = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let dead = DeadLetters::find(&sdk, &from, &to).await?;
    let done = dead.redrive(args.limit).await?;
    say::out(format_args!("{} messages moved from {from} to {to}", done.moved));
    if done.refused == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    say::err(format_args!("{} messages were refused by {to} and stay in {from}", done.refused));
    Ok(ExitCode::FAILURE)
}
