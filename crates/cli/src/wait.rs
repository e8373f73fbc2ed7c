//! `sagebell wait`: registers a wait, keeps it, prints the job's states, and exits with the outcome of
//! the job.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use sagebell_client::{
    ChannelChoice, ChannelWord, Client, ClientError, ListenError, OpenError, Terms, WaitEvent,
    Waiting,
};
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::inert::{indented, one_line};
use sagebell_monitor::job::Job;
use sagebell_monitor::phase::SettledPhase;
use sagebell_monitor::wait::{OnAbandon, SignalOn, WaitId};
use sagebell_system::{SystemClock, say};

use crate::args::WaitArgs;
use crate::jobs::{colored, status};
use crate::output::{Output, PrintError};

/// How long the wait lives if this process dies, while the wait is young.
const LEASE_SECONDS: u32 = 120;
/// Exit codes.
const NOT_SUCCEEDED: u8 = 1;
const GAVE_UP: u8 = 3;

/// The address of the callbacks cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}; choose another with --listen")]
pub struct BadListen(#[from] ListenError);

/// How waiting ended.
enum Outcome {
    Settled(SettledPhase),
    GaveUp,
    Interrupted,
}

/// Waits for one job.
///
/// # Errors
/// [`sagebell_client::WaitError`], [`ClientError`] or [`BadListen`] says why there was no waiting.
pub async fn run(args: WaitArgs) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let max_wait = tokio::time::sleep(Duration::try_from(args.max_wait).unwrap_or_default());
    tokio::pin!(max_wait);
    let mut waiting = tokio::select! {
        waiting = begin(&args) => waiting?,
        () = &mut max_wait => {
            warn("gave up after --max-wait: the monitor did not answer");
            return Ok(ExitCode::from(GAVE_UP));
        }
    };
    let output = args.api.output;
    let outcome = tokio::select! {
        phase = until_settled(&mut waiting, |job| print(job, output)) => Outcome::Settled(phase?),
        () = &mut max_wait => Outcome::GaveUp,
        _ = tokio::signal::ctrl_c() => Outcome::Interrupted,
    };
    leave(waiting, &outcome).await;
    Ok(match outcome {
        Outcome::Settled(SettledPhase::Succeeded) => ExitCode::SUCCESS,
        Outcome::Settled(_) => ExitCode::from(NOT_SUCCEEDED),
        Outcome::GaveUp | Outcome::Interrupted => ExitCode::from(GAVE_UP),
    })
}

async fn begin(args: &WaitArgs) -> Result<Waiting, Box<dyn std::error::Error>> {
    let client = Client::new(args.api.api.clone())?;
    answers(&client).await?;
    let arn = args.which.find(&client).await?;
    let (channel, id) = (choice(args), args.id.clone());
    open(client, arn, (channel, id), (args.signal_on, args.on_abandon)).await
}

/// Asks whether there is a monitor. Once this is known, every outage of it is outlived.
pub(crate) async fn answers(client: &Client) -> Result<(), ClientError> {
    client.principal(ClientError::may_pass, |error| warn(error)).await?;
    Ok(())
}

/// A wait by this channel, with this id or a new one.
pub(crate) async fn open(
    client: Client,
    arn: JobArn,
    (channel, id): (ChannelChoice, Option<WaitId>),
    (signal_on, on_abandon): (SignalOn, OnAbandon),
) -> Result<Waiting, Box<dyn std::error::Error>> {
    let id = match id {
        Some(id) => id,
        None => WaitId::parse(&format!("cli-{}", uuid::Uuid::new_v4()))?,
    };
    let terms = Terms {
        signal_on,
        on_abandon,
        lease_seconds: LEASE_SECONDS,
        // How long is waited is measured here: this machine's clock may be another than the
        // monitor's. If this goes away, the lease ends the wait.
        deadline: None,
        not_before: None,
        labels: BTreeMap::new(),
    };
    let channel = channel.open(&client, id, Arc::new(SystemClock)).await.map_err(BadListen)?;
    if let Some(trouble) = channel.trouble() {
        warn_of(trouble);
    }
    Ok(Waiting::new(client, channel, arn, terms))
}

fn choice(args: &WaitArgs) -> ChannelChoice {
    let address = args.listen.unwrap_or((Ipv4Addr::LOCALHOST, 0).into());
    let usual = if args.listen.is_some() { ChannelWord::Callback } else { ChannelWord::Connection };
    match args.channel.unwrap_or(usual) {
        ChannelWord::Connection => ChannelChoice::Connection,
        ChannelWord::Callback => ChannelChoice::Callback(address),
        ChannelWord::None => ChannelChoice::None,
    }
}

/// Hands each state of the job to `tell` until the job has settled.
pub(crate) async fn until_settled(
    waiting: &mut Waiting,
    mut tell: impl FnMut(&Job) -> Result<(), PrintError>,
) -> Result<SettledPhase, Box<dyn std::error::Error>> {
    loop {
        match waiting.next().await? {
            WaitEvent::Job(job) => {
                tell(&job)?;
                if let Some(settled) = job.phase.settled() {
                    return Ok(settled);
                }
            }
            WaitEvent::Outage(error) => warn(error),
            WaitEvent::Restored(after) => {
                warn(format_args!("the monitor answers again, after {} s", after.as_secs()));
            }
            WaitEvent::FellBack(why) => warn_of(&why),
            WaitEvent::Connected => warn("there is a connection to the monitor again"),
            // This command does not call SageMaker. It continues to ask the monitor.
            WaitEvent::Unsure => {}
        }
    }
}

/// Says why there is no connection.
fn warn_of(why: &OpenError) {
    warn(format_args!(
        "no connection to the monitor: {why}. The command asks the monitor for the state instead"
    ));
}

pub(crate) fn warn(what: impl std::fmt::Display) {
    say::err(format_args!("sagebell: {what}"));
}

fn print(job: &Job, output: Output) -> Result<(), PrintError> {
    output.print(job, || {
        let reason = job.failure_reason.as_ref().map(|why| format!("\n  {}", indented(why, "  ")));
        say::show(format_args!(
            "{} {} {}{}",
            colored(job.phase),
            one_line(&job.name),
            status(job),
            reason.unwrap_or_default()
        ));
    })
}

/// Cancels the wait if the job still runs.
async fn leave(waiting: Waiting, outcome: &Outcome) {
    let why = match outcome {
        Outcome::Settled(_) => None,
        Outcome::GaveUp => Some("gave up after --max-wait"),
        Outcome::Interrupted => Some("interrupted"),
    };
    if let Some(why) = why {
        say::err(format_args!("sagebell: {why}. The job still runs"));
        cancel(&waiting).await;
    }
    waiting.shutdown().await;
}

/// Cancels the wait.
pub(crate) async fn cancel(waiting: &Waiting) {
    if let Err(error) = waiting.cancel().await {
        say::err(format_args!(
            "sagebell: the wait could not be cancelled: {error}. It ends when its lease does"
        ));
    }
}
