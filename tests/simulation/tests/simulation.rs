//! The simulation in CI: it repeats itself, the promises hold, and a broken rule
//! is noticed.
#![allow(clippy::panic, missing_docs)]
#![allow(clippy::disallowed_macros, reason = "prints for the developer who runs it")]

use sagebell_simulation::shrink::BUDGET;
use sagebell_simulation::{History, Mutation, shrink};

/// Histories per run of the tests; the command line runs as many as one likes.
const SEEDS: u64 = 3_000;
/// Within so many histories every broken rule must be noticed. All are within some hundreds
/// today; what is drawn decides which.
const ENOUGH: u64 = 5_000;

#[test]
fn one_seed_is_one_history() {
    for seed in 0..100 {
        let history = History::of(seed, None);
        let (one, other) = (history.run(true), history.run(true));
        assert!(!one.trace.is_empty());
        assert_eq!(one, other, "seed {seed}");
        let untraced = history.run(false);
        assert_eq!((untraced.broken, untraced.took), (one.broken, one.took), "seed {seed}");
    }
}

#[test]
fn the_promises_are_kept() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    std::thread::scope(|scope| {
        for first in 0..threads {
            scope.spawn(move || {
                for seed in (first..SEEDS).step_by(threads as usize) {
                    if let Some(shrunk) = shrink(&History::of(seed, None), BUDGET) {
                        panic!("{shrunk}");
                    }
                }
            });
        }
    });
}

#[test]
fn every_broken_rule_is_noticed() {
    for (mutation, checks) in Mutation::ALL {
        let found = (0..ENOUGH)
            .find_map(|seed| Some((seed, History::of(seed, Some(mutation)).run(false).broken?)));
        let Some((seed, (check, what))) = found else {
            panic!("{mutation:?} was not noticed within {ENOUGH} histories");
        };
        println!("{mutation:?}: seed {seed}, {check}");
        assert!(checks.contains(&check), "{mutation:?}: seed {seed} breaks {check}: {what}");
    }
}
