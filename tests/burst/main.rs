//! The burst: thousands of jobs with a wait each, or one job with thousands of
//! waits, all settled at once, against a `sagebell local` process of its own.
//!
//! ```text
//! cargo build --release -p sagebell -p sagebell-tests
//! target/release/burst
//! target/release/burst --jobs 1 --waits 10000
//! target/release/burst --channel connection
//! ```
//!
//! With `--channel connection` each wait has a connection of its own, so the process needs as many
//! file descriptors (`ulimit -n`), and so does the stack.
//!
//! Exits with 1 unless every wait was told, and none again after it answered
//! 2xx. Prints one JSON document with the rate, the latencies and the peak
//! memory; beside them what a 30 s poll of the same jobs would have cost, and how long
//! another job's waiter waits before the burst and in the middle of it.
#![allow(clippy::disallowed_macros, reason = "prints for the developer who runs it")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark stops at what it did not expect"
)]

mod connections;
mod received;
mod receiver;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use clap::{Parser, ValueEnum};
use futures::StreamExt as _;
use received::Received;
use receiver::Receiver;
use sagebell_api_types::put_events;
use sagebell_api_types::query::JobsQuery;
use sagebell_client::client::Client;
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::ports::JobFilter;
use serde_json::{Value, json};
use tokio::time::Instant;
use url::Url;

/// How many calls are under way at once.
const CALLS: usize = 16;
/// Longest silence before the burst counts as over.
const SILENCE: Duration = Duration::from_secs(30);
/// Jobs with one waiter each that are not of the burst: one settles before it, one in the
/// middle of it.
const OTHERS: usize = 2;
/// A duplicate would come within a sweep or two of the last callback.
const AFTERMATH: Duration = Duration::from_secs(12);

/// How the waits are told.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Channel {
    Callback,
    Connection,
}

#[derive(Parser)]
struct Args {
    /// Jobs.
    #[arg(long, default_value_t = 10_000)]
    jobs: usize,
    /// Waits on each job.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    waits: u16,
    /// How the waits are told.
    #[arg(long, value_enum, default_value = "callback")]
    channel: Channel,
}

impl Args {
    fn all(&self) -> usize {
        self.jobs * usize::from(self.waits)
    }

    /// Every wait and its job.
    fn waits(&self) -> Vec<(usize, JobArn)> {
        (0..self.all() + OTHERS).map(|wait| (wait, arn(self.job_of(wait)))).collect()
    }

    /// The job that a wait is on: the two that are not of the burst have one each.
    fn job_of(&self, wait: usize) -> usize {
        match wait.checked_sub(self.all()) {
            None => wait / usize::from(self.waits),
            Some(other) => self.jobs + other,
        }
    }
}

/// A `sagebell local` of its own, killed when dropped.
struct Stack {
    process: Child,
    client: Client,
    _folder: tempfile::TempDir,
}

impl Drop for Stack {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Stack {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = free_port();
        let process = Command::new(sagebell())
            .args(["local", "--listen", &format!("127.0.0.1:{port}"), "--store"])
            .arg(folder.path().join("burst.db"))
            .env("RUST_LOG", "warn")
            .stdout(Stdio::null())
            .spawn()
            .expect("the sagebell binary beside this one: cargo build --release -p sagebell");
        let base = Url::parse(&format!("http://127.0.0.1:{port}")).expect("an address");
        let client = Client::new(base).expect("an HTTP client");
        let stack = Self { process, client, _folder: folder };
        stack.wait_until_up().await;
        stack
    }

    async fn wait_until_up(&self) {
        let one = JobsQuery { filter: JobFilter::default(), cursor: None, limit: Some(1) };
        for _ in 0..200 {
            if self.client.list_jobs(&one).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("sagebell local did not start");
    }

    /// Memory in MiB: that it holds (`VmRSS:`), or the most that it held (`VmHWM:`). Linux only.
    fn memory(&self, field: &str) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(field))?;
        Some(line.split_whitespace().next()?.parse::<u64>().ok()? / 1_024)
    }
}

/// The binary that cargo put beside this one.
fn sagebell() -> PathBuf {
    let beside = std::env::current_exe().expect("the path of this binary");
    beside.with_file_name("sagebell")
}

fn free_port() -> u16 {
    let socket = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    socket.local_addr().expect("its address").port()
}

