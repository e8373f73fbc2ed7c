//! The programs of the Python package in one binary, so that what they share is there once.
//!
//! The first argument says which program this is. In the package a script of each name gives it
//! (`python/data/scripts`).

use std::process::ExitCode;

/// The exit code of a call without a program.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1).peekable();
    match words.peek().and_then(|program| program.to_str()) {
        Some("sagebell") => sagebell::program::run(words),
        Some("sagebell-step") => {
            // A text that is no UTF-8 is a wrong value, which the step names.
            sagebell_step::program::run(words.map(|word| word.to_string_lossy().into_owned()))
        }
        Some("fake-sagemaker") => sagebell_fake_sagemaker::program::run(words),
        _ => {
            sagebell_system::say::err(
                "sagebell-bundle: which program? Start sagebell, sagebell-step or fake-sagemaker",
            );
            ExitCode::from(USAGE)
        }
    }
}
