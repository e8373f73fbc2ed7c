//! The report of the checks, for people and for scripts.

use std::process::ExitCode;

use console::{Style, style};
use sagebell_monitor::inert::hanging;
use sagebell_system::say;
use serde::Serialize;

use super::grants::Grant;
use crate::output::{Output, PrintError};

/// The exit code if something is missing.
const MISSING: u8 = 1;
/// The exit code if the checks could not run.
const COULD_NOT_RUN: u8 = 2;

/// The result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    /// It is right.
    Ok,
    /// It is wrong or missing.
    Missing,
    /// It is not visible from here, or for this caller.
    Unknown,
}

impl Outcome {
    fn words(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Missing => "missing",
            Self::Unknown => "unknown",
        }
    }

    fn style(self) -> Style {
        match self {
            Self::Ok => Style::new().green(),
            Self::Missing => Style::new().red().bold(),
            Self::Unknown => Style::new().yellow(),
        }
    }
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Check {
    /// The name of the check.
    pub(super) name: &'static str,
    /// The result.
    pub(super) outcome: Outcome,
    /// What was found, and what to do.
    pub(super) seen: String,
    /// What would provide the missing part.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) granted_by: &'static [Grant],
}

impl Check {
    /// It is right.
    pub(super) fn ok(name: &'static str, seen: impl Into<String>) -> Self {
        Self { name, outcome: Outcome::Ok, seen: seen.into(), granted_by: &[] }
    }

    /// It is missing. `granted_by` says what would provide it.
    pub(super) fn missing(
        name: &'static str,
        seen: impl Into<String>,
        granted_by: &'static [Grant],
    ) -> Self {
        Self { name, outcome: Outcome::Missing, seen: seen.into(), granted_by }
    }

    /// It is not visible. `granted_by` says what would make it visible.
    pub(super) fn unknown(
        name: &'static str,
        seen: impl Into<String>,
        granted_by: &'static [Grant],
    ) -> Self {
        Self { name, outcome: Outcome::Unknown, seen: seen.into(), granted_by }
    }
}

/// All checks, printed as they come.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    #[serde(skip)]
    output: Output,
    #[serde(skip)]
    ran: bool,
    ok: usize,
    missing: usize,
    unknown: usize,
    checks: Vec<Check>,
}

impl Report {
    /// An empty report.
    #[must_use]
    pub(super) fn new(output: Output) -> Self {
        Self { output, ran: false, ok: 0, missing: 0, unknown: 0, checks: Vec::new() }
    }

    /// Notes that AWS answers and knows the caller. Only then the checks count.
    pub(super) fn ran(&mut self) {
        self.ran = true;
    }

    /// Adds a check, and prints it in the text format.
    pub(super) fn add(&mut self, check: Check) {
        match check.outcome {
            Outcome::Ok => self.ok += 1,
            Outcome::Missing => self.missing += 1,
            Outcome::Unknown => self.unknown += 1,
        }
        if self.output.is_for_people() {
            print(&check);
        }
        self.checks.push(check);
    }

    /// Prints the total.
    ///
    /// # Errors
    /// [`PrintError`].
    pub(super) fn end(&self) -> Result<ExitCode, PrintError> {
        self.output.print(self, || {
            say::out(format_args!(
                "{} ok, {} missing, {} unknown",
                self.ok, self.missing, self.unknown
            ));
        })?;
        Ok(ExitCode::from(self.code()))
    }

    fn code(&self) -> u8 {
        match (self.missing, self.ran) {
            (0, true) => 0,
            (0, false) => COULD_NOT_RUN,
            _ => MISSING,
        }
    }
}

fn print(check: &Check) {
    let outcome = format!("{:<14}", check.outcome.words());
    say::show(format_args!(
        "{}  {:<13} {}",
        check.outcome.style().apply_to(outcome),
        check.name,
        hanging(&check.seen)
    ));
    let about = match check.outcome {
        Outcome::Unknown => "visible with",
        Outcome::Ok | Outcome::Missing => "comes from",
    };
    for place in check.granted_by {
        say::show(format_args!("{:<30}{}", "", style(format!("{about} {place}")).dim()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(ran: bool, checks: &[Check]) -> u8 {
        let mut report = Report::new(Output::Json);
        report.ran = ran;
        checks.iter().cloned().for_each(|check| report.add(check));
        report.code()
    }

    #[test]
    fn what_is_missing_outweighs_what_is_well_and_what_is_not_known_does_not() {
        let ok = Check::ok("a", "");
        let missing = Check::missing("b", "", &[]);
        let dark = Check::unknown("c", "", &[]);
        assert_eq!(code(true, &[ok.clone(), dark.clone()]), 0);
        assert_eq!(code(true, &[ok.clone(), missing.clone(), dark.clone()]), 1);
        assert_eq!(code(false, &[ok.clone(), missing]), 1);
        assert_eq!(code(false, &[ok, dark]), 2);
    }

    #[test]
    fn scripts_read_one_document() {
        let mut report = Report::new(Output::Json);
        report.add(Check::ok("region", "us-east-1"));
        report.add(Check::unknown("table", "denied", super::super::grants::READ));
        assert_eq!(
            serde_json::to_value(&report).unwrap(),
            serde_json::json!({
                "ok": 1, "missing": 0, "unknown": 1,
                "checks": [
                    {"name": "region", "outcome": "ok", "seen": "us-east-1"},
                    {"name": "table", "outcome": "unknown", "seen": "denied", "granted_by":
                        [{"file": "infra/iam/deployer.yaml", "statement": "Preflight"}]},
                ]
            })
        );
    }
}
