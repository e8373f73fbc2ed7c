//! `cargo xtask`: the repository's own tool. See CONTRIBUTING.md.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod generate;

use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use sagebell_system::say;

use crate::generate::{differing, files, write};

/// Tasks of those who change Sagebell.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Write every file that is generated from the code alone
    Generate {
        /// Write nothing; name each file that is out of date, and fail
        #[arg(long)]
        check: bool,
    },
}

fn main() -> ExitCode {
    let Task::Generate { check } = Cli::parse().task;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let done = if check { checked(&root) } else { write(&root, &files()) };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::err(format_args!("xtask: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn checked(root: &Path) -> Result<(), String> {
    let differing = differing(root, &files())?;
    if differing.is_empty() {
        return Ok(());
    }
    let names = differing.join("\n");
    Err(format!("out of date; run `cargo xtask generate` and commit what it writes:\n{names}"))
}
