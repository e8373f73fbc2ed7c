//! The arguments of `local`, `dashboard`, `demo` and `replay`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use sagebell_monitor::kfp_ui::KfpUi;
use sagebell_webhook::CallbackPaths;
use url::Url;

use super::ApiArgs;
use crate::output::Output;

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
    /// The address of KFP's user interface, for example https://kubeflow.example.com/pipeline/. The
    /// dashboard and `sagebell job` then link to the runs there.
    #[arg(long, env = "SAGEBELL_KFP_UI", value_name = "URL", value_parser = KfpUi::parse)]
    pub kfp_ui: Option<KfpUi>,
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
    /// Keep the stack when all is played, and say where its dashboard is.
    #[arg(long)]
    pub keep: bool,
    /// The output format of the summary.
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
}

/// Arguments of `sagebell replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// Files with one EventBridge event each, sent in this order.
    #[arg(required = true, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub files: Vec<PathBuf>,
    /// The URL of the local stack.
    #[command(flatten)]
    pub api: ApiArgs,
}

/// Arguments of `sagebell dashboard`.
#[derive(Debug, Args)]
pub struct DashboardArgs {
    /// The monitor's URL.
    #[arg(long, env = "SAGEBELL_API")]
    pub api: Url,
    /// The address to listen on. Anyone who can reach it sees the dashboard with your permissions.
    #[arg(long, default_value = "127.0.0.1:7080")]
    pub listen: SocketAddr,
    /// Let the dashboard's pages stop and refresh jobs. Without it they change nothing.
    #[arg(long)]
    pub allow_stop: bool,
}
