//! `simulation --seeds N` runs N histories, and shrinks the first that breaks a
//! promise; `--seed S --trace` runs one again and prints what happened.
#![allow(clippy::disallowed_macros, reason = "prints for the developer who runs it")]

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use clap::Parser;
use sagebell_monitor::ports::Clock as _;
use sagebell_simulation::executor::Millis;
use sagebell_simulation::shrink::BUDGET;
use sagebell_simulation::{History, Mutation, Outcome, Part, shrink};
use sagebell_system::SystemClock;

/// Simulated histories of Sagebell, judged by its promises.
#[derive(Debug, Parser)]
struct Args {
    /// How many histories.
    #[arg(long, default_value_t = 10_000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    start: u64,
    /// Only the history of this seed.
    #[arg(long)]
    seed: Option<u64>,
    /// Only these parts of it.
    #[arg(long, requires = "seed", value_delimiter = ',')]
    only: Vec<Part>,
    /// Print what happened in it, and do not shrink it.
    #[arg(long, requires = "seed")]
    trace: bool,
    /// Break this rule on purpose.
    #[arg(long)]
    mutation: Option<Mutation>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let Some(seed) = args.seed else { return many(&args) };
    let mut history = History::of(seed, args.mutation);
    if !args.only.is_empty() {
        history = history.of_parts(args.only.iter().copied());
    }
    if args.trace { replay(&history) } else { judge(&history) }
}

/// Prints everything that happens.
fn replay(history: &History) -> ExitCode {
    let Outcome { broken, took, trace, .. } = history.run(true);
    trace.iter().for_each(|line| println!("{line}"));
    let Some((promise, what)) = broken else { return kept(history, took) };
    println!("seed {} breaks {promise}: {what}", history.seed);
    ExitCode::FAILURE
}

/// Prints what happens in the smallest history that goes wrong as this one does.
fn judge(history: &History) -> ExitCode {
    let Some(shrunk) = shrink(history, BUDGET) else {
        return kept(history, history.run(false).took);
    };
    println!("{shrunk}");
    ExitCode::FAILURE
}

fn kept(history: &History, took: Millis) -> ExitCode {
    println!("seed {}: every promise kept, {} s simulated", history.seed, took / 1_000);
    ExitCode::SUCCESS
}

fn many(args: &Args) -> ExitCode {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let (next, end) = (AtomicU64::new(args.start), args.start.saturating_add(args.seeds));
    let simulated = AtomicU64::new(0);
    let failed = Mutex::new(None::<u64>);
    let started = SystemClock.now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        return;
                    }
                    let outcome = History::of(seed, args.mutation).run(false);
                    simulated.fetch_add(outcome.took / 1_000, Ordering::Relaxed);
                    if outcome.broken.is_some() {
                        next.store(end, Ordering::Relaxed);
                        let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                        *failed = Some(failed.map_or(seed, |known| known.min(seed)));
                    }
                }
            });
        }
    });
    if let Some(seed) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return judge(&History::of(seed, args.mutation));
    }
    let took = SystemClock.now().duration_since(started).as_secs_f64();
    let (count, hours) = (args.seeds, simulated.into_inner() / 3_600);
    println!("{count} histories, {hours} hours simulated, every promise kept");
    println!("{took:.1} s on {threads} threads: {:.0} histories/s", count as f64 / took);
    ExitCode::SUCCESS
}
