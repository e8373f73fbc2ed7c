//! The arguments of the commands for a deployment on AWS.

use std::net::SocketAddr;

use clap::Args;
use jiff::SignedDuration;
use url::Url;

use crate::output::Output;

/// Which dead-letter queue.
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
