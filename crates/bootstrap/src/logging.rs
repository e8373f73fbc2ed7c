//! Logs: JSON lines for functions, plain lines on standard error for people.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

/// The level when `RUST_LOG` is not set.
const DEFAULT_FILTER: &str = "info";

fn filter() -> EnvFilter {
    EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER))
}

/// Logs as JSON lines to standard output, where Lambda picks them up.
pub fn log_as_json() {
    // A second call changes nothing; the first subscriber stays.
    let _ =
        tracing_subscriber::fmt().json().flatten_event(true).with_env_filter(filter()).try_init();
}

/// Logs as plain lines to standard error.
pub fn log_for_people() {
    let _ = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .with_env_filter(filter())
        .try_init();
}
