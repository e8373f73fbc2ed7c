//! The burst: thousands of jobs with a wait each, or one job with thousands of
//! waits, all settled at once, against a `sagebell local` process of its own.
//!
//! ```text
//! cargo build --profile fast -p sagebell -p sagebell-tests
//! target/fast/burst
//! target/fast/burst --jobs 1 --waits 10000
//! target/fast/burst --jobs 1000,10000,100000 --channel connection,callback --json burst.json
//! ```
//!
//! With `--channel connection` each wait has a connection of its own, as long as this machine and
//! the stack allow it. Each connection needs a file descriptor in both processes. If there are not
//! enough, connections have several waits, and the run says why.
//!
//! Exits with 1 unless every wait was told, and none again after it answered
//! 2xx. Prints one JSON document for each run, with the rate, the latencies, and the memory and CPU
//! time of the stack; beside them what a 30 s poll of the same jobs would have cost, and how long
//! another job's waiter waits before the burst and in the middle of it. Several sizes also give
//! the exponent of the time over the size: 1 means that twice the jobs take twice the time.
#![allow(clippy::disallowed_macros, reason = "prints for the developer who runs it")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark stops at what it did not expect"
)]

mod connections;
mod events;
mod received;
mod receiver;
mod run;
mod stack;
mod statistics;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use run::{Outcome, Plan};
use serde_json::{Value, json};
use statistics::exponent;

/// How many calls are under way at once.
const CALLS: usize = 16;

/// How the waits are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Channel {
    Callback,
    Connection,
}

impl Channel {
    fn as_str(self) -> &'static str {
        match self {
            Self::Callback => "callback",
            Self::Connection => "connection",
        }
    }
}

#[derive(Parser)]
struct Args {
    /// Jobs. Several numbers, with commas: one run for each.
    #[arg(long, default_value = "10000", value_delimiter = ',')]
    jobs: Vec<usize>,
    /// Waits on each job.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    waits: u16,
    /// How the waits are told. Several, with commas: all runs for each.
    #[arg(long, value_enum, default_value = "callback", value_delimiter = ',')]
    channel: Vec<Channel>,
    /// The most connections. Without it: as many as waits.
    #[arg(long)]
    connections: Option<usize>,
    /// Where all results are written.
    #[arg(long)]
    json: Option<PathBuf>,
}

impl Args {
    fn plans(&self) -> impl Iterator<Item = Plan> {
        let sizes = |channel| self.jobs.iter().map(move |jobs| (channel, *jobs));
        self.channel.iter().copied().flat_map(sizes).map(|(channel, jobs)| Plan {
            jobs,
            waits_each: usize::from(self.waits),
            channel,
            connections: self.connections,
        })
    }

    /// Of each channel, the exponent of the time over the size.
    fn exponents(&self, outcomes: &[Outcome]) -> Value {
        let of = |channel: &Channel| {
            let same = outcomes.iter().filter(|outcome| outcome.plan.channel == *channel);
            let points: Vec<_> = same.map(Outcome::size_and_seconds).collect();
            Some((channel.as_str().to_owned(), json!(exponent(&points)?)))
        };
        Value::Object(self.channel.iter().filter_map(of).collect())
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    // What is not allowed is said by the run.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let mut outcomes = Vec::new();
    for plan in args.plans() {
        let outcome = plan.run().await;
        println!("{}", outcome.document());
        outcomes.push(outcome);
    }
    let exponents = args.exponents(&outcomes);
    if args.jobs.len() > 1 {
        println!("{}", json!({ "exponent_of_time_over_size": exponents }));
    }
    if let Some(path) = &args.json {
        let runs: Vec<Value> = outcomes.iter().map(Outcome::document).collect();
        let all = json!({ "runs": runs, "exponent_of_time_over_size": exponents });
        let text = serde_json::to_string_pretty(&all).expect("JSON");
        std::fs::write(path, text + "\n").expect("the file of --json");
    }
    if outcomes.iter().all(Outcome::is_flawless) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
