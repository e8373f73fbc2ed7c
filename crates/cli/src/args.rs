//! The arguments of the command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use jiff::SignedDuration;
use sagebell_client::ChannelWord;
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
    /// Show the monitor at work: sample events in, signals out.
    Demo(DemoArgs),
    /// Wait for a job and print how it ended. Exit code: 0 if it succeeded, 1 if
    /// it did not, 2 if the command could not wait for it, 3 after --max-wait.
    Wait(WaitArgs),
    /// List the jobs that the monitor knows, the latest first.
    Jobs(JobsArgs),
    /// Send events from files to a local stack.
    Replay(ReplayArgs),
    /// Send the messages of a dead-letter queue back to their queue.
    #[cfg(feature = "aws")]
    Redrive(RedriveArgs),
    /// Check a deployment from this machine. Exit code: 0 if nothing is missing, 1 if
    /// something is missing, 2 if AWS could not be called.
    #[cfg(feature = "aws")]
    Preflight(PreflightArgs),
}

/// Arguments of `sagebell local`.
#[derive(Debug, Args)]
pub struct LocalArgs {
    /// The SQLite file that holds jobs, waits and queued signals.
    #[arg(long, default_value = "sagebell.db")]
    pub store: PathBuf,
    /// The address to listen on. Anyone who can reach it may use the API.
    #[arg(long, default_value = "127.0.0.1:7070")]
    pub listen: SocketAddr,
    /// The paths that callbacks may have, for example `/callback,/hooks/sagebell`, or `*` for any.
    #[arg(long, default_value_t)]
    pub callback_paths: CallbackPaths,
    /// Seconds between sweeps, 60 at most. After a longer pause the monitor assumes that it was
    /// down, and every lease starts again.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=60))]
    pub sweep_seconds: u64,
    /// Seconds after which the stack closes a connection, as API Gateway does after two hours.
    #[arg(long, default_value_t = 7_200, value_parser = clap::value_parser!(u64).range(1..=7_200))]
    pub connection_seconds: u64,
    /// Seconds without a message from the waiter after which the stack closes a connection, as API
    /// Gateway does after ten minutes.
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub connection_idle_seconds: u64,
}

/// Arguments of `sagebell demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// The output format of the summary.
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
}

/// The monitor's URL, and how to print.
#[derive(Debug, Args)]
pub struct ApiArgs {
    /// The monitor's URL.
    #[arg(long, env = "SAGEBELL_API", default_value = "http://127.0.0.1:7070")]
    pub api: Url,
    /// The output format.
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
}

/// Arguments of `sagebell wait`.
#[derive(Debug, Args)]
pub struct WaitArgs {
    /// The job's ARN.
    #[arg(value_parser = JobArn::parse)]
    pub arn: JobArn,
    #[command(flatten)]
    /// The monitor's URL, and how to print.
    pub api: ApiArgs,
    /// How the monitor tells this command: `connection` (a WebSocket that it opens, which needs
    /// nothing but outgoing calls), `callback` (the monitor calls --listen) or `none` (it asks
    /// again and again). Default: connection, or callback if --listen is given.
    #[arg(long, value_parser = channel)]
    pub channel: Option<ChannelWord>,
    /// The address that receives callbacks. The monitor must be able to reach it. Default, with
    /// --channel callback: any port of 127.0.0.1.
    #[arg(long)]
    pub listen: Option<SocketAddr>,
    /// The id of the wait. With the id of an earlier wait, the command continues that wait.
    #[arg(long, value_parser = WaitId::parse)]
    pub id: Option<WaitId>,
    /// Which signals to receive: `progress` (each change) or `settled` (only the end).
    #[arg(long, default_value = "progress", value_parser = signal_on)]
    pub signal_on: SignalOn,
    /// Give up after this time, for example 90m or 12h.
    #[arg(long, default_value = "24h")]
    pub max_wait: SignedDuration,
    /// What to do with the job if this command ends without cancelling its wait: `stop` or `keep`.
    #[arg(long, default_value = "keep", value_parser = on_abandon)]
    pub on_abandon: OnAbandon,
}

