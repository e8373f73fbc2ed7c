//! Reads the flags one by one, then the executor input, then the defaults.

use std::path::PathBuf;

use serde_json::Value;

use super::flags::Flag;
use super::words::{Word, Words};
use super::{EXECUTOR_INPUT, Parsed, UsageError, convert, help};
use crate::definition::{self, Definition, Input, Type};
use crate::kfp::{self, ExecutorInput, placeholder};

/// Options of the step that hold what KFP says of the run and the task, and whose
/// placeholders stay where the backend knows no better.
const IDENTITY: [&str; 2] = ["run", "task"];

pub(super) struct Reading<'a> {
    definition: &'a Definition,
    own: &'a [&'a str],
    parsed: Parsed,
    seen: Vec<&'a str>,
    unknown: Vec<&'a str>,
}

/// KFP passes every input that stands in a component's arguments, also an optional one
/// that has no value. A text may be meant to be empty; nothing else may.
fn says_nothing(input: &Input, text: &str) -> bool {
    let may_be_empty = input.kind == Type::String || input.default.is_some();
    let may_be_left_out = !input.required && (input.optional || input.default.is_some());
    let has_no_value = may_be_left_out && placeholder::is_input_without_value(text);
    has_no_value || (input.optional && !may_be_empty && kfp::is_absent(text))
}

impl<'a> Reading<'a> {
    pub(super) fn new(definition: &'a Definition, own: &'a [&'a str]) -> Self {
        Self { definition, own, parsed: Parsed::default(), seen: Vec::new(), unknown: Vec::new() }
    }

    pub(super) fn read(mut self, mut words: Words<'a>) -> Result<Parsed, UsageError> {
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
                    self.take(flag, value)
                        .map_err(|problem| self.wrong(format!("argument {flag}: {problem}")))?;
                }
                Word::Value | Word::Unknown => self.unknown.push(text),
            }
        }
        self.finish()
    }

    fn take(&mut self, flag: Flag<'a>, text: &str) -> Result<(), String> {
        match flag {
            Flag::Help => {}
            Flag::Own(EXECUTOR_INPUT) => {
                let read = ExecutorInput::parse(text).map_err(|error| error.to_string())?;
                self.parsed.executor = Some(read);
            }
            Flag::Own(name) if IDENTITY.contains(&name) => {
                self.parsed.own.insert(name.to_owned(), text.to_owned());
            }
            Flag::Own(name) => self.take_option(name, text)?,
            Flag::Output(output) => {
                filled(text)?;
                self.parsed.output_paths.insert(output.to_owned(), PathBuf::from(text));
            }
            Flag::Input(input) => self.take_input(input, text)?,
        }
        Ok(())
    }

    fn take_option(&mut self, name: &str, text: &str) -> Result<(), String> {
        if !placeholder::is_input_without_value(text) {
            filled(text)?;
            self.parsed.own.insert(name.to_owned(), text.to_owned());
        }
        Ok(())
    }

    fn take_input(&mut self, input: &'a Input, text: &str) -> Result<(), String> {
        if says_nothing(input, text) {
            return Ok(());
        }
        filled(text)?;
        let value = convert::given(input, text)?;
        // An escaped one is seen only now.
        filled_in(&value)?;
        self.parsed.inputs.set(&input.name, value);
        self.seen.push(&input.name);
        Ok(())
    }

    fn finish(mut self) -> Result<Parsed, UsageError> {
        if let Some(executor) = self.parsed.executor.take() {
            self.take_executor(&executor)?;
            self.parsed.executor = Some(executor);
        }
        let missing: Vec<String> =
            self.missing().map(|input| format!("--{}", input.name)).collect();
        if !missing.is_empty() {
            let missing = missing.join(", ");
            return Err(self.wrong(format!("the following arguments are required: {missing}")));
        }
        if !self.unknown.is_empty() {
            return Err(self.wrong(format!("unrecognized arguments: {}", self.unknown.join(" "))));
        }
        self.fill()?;
        Ok(self.parsed)
    }

    /// What the executor input has, where no flag has it.
    fn take_executor(&mut self, executor: &ExecutorInput) -> Result<(), UsageError> {
        let named = |name: &str, problem: String| format!("input `{name}`: {problem}");
        for input in &self.definition.inputs {
            let Some(value) = executor.input(&input.name) else { continue };
            if !self.seen.contains(&input.name.as_str()) {
                self.take_input(input, &kfp::text(value))
                    .map_err(|problem| self.wrong(named(&input.name, problem)))?;
            }
        }
        for option in &definition::common().options {
            let name = &option.input.name;
            let Some(value) = executor.input(name) else { continue };
            if self.own.contains(&option.flag.as_str())
                && !self.parsed.own.contains_key(&option.flag)
            {
                self.take_option(&option.flag, &kfp::text(value))
                    .map_err(|problem| self.wrong(named(name, problem)))?;
            }
        }
        for output in &self.definition.outputs {
            if let Some(path) = executor.output(&output.name) {
                let paths = &mut self.parsed.output_paths;
                paths.entry(output.name.clone()).or_insert_with(|| path.to_owned());
            }
        }
        self.refuse_unknown(executor)
    }

    /// A value that nobody reads is a mistake: the component file and the image are not
    /// of one version.
    fn refuse_unknown(&self, executor: &ExecutorInput) -> Result<(), UsageError> {
        let own = self.definition.inputs.iter();
        let common = definition::common().options.iter().map(|option| &option.input);
        let known: Vec<_> = own.chain(common).map(|input| input.name.trim_matches('_')).collect();
        let is_unknown = |(name, value): &(&str, &Value)| {
            !known.contains(name) && !placeholder::is_part_of_a_value(name) && !is_empty(value)
        };
        match executor.inputs().find(is_unknown) {
            None => Ok(()),
            Some((name, _)) => Err(self.wrong(format!(
                "input `{name}`: this version of {} has none of this name: the component file and                  the image must be of one version",
                self.definition.name
            ))),
        }
    }

    /// Defaults for what was not given.
    fn fill(&mut self) -> Result<(), UsageError> {
        for input in &self.definition.inputs {
            if self.seen.contains(&input.name.as_str()) {
                continue;
            }
            let value = convert::default(input)
                .map_err(|problem| self.wrong(format!("default of --{}: {problem}", input.name)))?;
            self.parsed.inputs.set(&input.name, value);
        }
        for output in &self.definition.outputs {
            let paths = &mut self.parsed.output_paths;
            paths
                .entry(output.name.clone())
                .or_insert_with(|| PathBuf::from(format!("/tmp/{}", output.name)));
        }
        Ok(())
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

fn filled(text: &str) -> Result<(), String> {
    placeholder::find(text).map_or(Ok(()), |found| Err(placeholder::problem(&found)))
}

fn filled_in(value: &Value) -> Result<(), String> {
    placeholder::find_in(value).map_or(Ok(()), |found| Err(placeholder::problem(&found)))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}
