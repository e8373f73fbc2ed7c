//! The `fake-sagemaker` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    sagebell_fake_sagemaker::program::run(std::env::args_os())
}
