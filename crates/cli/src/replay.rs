//! `sagebell replay`: send events from files to the local stack.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use sagebell_api_types::put_events::{self, AnswerEntry};
use sagebell_system::say;
use serde::Serialize;
use serde_json::Value;

use crate::args::ReplayArgs;
use crate::output::{Output, PrintError};
use sagebell_client::client::{Client, ClientError};

/// Why files could not be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A file that can't be read.
    #[error("{path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file that is not JSON.
    #[error("{path} is not JSON: {source}")]
    Json {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// The stack did not accept them.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// One file and what became of it.
#[derive(Serialize)]
struct Replayed<'a> {
    file: &'a Path,
    #[serde(flatten)]
    entry: AnswerEntry,
}

/// Sends every file's event, in order; exit code 1 if the stack refused any.
///
/// # Errors
/// If a file can't be read, or the stack does not answer.
pub async fn run(args: &ReplayArgs) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let client = Client::new(args.api.api.clone())?;
    let events = args.files.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
    let mut refused = false;
    for (files, events) in
        args.files.chunks(put_events::LIMIT).zip(events.chunks(put_events::LIMIT))
    {
        let entries = client.put_events(events).await?;
        for (file, entry) in files.iter().zip(entries) {
            refused |= entry.error_code.is_some();
            print(args.api.output, &Replayed { file, entry })?;
        }
    }
    Ok(if refused { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn read(path: &Path) -> Result<Value, ReplayError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ReplayError::Read { path: path.to_owned(), source })?;
    serde_json::from_str(&text)
        .map_err(|source| ReplayError::Json { path: path.to_owned(), source })
}

fn print(output: Output, replayed: &Replayed<'_>) -> Result<(), PrintError> {
    output.print(replayed, || {
        let outcome = match &replayed.entry.error_message {
            None => "taken".to_owned(),
            Some(why) => format!("refused: {why}"),
        };
        say::out(format_args!("{}: {outcome}", replayed.file.display()));
    })
}