/// Arguments of `sagebell jobs`.
#[derive(Debug, Args)]
pub struct JobsArgs {
    /// The monitor's URL, and how to print.
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
    /// Print this many jobs at most.
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
}

/// Arguments of `sagebell replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// Files with one EventBridge event each, sent in this order.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// The URL of the local stack.
    #[command(flatten)]
    pub api: ApiArgs,
}

/// Which dead-letter queue.
#[cfg(feature = "aws")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum DeadLettersOf {
    /// Events that `job-events` could not record, or that never reached it.
    Events,
    /// Signal requests that `signals` could not handle.
    Signals,
    /// Signal requests that `callbacks` could not handle, in a stack with callbacks.
    Callbacks,
}

/// Arguments of `sagebell redrive`.
#[cfg(feature = "aws")]
#[derive(Debug, Args)]
pub struct RedriveArgs {
    /// Which dead-letter queue.
    #[arg(value_enum)]
    pub queue: DeadLettersOf,
    /// The name of the deployed stack.
    #[arg(long, env = "SAGEBELL_STACK", default_value = "sagebell")]
    pub stack: String,
    /// Move this many messages at most.
    #[arg(long, default_value_t = 10_000)]
    pub limit: u64,
}

/// Arguments of `sagebell preflight`.
#[cfg(feature = "aws")]
#[derive(Debug, Args)]
pub struct PreflightArgs {
    /// The name of the deployed stack.
    #[arg(long, env = "SAGEBELL_STACK", default_value = "sagebell")]
    pub stack: String,
    /// The monitor's URL. Default: the stack's output ApiUrl, if the caller may read it.
    #[arg(long, env = "SAGEBELL_API")]
    pub api: Option<Url>,
    /// The address that receives the test callback. Default: port 8080 of this machine.
    #[arg(long)]
    pub listen: Option<SocketAddr>,
    /// How long to wait for signals, for example 30s. Default: 1m if the caller may
    /// put events on the stack's bus, otherwise 12m.
    #[arg(long)]
    pub patience: Option<SignedDuration>,
    /// Check callbacks, and say that they are missing if they are off. Default: check them if the
    /// deployment has them.
    #[arg(long, conflicts_with_all = ["no_callback", "no_signal"])]
    pub callback: bool,
    /// Skip the check of callbacks.
    #[arg(long)]
    pub no_callback: bool,
    /// Skip the test waits: no signal and no callback is sent.
    #[arg(long)]
    pub no_signal: bool,
    /// The role that steps pass to SageMaker. Default: output ExecutionRoleArn of the stack
    /// `<stack>-execution`, if the caller may read it.
    #[arg(long, env = "SAGEBELL_EXECUTION_ROLE")]
    pub execution_role: Option<String>,
    /// The role of the steps' pods. Default: output PipelinePodRoleArn of the stack
    /// `<stack>-pipeline-pod` if the caller may read it, otherwise the caller's own role.
    #[arg(long)]
    pub pod_role: Option<String>,
    /// The output format.
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

fn channel(word: &str) -> Result<ChannelWord, String> {
    let expected = || "`connection`, `callback` or `none`".to_owned();
    ChannelWord::from_wire(word).ok_or_else(expected)
}

fn phase(word: &str) -> Result<Phase, String> {
    Phase::from_wire(word)
        .ok_or_else(|| format!("one of {}", Phase::ALL.map(Phase::as_str).join(" ")))
}

fn kind(word: &str) -> Result<Kind, String> {
    let words = || Kind::all().map(Kind::as_str).collect::<Vec<_>>().join(" ");
    Kind::from_wire(word).ok_or_else(|| format!("one of {}", words()))
}
