//! From a history that breaks a promise to a small one that breaks the same.
//!
//! Delta debugging over the parts of the history: leave out many at once, then
//! fewer, as long as what is left still breaks the promise. If the budget
//! suffices, the result is minimal: without any one of its parts it does not.

use std::fmt::{self, Display, Formatter};

use crate::history::{History, Outcome};

/// The most runs that shrinking one history takes.
pub const BUDGET: u32 = 500;

/// A history that breaks a promise, shrunk.
#[derive(Debug)]
pub struct Shrunk {
    /// What was left.
    pub history: History,
    /// How it comes out, with its trace.
    pub outcome: Outcome,
    /// Runs that it took.
    pub runs: u32,
    /// Whether each part was seen to be needed.
    pub is_minimal: bool,
}

/// Shrinks a history; `None` if it breaks no promise.
#[must_use]
pub fn shrink(history: &History, budget: u32) -> Option<Shrunk> {
    let whole = history.run(false);
    let promise = whole.broken.as_ref()?.0;
    let mut shrinker = Shrinker { smallest: whole, history, promise, runs: 0, budget };
    let is_minimal = shrinker.run();
    let (runs, parts) = (shrinker.runs, shrinker.smallest.parts);
    let history = history.of_parts(parts);
    Some(Shrunk { outcome: history.run(true), history, runs, is_minimal })
}

struct Shrinker<'a> {
    history: &'a History,
    promise: &'static str,
    smallest: Outcome,
    runs: u32,
    budget: u32,
}

impl Shrinker<'_> {
    /// Says whether it came to its end within the budget.
    fn run(&mut self) -> bool {
        let mut size = self.smallest.parts.len().div_ceil(2);
        while self.runs < self.budget {
            let fewer = self.leave_out(size);
            if size == 1 && !fewer {
                return true;
            }
            size = size.div_ceil(2);
        }
        false
    }

    /// Tries to do without so many parts at a time, from the first to the last;
    /// says whether any could be left out.
    fn leave_out(&mut self, size: usize) -> bool {
        let (mut from, mut fewer) = (0, false);
        while from < self.smallest.parts.len() && self.runs < self.budget {
            if self.does_without(from, size) {
                fewer = true;
            } else {
                from += size;
            }
        }
        fewer
    }

    fn does_without(&mut self, from: usize, size: usize) -> bool {
        let parts = self.smallest.parts.iter().enumerate();
        let others = parts.filter(|(place, _)| !(from..from + size).contains(place));
        let outcome = self.history.of_parts(others.map(|(_, part)| *part)).run(false);
        self.runs += 1;
        let same = outcome.broken.as_ref().is_some_and(|(promise, _)| *promise == self.promise);
        if same {
            // Faults that the list has and that no longer come about are gone too.
            self.smallest = outcome;
        }
        same
    }
}

/// The trace, the verdict, and how to see it again.
impl Display for Shrunk {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for line in &self.outcome.trace {
            writeln!(f, "{line}")?;
        }
        let Self { history, runs, .. } = self;
        if let Some((promise, what)) = &self.outcome.broken {
            writeln!(f, "seed {} breaks {promise}: {what}", history.seed)?;
        }
        let how = if self.is_minimal { "no part can be left out" } else { "the budget is spent" };
        writeln!(f, "shrunk in {runs} runs to {} parts: {how}", self.outcome.parts.len())?;
        let again = "cargo run --profile fast -p sagebell-simulation -- --trace";
        writeln!(f, "again: {again} {history}")?;
        write!(f, "before it was shrunk: {again} {}", History { only: None, ..history.clone() })
    }
}
