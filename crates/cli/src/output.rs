//! The output formats of commands: text for people, JSON for scripts.

use sagebell_monitor::inert;
use sagebell_system::say;
use serde::Serialize;

/// How to print.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Output {
    /// For people.
    #[default]
    Text,
    /// One JSON document a line, for scripts.
    Json,
}

/// Prints one JSON document on one line of standard output. What would act on a terminal
/// is escaped in its texts.
///
/// # Errors
/// If `value` can't be written as JSON.
pub fn print_json(value: &impl Serialize) -> serde_json::Result<()> {
    say::show(inert::json(&serde_json::to_string(value)?));
    Ok(())
}
