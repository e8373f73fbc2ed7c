//! `sagebell demo`: the monitor at work on sample events, in one process.
//!
//! The demo starts a local stack on a free port. A script sends the events of some jobs to its
//! bus, with duplicates and out of order. Real waiters on loopback hold connections and check the
//! signals that they receive. The summary is green only if every wait received the right signals.

pub mod lives;
mod screen;
pub mod waiter;

use std::process::ExitCode;
use std::time::Duration;

use sagebell_monitor::phase::Phase;
use sagebell_system::say;
use sagebell_webhook::CallbackPaths;
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::Instant;
use url::Url;

use crate::args::DemoArgs;
use crate::asked_to_stop::asked_to_stop;
use lives::Life;
use sagebell_client::Client;
use sagebell_local::{ConnectionLimits, LocalStack, Options};
use screen::Screen;
use waiter::Received;

/// A waiter that has received nothing for this long never will: the script takes a third of it.
const PATIENCE: Duration = Duration::from_secs(15);
/// A 30-second poll learns of an end that comes at a random moment after half
/// its pause on average, and after all of it at worst.
const POLL: Duration = Duration::from_secs(30);

/// One wait and what became of it.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    /// The wait.
    pub wait: String,
    /// How its job had to end.
    pub expected: Phase,
    /// The end of the job, as received.
    pub outcome: Option<Phase>,
    /// The number of signals received, including the last one.
    pub signals: usize,
    /// From putting the last event on the bus to the signal, in milliseconds.
    pub latency_ms: Option<f64>,
    /// What went wrong, if anything.
    pub problem: Option<String>,
}

/// Everything the demo found out.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// One line per wait.
    pub waits: Vec<Line>,
    /// Mean latency from event to signal, in milliseconds.
    pub mean_latency_ms: f64,
    /// The longest.
    pub max_latency_ms: f64,
    /// The same of a poller: computed, not measured.
    pub poll_mean_ms: f64,
    /// The same of a poller: computed, not measured.
    pub poll_max_ms: f64,
}

/// Runs the demo. Exit code 1 unless every wait received the right signals.
///
/// # Errors
/// If the stack cannot be started.
pub async fn run(args: &DemoArgs) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let stack = LocalStack::start(Options {
        store: folder.path().join("demo.db"),
        listen: ([127, 0, 0, 1], 0).into(),
        callback_paths: CallbackPaths::default(),
        sweep_every: Duration::from_secs(1),
        connections: ConnectionLimits::default(),
        kfp_ui: None,
        metrics: None,
    })
    .await?;
    let client = Client::new(Url::parse(&format!("http://{}", stack.address()))?)?;
    let screen = Screen::new(args.output, stack.address());
    let lines = play(&client, &screen).await?;
    let summary = summarize(lines);
    args.output.print(&summary, || screen.summarize(&summary))?;
    if args.keep {
        say::err(format_args!(
            "The jobs are at http://{}/ until you end the demo (Ctrl-C).",
            stack.address()
        ));
        asked_to_stop().await;
    }
    stack.stop().await;
    let right = summary.waits.iter().all(|line| line.problem.is_none());
    Ok(if right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn play(client: &Client, screen: &Screen) -> Result<Vec<Line>, Box<dyn std::error::Error>> {
    let mut playing = JoinSet::new();
    for (place, life) in lives::all()?.into_iter().enumerate() {
        let bar = screen.bar(&life);
        let waiter = waiter::Waiter::register(client, &life).await?;
        let client = client.clone();
        playing.spawn(async move {
            let receiving = waiter.receive(PATIENCE, |signal| bar.received(signal));
            let (ended, received) = tokio::join!(put(&client, &life, &bar), receiving);
            bar.finish(received.end.is_some());
            (place, judge(&life, ended, received))
        });
    }
    let mut lines = playing.join_all().await;
    lines.sort_by_key(|(place, _)| *place);
    Ok(lines.into_iter().map(|(_, line)| line).collect())
}

/// Puts a life's events on the bus; says when the one that settles it went out.
async fn put(client: &Client, life: &Life, bar: &screen::Bar) -> Result<Instant, String> {
    let mut settled = Err("the script has no end".to_owned());
    for step in &life.steps {
        tokio::time::sleep(step.pause).await;
        let sent = Instant::now();
        let entries = client.put_events(std::slice::from_ref(&step.event)).await;
        let entries = entries.map_err(|error| error.to_string())?;
        if let Some(why) = entries.iter().find_map(|entry| entry.error_message.clone()) {
            return Err(why);
        }
        if step.settles && settled.is_err() {
            settled = Ok(sent);
        }
        bar.sent();
    }
    settled
}

fn judge(life: &Life, ended: Result<Instant, String>, received: Received) -> Line {
    let (phase, signals) = (received.end.as_ref().map(|end| end.phase), received.signals);
    let latency = match (&ended, &received.end) {
        (Ok(sent), Some(end)) => Some(end.at.saturating_duration_since(*sent)),
        _ => None,
    };
    let problem = match (ended, phase) {
        (Err(why), _) => Some(why),
        (_, None) => Some("received no settled signal".to_owned()),
        (_, Some(phase)) if phase != life.expected => Some(format!("heard {phase}")),
        (Ok(_), Some(_)) => received.problem,
    };
    Line {
        wait: life.title.to_owned(),
        expected: life.expected,
        outcome: phase,
        signals,
        latency_ms: latency.map(|latency| latency.as_secs_f64() * 1_000.0),
        problem,
    }
}

fn summarize(waits: Vec<Line>) -> Summary {
    let latencies: Vec<f64> = waits.iter().filter_map(|line| line.latency_ms).collect();
    let count = f64::from(u32::try_from(latencies.len().max(1)).unwrap_or(u32::MAX));
    Summary {
        mean_latency_ms: latencies.iter().sum::<f64>() / count,
        max_latency_ms: latencies.iter().copied().fold(0.0, f64::max),
        poll_mean_ms: POLL.as_secs_f64() * 1_000.0 / 2.0,
        poll_max_ms: POLL.as_secs_f64() * 1_000.0,
        waits,
    }
}
