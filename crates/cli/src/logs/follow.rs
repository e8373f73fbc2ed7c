//! `sagebell logs --follow`: reads on until the job has ended.
//!
//! The monitor tells when, by a wait of this command's own, which stops nothing.

use std::error::Error;
use std::time::Duration;

use sagebell_aws_reads::JobLogs;
use sagebell_client::{ChannelChoice, Client, Waiting};
use sagebell_monitor::job::Job;
use sagebell_monitor::wait::{OnAbandon, SignalOn};
use sagebell_system::say;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::line::Printer;
use super::{Ended, Source};
use crate::asked_to_stop::asked_to_stop;
use crate::jobs::status;
use crate::wait::{cancel, open, until_settled, warn};

/// The pause between two readings.
const PAUSE: Duration = Duration::from_secs(5);
/// Lines come to CloudWatch a little later than they are written: the pause before the last reading.
const LATE: Duration = Duration::from_secs(5);
/// How long a registration may take whose answer is pending at the end.
const PENDING: Duration = Duration::from_secs(5);
/// Readings that may fail one after another: five minutes without CloudWatch.
const FAILURES: u32 = 60;

pub(super) async fn run(
    logs: &mut JobLogs<'_>,
    printer: &Printer,
    source: &Source,
    client: Client,
) -> Result<(), Box<dyn Error>> {
    let how = (SignalOn::Settled, OnAbandon::Keep);
    let arn = source.arn.clone();
    let mut waiting = open(client, arn, (ChannelChoice::Connection, None), how).await?;
    let settled = CancellationToken::new();
    let ended = tokio::select! {
        ended = read_on(logs, printer, &settled) => ended.or_else(Ended::unless_nobody_reads),
        error = told(&mut waiting, &settled) => Err(error),
        () = asked_to_stop() => Ok(()),
    };
    if !settled.is_cancelled() && waiting.is_registered_within(PENDING).await {
        cancel(&waiting).await;
    }
    waiting.shutdown().await;
    ended
}

/// Tells that the job has settled, and goes on until something else ends. The error that ends the
/// wait before.
async fn told(waiting: &mut Waiting, settled: &CancellationToken) -> Box<dyn Error> {
    let mut last = None;
    let keep = |job: &Job| {
        last = Some(format!("{} {}", job.phase, status(job)));
        Ok(())
    };
    match until_settled(waiting, keep).await {
        Err(error) => error,
        Ok(_) => {
            say::err(format_args!("The job has ended: {}", last.unwrap_or_default()));
            settled.cancel();
            std::future::pending().await
        }
    }
}

async fn read_on(
    logs: &mut JobLogs<'_>,
    printer: &Printer,
    settled: &CancellationToken,
) -> Result<(), Ended> {
    // What is wrong from the beginning does not pass.
    let mut failures = FAILURES;
    let mut is_last = false;
    loop {
        let read = logs.read(|line| {
            failures = 0;
            printer.print(line)
        });
        match read.await {
            Ok(_) => failures = 0,
            Err(Ended::Ask(error)) if error.may_pass() && failures < FAILURES && !is_last => {
                if failures == 0 {
                    warn(format_args!("{error}. The command tries again"));
                }
                failures += 1;
            }
            Err(ended) => return Err(ended),
        }
        if is_last {
            return Ok(());
        }
        is_last = settled.run_until_cancelled(sleep(PAUSE)).await.is_none();
        if is_last {
            sleep(LATE).await;
        }
    }
}
