//! `sagebell completions` and `sagebell man`: what shells and `man` want to know of the commands.

use std::error::Error;
use std::fs;
use std::process::ExitCode;

use clap::CommandFactory as _;
use sagebell_system::say;

use crate::args::{Cli, CompletionsArgs, ManArgs};

/// A folder could not be written to.
#[derive(Debug, thiserror::Error)]
#[error("the man pages cannot be written to {folder}: {source}; choose another folder")]
pub struct NoFolder {
    folder: String,
    source: std::io::Error,
}

/// Writes the completions of a shell.
///
/// # Errors
/// If they are not text, which none are.
pub fn completions(args: &CompletionsArgs) -> Result<ExitCode, Box<dyn Error>> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "sagebell", &mut script);
    say::show(String::from_utf8(script)?.trim_end());
    Ok(ExitCode::SUCCESS)
}

/// Writes a man page of each command.
///
/// # Errors
/// [`NoFolder`].
pub fn man(args: &ManArgs) -> Result<ExitCode, Box<dyn Error>> {
    let write = || {
        fs::create_dir_all(&args.folder)?;
        // `help` has no page of its own: it prints the same.
        clap_mangen::generate_to(Cli::command().disable_help_subcommand(true), &args.folder)
    };
    let folder = args.folder.display().to_string();
    write().map_err(|source| NoFolder { folder: folder.clone(), source })?;
    say::out(format_args!("The man pages are in {folder}."));
    Ok(ExitCode::SUCCESS)
}
