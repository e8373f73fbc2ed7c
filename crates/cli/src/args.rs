//! The arguments of the command line.

#[cfg(feature = "aws")]
mod deployment;
mod jobs;
mod stack;
mod words;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use url::Url;

use crate::help;
use crate::output::Output;

#[cfg(feature = "aws")]
pub use deployment::{DeadLettersOf, PreflightArgs, RedriveArgs};
#[cfg(feature = "aws")]
pub use jobs::LogsArgs;
pub use jobs::{Filters, JobArgs, JobsArgs, StopArgs, WaitArgs, WatchArgs, WhichJob};
pub use stack::{DashboardArgs, DemoArgs, LocalArgs, ReplayArgs};

/// Sagebell rings your pipeline step when its SageMaker job is done.
#[derive(Debug, Parser)]
#[command(name = "sagebell", version, about, after_help = help::ALL)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// When to print in colours. `auto`: on a terminal, unless NO_COLOR is set.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Color,
}

/// When to print in colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Sets it for all that this process prints.
    pub fn set(self) {
        let wanted = match self {
            Self::Auto => return,
            Self::Always => true,
            Self::Never => false,
        };
        console::set_colors_enabled(wanted);
        console::set_colors_enabled_stderr(wanted);
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the jobs that the monitor knows, the latest first.
    #[command(after_help = help::JOBS)]
    Jobs(JobsArgs),
    /// Watch jobs as they change, until `q` or Ctrl-C. Without a terminal: a line for each change.
    #[command(after_help = help::WATCH)]
    Watch(WatchArgs),
    /// Show one job: its state, why it failed and what to do, and where to look on.
    #[command(after_help = help::JOB)]
    Job(JobArgs),
    /// Show what was observed of a job, from where, and how late.
    #[command(after_help = help::TIMELINE)]
    Timeline(JobArgs),
    /// Show who waits for a job, how they are told, and how that goes.
    #[command(after_help = help::WAITS)]
    Waits(JobArgs),
    /// Print what a job wrote to CloudWatch Logs, in order of time.
    #[cfg(feature = "aws")]
    #[command(after_help = help::LOGS)]
    Logs(LogsArgs),
    /// Wait for a job and print how it ended.
    #[command(after_help = help::WAIT)]
    Wait(WaitArgs),
    /// Ask SageMaker for a job now, and record the answer.
    #[command(after_help = help::REFRESH)]
    Refresh(JobArgs),
    /// Stop a job. This cannot be undone.
    #[command(after_help = help::STOP)]
    Stop(StopArgs),
    /// Run the whole monitor on this machine: API, queue, sweep, SQLite, and
    /// EventBridge's PutEvents on the same port.
    #[command(after_help = help::LOCAL)]
    Local(LocalArgs),
    /// Open a deployed monitor's dashboard to browsers: sign what they ask, as `kubectl proxy` does.
    #[command(after_help = help::DASHBOARD)]
    Dashboard(DashboardArgs),
    /// Show the monitor at work: sample events in, signals out.
    #[command(after_help = help::DEMO)]
    Demo(DemoArgs),
    /// Send events from files to a local stack.
    #[command(after_help = help::REPLAY)]
    Replay(ReplayArgs),
    /// Write the completions of a shell to standard output.
    #[command(after_help = help::COMPLETIONS)]
    Completions(CompletionsArgs),
    /// Write a man page of each command.
    #[command(after_help = help::MAN)]
    Man(ManArgs),
    /// Send the messages of a dead-letter queue back to their queue.
    #[cfg(feature = "aws")]
    #[command(after_help = help::REDRIVE)]
    Redrive(RedriveArgs),
    /// Check a deployment from this machine.
    #[cfg(feature = "aws")]
    #[command(after_help = help::PREFLIGHT)]
    Preflight(PreflightArgs),
}

/// The monitor's URL, and how to print.
#[derive(Debug, Args)]
pub struct ApiArgs {
    /// The monitor's URL.
    #[arg(long, env = "SAGEBELL_API", default_value = "http://127.0.0.1:7070")]
    pub api: Url,
    /// The output format. `table` is for people, `json` and `yaml` are for scripts.
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
}

/// Arguments of `sagebell completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// Arguments of `sagebell man`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// The folder to write to. It is made if it is missing.
    #[arg(value_name = "FOLDER", value_hint = clap::ValueHint::DirPath)]
    pub folder: PathBuf,
}
