//! Logs: JSON lines for functions, plain lines on standard error for people.

use std::fmt::Debug;
use std::io::IsTerminal as _;

use sagebell_monitor::inert;
use tracing::Level;
use tracing::field::Field;
use tracing_subscriber::field::MakeExt as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::fmt::format::{Writer, debug_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::environment::{Env, ProcessEnv};
use crate::json_lines::json_lines;

/// The level when `RUST_LOG` does not say, or can't be understood.
const DEFAULT_LEVEL: LevelFilter = LevelFilter::INFO;

/// The prefixes of the AWS SDK's crates. At `trace` they log whole requests, including the secret
/// of a wait, so their level is never below `debug`.
const SDK: &str = "aws_";

/// What is logged: levels by target, for example `RUST_LOG=warn,sagebell_monitor=debug`.
fn filter(env: &impl Env) -> Targets {
    let asked = env.get("RUST_LOG").and_then(|text| text.parse::<Targets>().ok());
    let asked = asked.unwrap_or_else(|| Targets::new().with_default(DEFAULT_LEVEL));
    let named = asked.iter().filter(|(target, _)| target.starts_with(SDK));
    let named = named.map(|(target, level)| (target.to_owned(), level.min(LevelFilter::DEBUG)));
    let capped = asked.clone().with_targets(named);
    if capped.would_enable(SDK, &Level::TRACE) {
        return capped.with_target(SDK, LevelFilter::DEBUG);
    }
    capped
}

/// Logs as JSON lines to standard output, where Lambda picks them up.
pub fn log_as_json() {
    let lines = json_lines(std::io::stdout);
    // A second call changes nothing; the first subscriber stays.
    let _ = tracing_subscriber::registry().with(filter(&ProcessEnv)).with(lines).try_init();
}

/// Logs as plain lines to standard error. What others wrote is inert in them.
pub fn log_for_people() {
    let lines = fmt::layer()
        .fmt_fields(debug_fn(write_field).delimited(" "))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false);
    let _ = tracing_subscriber::registry().with(filter(&ProcessEnv)).with(lines).try_init();
}

fn write_field(writer: &mut Writer<'_>, field: &Field, value: &dyn Debug) -> std::fmt::Result {
    let text = format!("{value:?}");
    let text = inert::one_line(&text);
    match field.name() {
        "message" => write!(writer, "{text}"),
        name => write!(writer, "{name}={text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct RustLog(&'static str);

    impl Env for RustLog {
        fn get(&self, _: &str) -> Option<String> {
            (!self.0.is_empty()).then(|| self.0.to_owned())
        }
    }

    fn logs(rust_log: &'static str, target: &str, level: Level) -> bool {
        filter(&RustLog(rust_log)).would_enable(target, &level)
    }

    #[test]
    fn nothing_under_info_is_logged_unless_asked_for() {
        for rust_log in ["", "sagebell_monitor=loud"] {
            assert!(logs(rust_log, "sagebell_monitor::record", Level::INFO));
            assert!(!logs(rust_log, "sagebell_monitor::record", Level::DEBUG));
            assert!(!logs(rust_log, "aws_smithy_runtime::client", Level::DEBUG));
        }
        assert!(logs("warn,sagebell_monitor=debug", "sagebell_monitor::record", Level::DEBUG));
        assert!(!logs("warn,sagebell_monitor=debug", "sagebell_webhook", Level::INFO));
    }

    #[test]
    fn whole_requests_are_not_logged_whatever_is_asked() {
        for asked in
            ["trace", "aws_smithy_runtime=trace", "info,aws_sdk_dynamodb::x=trace", "a=trace"]
        {
            for target in ["aws_smithy_runtime::client", "aws_sdk_dynamodb::x", "aws_x"] {
                assert!(!logs(asked, target, Level::TRACE), "{asked}: {target}");
            }
        }
        assert!(logs("trace", "aws_smithy_runtime", Level::DEBUG));
        assert!(logs("trace", "sagebell_monitor", Level::TRACE));
    }
}
