//! The `sagebell-step` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    sagebell_step::program::run(std::env::args())
}
