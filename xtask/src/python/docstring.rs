//! The docstring of a function: what it does, its inputs, its outputs.

use sagebell_monitor::kind::Kind;
use sagebell_step::component_yaml;
use sagebell_step::definition::{Definition, Family, Offered, Type};
use sagebell_step::model;

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
        let text = format!("{}: {}", argument(offered), about(row, offered));
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

fn about(row: &Definition, offered: &Offered<'_>) -> String {
    let input = offered.input;
    let mut text = input.description.clone();
    let choices: Vec<_> = input.choices.iter().filter(|choice| !choice.is_empty()).collect();
    if choices.iter().any(|choice| !text.contains(choice.as_str())) {
        let choices: Vec<_> = choices.iter().map(|choice| format!("`{choice}`")).collect();
        text = format!("{text} One of: {}.", choices.join(", "));
    }
    if let Some(more) = of_request(row, &text) {
        text = format!("{text} {more}");
    }
    if let Some(builder) = builder(row, offered) {
        text = format!("{text} `sagebell.{builder}.");
    }
    if input.optional && offered.default.is_none() {
        text += " If left out, SageMaker decides.";
    }
    text
}

/// What the request says of an input that is one of its fields.
fn of_request(row: &Definition, description: &str) -> Option<String> {
    let operation = names::operation(row)?;
    let (member, _) = description.strip_prefix('`')?.split_once("` of the request")?;
    let is_made = makes(&operation, member) && !description.contains("generated");
    let made = is_made.then(|| "If empty, generated from the run and the task.".to_owned());
    let required = !makes(&operation, member) && model::requires(&operation, member);
    let required = required.then(|| match row.family {
        Family::SageMaker => "SageMaker requires it, here or in `request`.".to_owned(),
        Family::V1 | Family::V2 => "SageMaker requires it.".to_owned(),
    });
    let parts = [made, required, model::about(&operation, member)];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    Some(parts.join(" ")).filter(|text| !text.is_empty())
}

/// Whether a step makes up this field where it is missing: a name, or what marks a repeated request.
/// A version is called like what it is a version of.
fn makes(operation: &str, member: &str) -> bool {
    let is_version = operation == "CreateImageVersion";
    let mut all = Kind::all().filter_map(|kind| kind.spec().operations);
    let is_name = all.any(|of| of.create == operation && of.name == member && !is_version);
    is_name || model::tokens(operation).iter().any(|token| token == member)
}

/// What says which builder of the package is for an input of version 1, after `sagebell.`.
fn builder(row: &Definition, offered: &Offered<'_>) -> Option<&'static str> {
    let is_list = offered.input.kind == Type::JsonArray;
    match (row.family, argument(offered)) {
        (Family::V1, "channels") => Some("s3_channel` makes one"),
        (Family::V1, "input_config") if is_list => Some("processing_input` makes one"),
        (Family::V1, "output_config") if is_list => Some("processing_output` makes one"),
        (Family::V1, "hyperparameters" | "static_parameters") => {
            Some("hyperparameters` makes them")
        }
        (Family::V1, "integer_parameters") => Some("integer_range` makes one"),
        (Family::V1, "continuous_parameters") => Some("continuous_range` makes one"),
        (Family::V1, "categorical_parameters") => Some("categorical_range` makes one"),
        (Family::V1, "metric_definitions") if is_list => Some("metric_definition` makes one"),
        (Family::V1, "metric_definitions") => Some("metric` makes one"),
        (Family::V1, "spot_instance") => Some("spot` gives all that it takes"),
        _ => None,
    }
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