fn arn(job: usize) -> JobArn {
    let text = format!("arn:aws:sagemaker:us-east-1:111122223333:training-job/burst-{job}");
    JobArn::parse(&text).expect("an ARN")
}

fn settled(job: usize) -> Value {
    json!({
        "source": "aws.sagemaker",
        "detail-type": "SageMaker Training Job State Change",
        "time": "2026-11-02T10:00:00Z",
        "detail": {
            "TrainingJobArn": arn(job), "TrainingJobName": format!("burst-{job}"),
            "TrainingJobStatus": "Completed", "SecondaryStatus": "Completed",
            "CreationTime": 1_793_600_000_000_i64, "LastModifiedTime": 1_793_610_000_000_i64,
        },
    })
}

/// Registers every wait.
async fn register(stack: &Stack, received: &Received, args: &Args) {
    match args.channel {
        Channel::Callback => {
            let receiver = Receiver::start(received.clone()).await;
            receiver.register(&stack.client, args.waits()).await;
        }
        Channel::Connection => connections::register(&stack.client, received, args.waits()).await,
    }
}

/// Puts the last event of each of these jobs on the bus; says when each went out.
async fn settle(stack: &Stack, jobs: Range<usize>) -> BTreeMap<usize, Instant> {
    let all: Vec<usize> = jobs.collect();
    let calls = all.chunks(put_events::LIMIT).map(|jobs| async move {
        let events: Vec<Value> = jobs.iter().map(|job| settled(*job)).collect();
        let sent = Instant::now();
        let entries = stack.client.put_events(&events).await.expect("events taken");
        assert!(entries.iter().all(|entry| entry.error_code.is_none()), "{entries:?}");
        jobs.iter().map(|job| (*job, sent)).collect::<Vec<_>>()
    });
    let sent = futures::stream::iter(calls).buffer_unordered(CALLS);
    sent.flat_map(futures::stream::iter).collect().await
}

fn percentile(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a place in a list"
    )]
    let place = (last as f64 * share).round() as usize;
    sorted.get(place).copied().unwrap_or_default()
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let stack = Stack::start().await;
    let received = Received::default();
    let memory_before = stack.memory("VmRSS:");
    register(&stack, &received, &args).await;
    let memory_held = stack.memory("VmRSS:");

    let mut sent = settle(&stack, args.jobs..args.jobs + 1).await;
    received.wait_for(1, SILENCE).await;
    let start = Instant::now();
    sent.extend(settle(&stack, 0..args.jobs).await);
    sent.extend(settle(&stack, args.jobs + 1..args.jobs + OTHERS).await);
    received.wait_for(args.all() + OTHERS, SILENCE).await;
    let took = received.last_received().map_or(Duration::ZERO, |last| last - start);
    tokio::time::sleep(AFTERMATH).await;

    let all = received.first_received();
    let latency = |(wait, at): (usize, Instant)| {
        Some((at - *sent.get(&args.job_of(wait))?).as_secs_f64() * 1_000.0)
    };
    let (of_burst, others): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|(wait, _)| *wait < args.all());
    let others: Vec<f64> = others.into_iter().filter_map(latency).map(f64::round).collect();
    let mut latencies: Vec<f64> = of_burst.into_iter().filter_map(latency).collect();
    latencies.sort_by(f64::total_cmp);
    let missing = args.all() + OTHERS - latencies.len() - others.len();
    let doubled = received.doubled();
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = latencies.len() as f64 / took.as_secs_f64();
    println!(
        "{}",
        json!({
            "jobs": args.jobs, "waits": args.all(), "signalled": latencies.len(), "missing": missing, "doubled": doubled,
            "refused_signatures": received.refused(),
            "channel": format!("{:?}", args.channel).to_lowercase(),
            "signals_per_second": rate.round(),
            "latency_ms": {"p50": percentile(&latencies, 0.5).round(), "p99": percentile(&latencies, 0.99).round()},
            "another_job_ms": {"before": others.first(), "in_the_middle": others.get(1)},
            "poll_30s_ms": {"p50": 15_000, "p99": 29_700},
            "memory_mib": {"before": memory_before, "waiting": memory_held, "peak": stack.memory("VmHWM:")},
        })
    );
    drop(stack);
    if missing == 0 && doubled == 0 && received.refused() == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
