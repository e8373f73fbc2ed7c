//! `simulation --seeds N` runs N histories; `--seed S --trace` runs one again and
//! prints what happened.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use bootstrap::SystemClock;
use clap::Parser;
use monitor::ports::Clock as _;
use simulation::{Mutation, Outcome, run};

/// Lines of the trace shown when a promise is broken.
const TAIL: usize = 60;

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
    /// Print what happened in it.
    #[arg(long, requires = "seed")]
    trace: bool,
    /// Break this rule on purpose.
    #[arg(long)]
    mutation: Option<Mutation>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    match args.seed {
        Some(seed) => replay(&args, seed),
        None => many(&args),
    }
}

fn replay(args: &Args, seed: u64) -> ExitCode {
    let outcome = run(seed, args.mutation, true);
    if args.trace {
        outcome.trace.iter().for_each(|line| println!("{line}"));
    }
    match &outcome.broken {
        Some(_) => complain(args, seed, &outcome),
        None => println!("seed {seed}: every promise kept, {} s simulated", outcome.took / 1_000),
    }
    if outcome.broken.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn complain(args: &Args, seed: u64, outcome: &Outcome) {
    let Some((promise, what)) = &outcome.broken else { return };
    let mutation = args.mutation.and_then(|mutation| {
        let value = clap::ValueEnum::to_possible_value(&mutation)?;
        Some(format!(" --mutation {}", value.get_name()))
    });
    let mutation = mutation.unwrap_or_default();
    if !args.trace {
        let from = outcome.trace.len().saturating_sub(TAIL);
        outcome.trace.iter().skip(from).for_each(|line| println!("{line}"));
    }
    println!("seed {seed} breaks {promise}: {what}");
    println!("again: cargo run --release -p simulation -- --seed {seed} --trace{mutation}");
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
                    let outcome = run(seed, args.mutation, false);
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
        return replay(args, seed);
    }
    let took = SystemClock.now().duration_since(started).as_secs_f64();
    let (count, hours) = (args.seeds, simulated.into_inner() / 3_600);
    println!("{count} histories, {hours} hours simulated, every promise kept");
    println!("{took:.1} s on {threads} threads: {:.0} histories/s", count as f64 / took);
    ExitCode::SUCCESS
}
