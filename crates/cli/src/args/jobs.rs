//! The arguments of the commands about jobs.

use std::net::SocketAddr;

use clap::Args;
use jiff::SignedDuration;
use sagebell_client::ChannelWord;
use sagebell_monitor::kind::Kind;
use sagebell_monitor::phase::Phase;
use sagebell_monitor::ports::JobFilter;
use sagebell_monitor::wait::{OnAbandon, SignalOn, WaitId};

use super::{ApiArgs, words};
use crate::job_ref::JobRef;

/// One job.
#[derive(Debug, Args)]
pub struct WhichJob {
    /// The job: its ARN, or its kind and name, for example `training/mnist`.
    #[arg(value_name = "JOB", value_parser = JobRef::parse)]
    pub job: JobRef,
    /// The region of a job that is given by its name.
    #[arg(long)]
    pub region: Option<String>,
    /// The account of a job that is given by its name.
    #[arg(long)]
    pub account: Option<String>,
}

/// Arguments of the commands that read or refresh one job.
#[derive(Debug, Args)]
pub struct JobArgs {
    /// The job.
    #[command(flatten)]
    pub which: WhichJob,
    /// The monitor's URL, and how to print.
    #[command(flatten)]
    pub api: ApiArgs,
}

/// Arguments of `sagebell stop`.
#[derive(Debug, Args)]
pub struct StopArgs {
    /// The job.
    #[command(flatten)]
    pub job: JobArgs,
    /// Do not ask. Without a terminal to ask on, this must be given.
    #[arg(long, short)]
    pub yes: bool,
}

/// Arguments of `sagebell logs`.
#[cfg(feature = "aws")]
#[derive(Debug, Args)]
pub struct LogsArgs {
    /// The job.
    #[command(flatten)]
    pub job: JobArgs,
    /// Go on until the job has ended. The monitor tells when.
    #[arg(long, short)]
    pub follow: bool,
    /// Only what was written in this time until now, for example 10m or 2h.
    #[arg(long, value_name = "TIME")]
    pub since: Option<SignedDuration>,
    /// Only the last lines of each stream, up to this number. An instance writes one stream or more.
    #[arg(long, value_name = "LINES", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub tail: Option<u32>,
    /// Begin each line with its time.
    #[arg(long)]
    pub timestamps: bool,
}

/// Which jobs.
#[derive(Debug, Args)]
pub struct Filters {
    /// Only jobs in one of these phases, separated by commas.
    #[arg(long, value_parser = words::phase(), value_delimiter = ',')]
    pub phase: Vec<Phase>,
    /// Only jobs of this kind.
    #[arg(long, value_parser = words::kind(), hide_possible_values = true)]
    pub kind: Option<Kind>,
    /// Only jobs with a wait of this `run` label.
    #[arg(long)]
    pub run: Option<String>,
    /// Only jobs whose ARN, and so the name in it, contains this text.
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
    /// Only jobs of this region.
    #[arg(long)]
    pub region: Option<String>,
    /// Only jobs of this account.
    #[arg(long)]
    pub account: Option<String>,
}

impl Filters {
    /// What the API is asked for.
    #[must_use]
    pub fn filter(&self) -> JobFilter {
        JobFilter {
            phases: self.phase.iter().copied().collect(),
            kind: self.kind,
            run: self.run.clone(),
            region: self.region.clone(),
            account: self.account.clone(),
            text: self.search.clone(),
        }
    }
}

/// Arguments of `sagebell jobs`.
#[derive(Debug, Args)]
pub struct JobsArgs {
    /// Which jobs.
    #[command(flatten)]
    pub filters: Filters,
    /// Print this many jobs at most.
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
    /// The monitor's URL, and how to print.
    #[command(flatten)]
    pub api: ApiArgs,
}

/// Arguments of `sagebell watch`.
#[derive(Debug, Args)]
pub struct WatchArgs {
    /// Which jobs.
    #[command(flatten)]
    pub filters: Filters,
    /// Seconds from one look to the next.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub seconds: u64,
    /// The monitor's URL, and how to print.
    #[command(flatten)]
    pub api: ApiArgs,
}

/// Arguments of `sagebell wait`.
#[derive(Debug, Args)]
pub struct WaitArgs {
    /// The job.
    #[command(flatten)]
    pub which: WhichJob,
    /// The monitor's URL, and how to print.
    #[command(flatten)]
    pub api: ApiArgs,
    /// How the monitor tells this command: `connection` (a WebSocket that it opens, which needs
    /// nothing but outgoing calls), `callback` (the monitor calls --listen) or `none` (it asks
    /// again and again). Default: connection, or callback if --listen is given.
    #[arg(long, value_parser = words::channel())]
    pub channel: Option<ChannelWord>,
    /// The address that receives callbacks. The monitor must be able to reach it. Default, with
    /// --channel callback: any port of 127.0.0.1.
    #[arg(long)]
    pub listen: Option<SocketAddr>,
    /// The id of the wait. With the id of an earlier wait, the command continues that wait.
    #[arg(long, value_parser = WaitId::parse)]
    pub id: Option<WaitId>,
    /// Which signals to receive: `progress` (each change) or `settled` (only the end).
    #[arg(long, default_value = "progress", value_parser = words::signal_on())]
    pub signal_on: SignalOn,
    /// Give up after this time, for example 90m or 12h.
    #[arg(long, default_value = "24h")]
    pub max_wait: SignedDuration,
    /// What to do with the job if this command ends without cancelling its wait: `stop` or `keep`.
    #[arg(long, default_value = "keep", value_parser = words::on_abandon())]
    pub on_abandon: OnAbandon,
}
