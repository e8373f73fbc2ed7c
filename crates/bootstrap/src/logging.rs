//! Logs: JSON lines for functions, plain lines on standard error for people.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

/// The level when `RUST_LOG` is not set.
const DEFAULT_FILTER: &str = "info";

/// At `trace` the AWS SDK logs whole requests, a wait's secret with them.
const NEVER_MORE: [&str; 3] =
    ["aws_smithy_runtime=debug", "aws_smithy_runtime_api=debug", "aws_smithy_http=debug"];

fn filter() -> EnvFilter {
    let asked =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    let caps = NEVER_MORE.iter().filter_map(|cap| cap.parse().ok());
    caps.fold(asked, EnvFilter::add_directive)
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
