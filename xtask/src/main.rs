//! `cargo xtask`: the repository's own tool. See CONTRIBUTING.md.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod blocks;
mod facts;
mod generate;
#[cfg(test)]
mod invented;
mod kinds_page;
mod measured;
mod policies;
mod python;
mod reference;
mod samples;

use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use sagebell_monitor::kind::table;
use sagebell_system::say;

use crate::generate::{File, differing, files, write};

/// The root of the repository.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Tasks of those who change Sagebell.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Write every file, and every marked block of one, that is generated from the code alone
    Generate {
        /// Write nothing; name each file that is out of date, and fail
        #[arg(long)]
        check: bool,
        /// Write the files that come from botocore's model and from runs as well: takes
        /// minutes, and needs the network
        #[arg(long, conflicts_with = "check")]
        measured: bool,
    },
}

fn main() -> ExitCode {
    let Task::Generate { check, measured } = Cli::parse().task;
    let root = Path::new(ROOT);
    let done = generated(root, check).and_then(|()| match measured {
        true => measured::write(root),
        false => Ok(()),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::err(format_args!("xtask: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn generated(root: &Path, check: bool) -> Result<(), String> {
    let files = files(root, table())?;
    if check { up_to_date(root, &files) } else { write(root, &files) }
}

fn up_to_date(root: &Path, files: &[File]) -> Result<(), String> {
    let differing = differing(root, files)?;
    if differing.is_empty() {
        return Ok(());
    }
    let names = differing.join("\n");
    Err(format!("out of date; run `cargo xtask generate` and commit what it writes:\n{names}"))
}
