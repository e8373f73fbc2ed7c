//! The inputs of a step: KFP gives them in the executor input, people give them as flags.
//!
//! The flags are read as Python's argparse reads them, because the old components were Python and
//! people write their arguments for it. A flag may be shortened, `--flag=value` is two words, the
//! last of two flags wins, and objects are JSON or YAML 1.1. Promises: what argparse and `PyYAML`
//! accepted means the same here, except where `docs/differences.md` says otherwise. A value in the
//! executor input means the same as its text after a flag. A flag wins over the executor input. A
//! usage error shows the usage, and comes before any call.

mod convert;
mod flags;
mod help;
mod python;
mod reading;
#[cfg(test)]
mod tests;
mod words;
mod yaml;
mod yaml_scalar;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::definition::Definition;
use crate::inputs::Inputs;
use crate::kfp::ExecutorInput;
use flags::Flags;
use reading::Reading;
use words::Words;

/// The step's own option that has the executor input, without dashes.
pub(crate) const EXECUTOR_INPUT: &str = "executor-input";

/// What the step was given.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parsed {
    /// The component's inputs, with their defaults.
    pub inputs: Inputs,
    /// Where each output is to be written, by its name.
    pub output_paths: BTreeMap<String, PathBuf>,
    /// The step's own options that were given, by name, as they were written.
    pub own: BTreeMap<String, String>,
    /// The executor input, if KFP started the step.
    pub executor: Option<ExecutorInput>,
}

/// Why there is nothing to run: the command line is wrong, or asks for help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UsageError {
    /// `--help` was given.
    #[error("{text}")]
    Help {
        /// Every input, its type, its default and what it is for.
        text: String,
    },
    /// The words are wrong.
    #[error("{usage}\n{command}: error: {problem}")]
    Wrong {
        /// How it is called.
        usage: String,
        /// The command and its component.
        command: String,
        /// What is wrong.
        problem: String,
    },
}

impl UsageError {
    /// What the process ends with: 0 after help, else 2, as argparse does.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Help { .. } => 0,
            Self::Wrong { .. } => 2,
        }
    }

    fn wrong(definition: &Definition, problem: String) -> Self {
        Self::Wrong { usage: help::usage(definition), command: help::command(definition), problem }
    }
}

/// Reads the words after the component's name. `own` contains the options of the step itself,
/// without dashes. They are never shortened.
///
/// # Errors
/// [`UsageError`] says what is wrong, or is the requested help.
pub fn parse(
    definition: &Definition,
    own: &[&str],
    words: &[String],
) -> Result<Parsed, UsageError> {
    let flags = Flags::of(definition, own);
    let words =
        Words::read(words, &flags).map_err(|problem| UsageError::wrong(definition, problem))?;
    Reading::new(definition, own).read(words)
}
