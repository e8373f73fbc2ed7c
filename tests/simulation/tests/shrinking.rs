//! A history that goes wrong is shrunk to a small one that goes wrong the same
//! way, and that the printed command repeats.
#![allow(clippy::panic, clippy::unwrap_used, missing_docs)]

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::LazyLock;

use sagebell_simulation::shrink::BUDGET;
use sagebell_simulation::{History, Mutation, Outcome, Part, Shrunk, shrink};

/// The first histories of each of these that go wrong.
const BROKEN: [Mutation; 6] = [
    Mutation::NoReadAfterRecord,
    Mutation::NoNotBefore,
    Mutation::AckBeforeDelivery,
    Mutation::NotWrittenDown,
    Mutation::NoGrace,
    Mutation::FirstPageOnly,
];

/// A history as the seed draws it, and shrunk.
struct Case {
    history: History,
    whole: Outcome,
    shrunk: Shrunk,
}

static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let first = |mutation| {
        let mut histories = (0..).map(|seed| History::of(seed, Some(mutation)));
        let history = histories.find(|history| history.run(false).broken.is_some()).unwrap();
        let (whole, shrunk) = (history.run(true), shrink(&history, BUDGET).unwrap());
        Case { history, whole, shrunk }
    };
    BROKEN.into_iter().map(first).collect()
});

fn promise(outcome: &Outcome) -> Option<&'static str> {
    outcome.broken.as_ref().map(|(promise, _)| *promise)
}

fn faults(outcome: &Outcome) -> usize {
    outcome.parts.iter().filter(|part| part.is_fault()).count()
}

#[test]
fn what_is_left_breaks_the_same_promise_and_is_no_larger() {
    for Case { history, whole, shrunk } in &*CASES {
        let small = &shrunk.outcome;
        assert_eq!(promise(small), promise(whole), "{history}");
        assert!(faults(small) <= faults(whole), "{history}");
        assert!(small.trace.len() <= whole.trace.len(), "{history}");
        assert!(small.parts.len() < whole.parts.len(), "{history}");
        assert!(shrunk.runs <= BUDGET, "{history}");
    }
}

#[test]
fn no_part_of_what_is_left_can_be_left_out() {
    for Case { history, whole, shrunk } in &*CASES {
        assert!(shrunk.is_minimal, "{history}");
        let parts: BTreeSet<Part> = shrunk.outcome.parts.iter().copied().collect();
        for part in &parts {
            let others = parts.iter().copied().filter(|other| other != part);
            let outcome = history.of_parts(others).run(false);
            assert_ne!(promise(&outcome), promise(whole), "{history} does without {part}");
        }
    }
}

#[test]
fn the_printed_command_repeats_it_byte_for_byte() {
    for Case { history, shrunk, .. } in &*CASES {
        let printed = shrunk.to_string();
        let again = printed.lines().find_map(|line| line.strip_prefix("again: ")).unwrap();
        let (_, arguments) = again.split_once(" -- ").unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_simulation"));
        let output = command.args(arguments.split(' ')).output().unwrap();
        assert!(!output.status.success(), "{history}");
        let (promise, what) = shrunk.outcome.broken.as_ref().unwrap();
        let verdict = format!("seed {} breaks {promise}: {what}", history.seed);
        let trace = shrunk.outcome.trace.join("\n");
        assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{trace}\n{verdict}\n"));
    }
}

#[test]
fn a_small_budget_is_kept_to() {
    for Case { history, .. } in &*CASES {
        let shrunk = shrink(history, 3).unwrap();
        assert!(shrunk.runs <= 3 && shrunk.outcome.broken.is_some());
    }
}

#[test]
fn a_history_of_all_its_parts_is_the_same_history() {
    for seed in 0..200 {
        let history = History::of(seed, None);
        let whole = history.run(true);
        assert_eq!(history.of_parts(whole.parts.clone()).run(true), whole, "seed {seed}");
    }
}

#[test]
fn a_history_of_some_parts_keeps_the_promises_as_well() {
    for seed in 0..500 {
        let history = History::of(seed, None);
        let parts = history.run(false).parts;
        let mut rng = fastrand::Rng::with_seed(seed);
        let some = history.of_parts(parts.into_iter().filter(|_| rng.bool()));
        assert_eq!(some.run(false).broken, None, "{some}");
    }
}
