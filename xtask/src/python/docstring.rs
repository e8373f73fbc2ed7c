//! The docstring of a function: what it does, its inputs, its outputs.

use sagebell_step::component_yaml;
use sagebell_step::definition::{Definition, Offered};

use super::{LINE_LENGTH, names};

const INDENTATION: usize = 4;

/// The lines between the quotes, each with its indentation.
pub(crate) fn lines(row: &Definition, ordered: &[Offered<'_>]) -> Vec<String> {
    let mut lines = wrapped(&row.description, INDENTATION, INDENTATION);
    lines.push(String::new());
    lines.extend(wrapped(&source(row), INDENTATION, INDENTATION));
    if let Some(page) = names::reference(row) {
        lines.push(format!("    {page}"));
    }
    if row.acts_each_time() {
        lines.push(String::new());
        let skips = "KFP does not skip this step: it acts in every run.";
        lines.extend(wrapped(skips, INDENTATION, INDENTATION));
    }
    lines.extend([String::new(), "    Args:".to_owned()]);
    for offered in ordered {
        let text = format!("{}: {}", argument(offered), about(offered));
        lines.extend(wrapped(&text, 8, 12));
    }
    lines.extend([String::new(), "    Returns:".to_owned()]);
    lines.push("        The task of KFP. Its `outputs`:".to_owned());
    for [name, kind, description] in component_yaml::outputs(row) {
        let text = format!("`{name}` ({kind}): {description}");
        lines.extend(wrapped(&text, 12, 16));
    }
    lines
}

/// The name of an input in Python: KFP drops underscores at the end.
pub(crate) fn argument<'a>(offered: &Offered<'a>) -> &'a str {
    offered.input.name.trim_end_matches('_')
}

fn source(row: &Definition) -> String {
    let component = format!("The component `{}/{}`.", row.family.as_str(), row.name);
    match names::reference(row) {
        Some(_) => format!("{component} Units and allowed values of the request's fields:"),
        None => component,
    }
}

fn about(offered: &Offered<'_>) -> String {
    let input = offered.input;
    let mut text = input.description.clone();
    let choices: Vec<_> = input.choices.iter().filter(|choice| !choice.is_empty()).collect();
    if choices.iter().any(|choice| !text.contains(choice.as_str())) {
        let choices: Vec<_> = choices.iter().map(|choice| format!("`{choice}`")).collect();
        text = format!("{text} One of: {}.", choices.join(", "));
    }
    if input.optional && offered.default.is_none() {
        text += " If left out, SageMaker decides.";
    }
    text
}

/// The words in lines that are no longer than [`LINE_LENGTH`], where words allow it.
fn wrapped(text: &str, first: usize, others: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = " ".repeat(first);
    let mut is_empty = true;
    for word in text.split_whitespace() {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > LINE_LENGTH {
            lines.push(std::mem::replace(&mut line, " ".repeat(others)));
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    lines.push(line);
    lines
}
