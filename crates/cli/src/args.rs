//! The command line's words.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use jiff::SignedDuration;
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::kind::Kind;
use sagebell_monitor::phase::Phase;
use sagebell_monitor::wait::{OnAbandon, SignalOn, WaitId};
use sagebell_webhook::CallbackPaths;
use url::Url;

use crate::output::Output;

/// Sagebell rings your pipeline step when its SageMaker job is done.
#[derive(Debug, Parser)]
#[command(name = "sagebell", version, about)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the whole monitor on this machine: API, queue, sweep, SQLite, and
    /// EventBridge's PutEvents on the same port.
    Local(LocalArgs),
    /// Watch the main job run: sample events in, signed callbacks out.
    Demo(DemoArgs),
    /// Wait for a job and tell how it ended: exit code 0 if it succeeded, 1 if
    /// it did not, 2 if there was no waiting for it, 3 after --max-wait.
    Wait(WaitArgs),
    /// List the jobs that the monitor knows, those recorded last first.
    Jobs(JobsArgs),
    /// Send events from files to a local stack.
    Replay(ReplayArgs),
    /// Put what a dead-letter queue holds back to work.
    #[cfg(feature = "aws")]
    Redrive(RedriveArgs),
    /// Check a deployment from here: exit code 0 if nothing is missing, 1 if
    /// something is, 2 if AWS could not be asked.
    #[cfg(feature = "aws")]
    Preflight(PreflightArgs),
}

/// Words of `sagebell local`.
#[derive(Debug, Args)]
pub struct LocalArgs {
    /// The SQLite file that holds jobs, waits and queued signals.
    #[arg(long, default_value = "sagebell.db")]
    pub store: PathBuf,
    /// Where to listen. Anyone who reaches this address may use the API.
    #[arg(long, default_value = "127.0.0.1:7070")]
    pub listen: SocketAddr,
    /// The paths that callbacks may have, as in `/callback,/hooks/sagebell`, or `*` for any.
    #[arg(long, default_value_t)]
    pub callback_paths: CallbackPaths,
    /// Seconds between sweeps, up to a minute: after a longer pause the monitor takes itself for
    /// one that was away, and gives every waiter its time anew.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=60))]
    pub sweep_seconds: u64,
}

/// Words of `sagebell demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// How to print the summary.
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
}

/// Where the monitor is.
#[derive(Debug, Args)]
pub struct ApiArgs {
    /// The monitor's address.
    #[arg(long, env = "SAGEBELL_API", default_value = "http://127.0.0.1:7070")]
    pub api: Url,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
}

/// Words of `sagebell wait`.
#[derive(Debug, Args)]
pub struct WaitArgs {
    /// The job's ARN.
    #[arg(value_parser = JobArn::parse)]
    pub arn: JobArn,
    #[command(flatten)]
    /// Where the monitor is.
    pub api: ApiArgs,
    /// The address on which to hear callbacks; the monitor must reach it.
    #[arg(long, default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// The wait's id: the same id takes an earlier wait up again.
    #[arg(long, value_parser = WaitId::parse)]
    pub id: Option<WaitId>,
    /// Which signals to receive: `progress` (each change) or `settled` (only the end).
    #[arg(long, default_value = "progress", value_parser = signal_on)]
    pub signal_on: SignalOn,
    /// Give up after this long, as in 90m or 12h.
    #[arg(long, default_value = "24h")]
    pub max_wait: SignedDuration,
    /// What to do with the job if this command vanishes: `stop` or `keep`.
    #[arg(long, default_value = "keep", value_parser = on_abandon)]
    pub on_abandon: OnAbandon,
}

/// Words of `sagebell jobs`.
#[derive(Debug, Args)]
pub struct JobsArgs {
    /// Where the monitor is.
    #[command(flatten)]
    pub api: ApiArgs,
    /// Only jobs in this phase.
    #[arg(long, value_parser = phase)]
    pub phase: Option<Phase>,
    /// Only jobs of this kind.
    #[arg(long, value_parser = kind)]
    pub kind: Option<Kind>,
    /// Only jobs with a wait of this `run` label.
    #[arg(long)]
    pub run: Option<String>,
    /// At most this many.
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
}

/// Words of `sagebell replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// Files with one EventBridge event each, sent in this order.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Where the local stack is.
    #[command(flatten)]
    pub api: ApiArgs,
}

/// Which dead-letter queue.
#[cfg(feature = "aws")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum DeadLettersOf {
    /// Events that `job-events` could not record.
    Events,
    /// Signal requests that `signals` could not answer.
    Signals,
    /// Events that EventBridge could not put on the events queue.
    Rules,
}

/// Words of `sagebell redrive`.
#[cfg(feature = "aws")]
#[derive(Debug, Args)]
pub struct RedriveArgs {
    /// Whose dead letters.
    #[arg(value_enum)]
    pub queue: DeadLettersOf,
    /// The name of the deployed stack.
    #[arg(long, env = "SAGEBELL_STACK", default_value = "sagebell")]
    pub stack: String,
    /// At most so many messages.
    #[arg(long, default_value_t = 10_000)]
    pub limit: u64,
}

/// Words of `sagebell preflight`.
#[cfg(feature = "aws")]
#[derive(Debug, Args)]
pub struct PreflightArgs {
    /// The name of the deployed stack.
    #[arg(long, env = "SAGEBELL_STACK", default_value = "sagebell")]
    pub stack: String,
    /// The monitor's address; the stack's output ApiUrl if the caller may read it.
    #[arg(long, env = "SAGEBELL_API")]
    pub api: Option<Url>,
    /// The address on which to hear the probe's callback; port 8080 of this
    /// machine's own if not given.
    #[arg(long)]
    pub listen: Option<SocketAddr>,
    /// How long to wait for the callback, as in 30s: 1m where the caller may put
    /// events on the stack's bus, else 12m.
    #[arg(long)]
    pub patience: Option<SignedDuration>,
    /// Leave the probe out.
    #[arg(long)]
    pub no_callback: bool,
    /// The role that steps pass to SageMaker; output ExecutionRoleArn of the stack
    /// `<stack>-execution` if the caller may read it.
    #[arg(long, env = "SAGEBELL_EXECUTION_ROLE")]
    pub execution_role: Option<String>,
    /// The role of the steps' pods; output PipelinePodRoleArn of the stack
    /// `<stack>-pipeline-pod` if the caller may read it, else the caller's own.
    #[arg(long)]
    pub pod_role: Option<String>,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
}

fn signal_on(word: &str) -> Result<SignalOn, String> {
    match word {
        "settled" => Ok(SignalOn::Settled),
        "progress" => Ok(SignalOn::Progress),
        _ => Err("`settled` or `progress`".to_owned()),
    }
}

fn on_abandon(word: &str) -> Result<OnAbandon, String> {
    match word {
        "stop" => Ok(OnAbandon::Stop),
        "keep" => Ok(OnAbandon::Keep),
        _ => Err("`stop` or `keep`".to_owned()),
    }
}

fn phase(word: &str) -> Result<Phase, String> {
    Phase::from_wire(word)
        .ok_or_else(|| format!("one of {}", Phase::ALL.map(Phase::as_str).join(" ")))
}

fn kind(word: &str) -> Result<Kind, String> {
    let words = || Kind::all().map(Kind::as_str).collect::<Vec<_>>().join(" ");
    Kind::from_wire(word).ok_or_else(|| format!("one of {}", words()))
}
