//! The `sagebell` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    sagebell::program::run(std::env::args_os())
}
