//! What happened, line by line, for people and for comparing two runs.

use crate::executor::Millis;

/// The lines of one history; empty unless asked for.
#[derive(Debug, Default)]
pub struct Trace {
    kept: bool,
    lines: Vec<String>,
}

impl Trace {
    /// A trace that keeps its lines, or only says that it does not.
    #[must_use]
    pub fn new(kept: bool) -> Self {
        Self { kept, lines: Vec::new() }
    }

    /// Notes a line; `line` is not made if nobody wants it.
    pub fn note(&mut self, now: Millis, line: impl FnOnce() -> String) {
        if self.kept {
            let (seconds, millis) = (now / 1_000, now % 1_000);
            self.lines.push(format!("{seconds:>6}.{millis:03} {}", line()));
        }
    }

    /// The lines.
    #[must_use]
    pub fn into_lines(self) -> Vec<String> {
        self.lines
    }
}
