//! `sagebell redrive`: send dead letters back to their queue.

use std::error::Error;
use std::process::ExitCode;

use aws_config::BehaviorVersion;
use sagebell_messaging::{DeadLetters, RedriveError};
use sagebell_system::say;

use crate::args::{DeadLettersOf, RedriveArgs};

/// There is no queue for callbacks, or it cannot be seen.
#[derive(Debug, thiserror::Error)]
#[error("{0}\n  a stack without callbacks has no such queue (docs/callbacks.md)")]
pub struct NoCallbacks(RedriveError);

/// Moves the stack's dead letters back to the queue they came from.
///
/// # Errors
/// If a queue was not found, or SQS refused; what was moved stays moved.
pub async fn run(args: &RedriveArgs) -> Result<ExitCode, Box<dyn Error>> {
    let queue = match args.queue {
        DeadLettersOf::Events => "events",
        DeadLettersOf::Signals => "signals",
        DeadLettersOf::Callbacks => "callbacks",
    };
    let to = format!("{}-{queue}", args.stack);
    let from = format!("{to}-dead-letters");
    let sdk = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let dead = match (DeadLetters::find(&sdk, &from, &to).await, args.queue) {
        (Err(error @ RedriveError::NoQueue { .. }), DeadLettersOf::Callbacks) => {
            return Err(NoCallbacks(error).into());
        }
        (found, _) => found?,
    };
    let done = dead.redrive(args.limit).await?;
    say::out(format_args!("{} messages moved from {from} to {to}", done.moved));
    if done.refused == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    say::err(format_args!("{} messages were refused by {to} and stay in {from}", done.refused));
    Ok(ExitCode::FAILURE)
}
