//! The command line, read as Python's argparse reads it.
//!
//! The old components were Python, and pipelines write their arguments for it:
//! flags may be shortened, `--flag=value` is two words, the last of two wins, and
//! objects are JSON or else YAML 1.1. Promise: what argparse and `PyYAML` took means
//! the same here, but where `docs/differences.md` says so. What is wrong is told
//! with the usage, before anything is asked of anyone.

mod convert;
mod flags;
mod help;
mod python;
#[cfg(test)]
mod tests;
mod words;
mod yaml;
mod yaml_scalar;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::definition::{Definition, Input, Type};
use crate::inputs::Inputs;
use crate::kfp;
use flags::{Flag, Flags};
use words::{Word, Words};

/// What the command line says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parsed {
    /// The component's inputs, with their defaults.
    pub inputs: Inputs,
    /// Where each output is to be written, by its name.
    pub output_paths: BTreeMap<String, PathBuf>,
    /// The step's own options that were given, by name, as they were written.
    pub own: BTreeMap<String, String>,
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

/// Reads the words that follow the component's name. `own` names the options of the
/// step itself, without dashes; they are never shortened.
///
/// # Errors
/// [`UsageError`] says what is wrong, or is the help that was asked for.
pub fn parse(
    definition: &Definition,
    own: &[&str],
    words: &[String],
) -> Result<Parsed, UsageError> {
    let flags = Flags::of(definition, own);
    let words =
        Words::read(words, &flags).map_err(|problem| UsageError::wrong(definition, problem))?;
    Reading { definition, own, parsed: start(definition), seen: Vec::new(), unknown: Vec::new() }
        .read(words)
}

/// Everything as it is when no word is given, but for the inputs.
fn start(definition: &Definition) -> Parsed {
    let output_paths = definition
        .outputs
        .iter()
        .map(|output| (output.name.clone(), PathBuf::from(format!("/tmp/{}", output.name))))
        .collect();
    Parsed { output_paths, ..Parsed::default() }
}

/// KFP passes every input, also an optional one that has no value. A text may be
/// meant to be empty; nothing else may.
fn says_nothing(input: &Input, value: &str) -> bool {
    let may_be_empty = input.kind == Type::String || input.default.is_some();
    input.optional && !may_be_empty && kfp::is_absent(value)
}

struct Reading<'a> {
    definition: &'a Definition,
    own: &'a [&'a str],
    parsed: Parsed,
    seen: Vec<&'a str>,
    unknown: Vec<&'a str>,
}

impl<'a> Reading<'a> {
    fn read(mut self, mut words: Words<'a>) -> Result<Parsed, UsageError> {
        while let Some((text, word)) = words.next() {
            match word {
                Word::Flag { flag: Flag::Help, value: None } => return Err(self.help()),
                Word::Flag { flag: Flag::Help, value: Some(value) } => {
                    return Err(self.wrong(format!("--help: ignored explicit argument '{value}'")));
                }
                Word::Flag { flag, value } => {
                    let value = value.or_else(|| words.value());
                    let Some(value) = value else {
                        return Err(self.wrong(format!("argument {flag}: expected one argument")));
                    };
                    self.take(flag, value)?;
                }
                Word::Value | Word::Unknown => self.unknown.push(text),
            }
        }
        self.finish()
    }

    fn take(&mut self, flag: Flag<'a>, value: &str) -> Result<(), UsageError> {
        match flag {
            Flag::Help => {}
            Flag::Output(output) => {
                self.parsed.output_paths.insert(output.to_owned(), PathBuf::from(value));
            }
            Flag::Own(name) => {
                self.parsed.own.insert(name.to_owned(), value.to_owned());
            }
            Flag::Input(input) if says_nothing(input, value) => {}
            Flag::Input(input) => {
                let value = convert::given(input, value)
                    .map_err(|problem| self.wrong(format!("argument {flag}: {problem}")))?;
                self.parsed.inputs.set(&input.name, value);
                self.seen.push(&input.name);
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Parsed, UsageError> {
        let missing: Vec<String> =
            self.missing().map(|input| format!("--{}", input.name)).collect();
        if !missing.is_empty() {
            let missing = missing.join(", ");
            return Err(self.wrong(format!("the following arguments are required: {missing}")));
        }
        if !self.unknown.is_empty() {
            return Err(self.wrong(format!("unrecognized arguments: {}", self.unknown.join(" "))));
        }
        for input in &self.definition.inputs {
            if self.seen.contains(&input.name.as_str()) {
                continue;
            }
            let value = convert::default(input)
                .map_err(|problem| self.wrong(format!("default of --{}: {problem}", input.name)))?;
            self.parsed.inputs.set(&input.name, value);
        }
        Ok(self.parsed)
    }

    fn missing(&self) -> impl Iterator<Item = &'a Input> {
        let inputs = self.definition.inputs.iter();
        inputs.filter(|input| input.required && !self.seen.contains(&input.name.as_str()))
    }

    fn help(&self) -> UsageError {
        UsageError::Help { text: help::help(self.definition, self.own) }
    }

    fn wrong(&self, problem: String) -> UsageError {
        UsageError::wrong(self.definition, problem)
    }
}
