//! The `sagebell` command: what its `main` does, for each program that holds the command.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use metrics_exporter_prometheus::PrometheusBuilder;
use sagebell_local::ConnectionLimits;
use sagebell_system::{log_for_people, say};

use crate::args::{Cli, Command, LocalArgs};
use crate::asked_to_stop::asked_to_stop;
use crate::next_step::next_step;
use crate::{dashboard, demo, job, jobs, manual, replay, stop, wait, waits, watch};

/// The exit code of a command that could not do its work.
const COULD_NOT: u8 = 2;

/// Runs the command that the words ask for; the first of them is the name of the program.
#[tokio::main]
pub async fn run(words: impl Iterator<Item = OsString>) -> ExitCode {
    let cli = Cli::parse_from(words);
    cli.color.set();
    let done = match cli.command {
        Command::Local(args) => run_local(args).await,
        Command::Dashboard(args) => dashboard::run(args, asked_to_stop()).await,
        Command::Demo(args) => demo::run(&args).await,
        Command::Wait(args) => wait::run(args).await,
        Command::Jobs(args) => jobs::run(&args).await,
        Command::Watch(args) => watch::run(&args).await,
        Command::Job(args) => job::show(&args).await,
        Command::Timeline(args) => job::timeline(&args).await,
        Command::Waits(args) => waits::run(&args).await,
        Command::Stop(args) => stop::run(&args).await,
        Command::Refresh(args) => job::refresh(&args).await,
        Command::Replay(args) => replay::run(&args).await,
        Command::Completions(args) => manual::completions(&args),
        Command::Man(args) => manual::man(&args),
        #[cfg(feature = "aws")]
        Command::Logs(args) => crate::logs::run(&args).await,
        #[cfg(feature = "aws")]
        Command::Redrive(args) => crate::redrive::run(&args).await,
        #[cfg(feature = "aws")]
        Command::Preflight(args) => crate::preflight::run(&args).await,
    };
    done.unwrap_or_else(|error| {
        say::err(format_args!("sagebell: {error}"));
        if let Some(step) = next_step(&*error) {
            say::err(format_args!("  {step}"));
        }
        ExitCode::from(COULD_NOT)
    })
}

async fn run_local(args: LocalArgs) -> Result<ExitCode, Box<dyn std::error::Error>> {
    log_for_people();
    let options = sagebell_local::Options {
        store: args.store,
        listen: args.listen,
        callback_paths: args.callback_paths,
        sweep_every: Duration::from_secs(args.sweep_seconds),
        connections: ConnectionLimits {
            longest: Duration::from_secs(args.connection_seconds),
            idle: Duration::from_secs(args.connection_idle_seconds),
        },
        kfp_ui: args.kfp_ui,
        metrics: Some(PrometheusBuilder::new().install_recorder()?),
    };
    sagebell_local::run(options, asked_to_stop()).await?;
    Ok(ExitCode::SUCCESS)
}
