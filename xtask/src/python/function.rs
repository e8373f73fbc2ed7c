//! The module of one function.

use std::fmt::Write as _;

use sagebell_step::component_yaml;
use sagebell_step::definition::{Definition, Offered, Type};

use super::docstring::{self, argument};
use super::{HEADER, LINE_LENGTH, names};

/// The text of the module.
pub(crate) fn text(row: &Definition) -> String {
    let name = names::function(row);
    let (required, others): (Vec<_>, Vec<_>) = row.offered().partition(Offered::is_required);
    let ordered = [required, others].concat();
    let mut text = head(row, &name, &ordered);
    line(&mut text, &format!("def {name}("));
    line(&mut text, "    *,");
    for offered in &ordered {
        line(&mut text, &format!("    {},", parameter(offered)));
    }
    line(&mut text, &format!(") -> {}Task:", names::class(&name)));
    let mut quotes = "    \"\"\"";
    for documented in docstring::lines(row, &ordered) {
        let documented = documented.strip_prefix("    ").unwrap_or(&documented);
        let opening = std::mem::replace(&mut quotes, "    ");
        line(&mut text, format!("{opening}{documented}").trim_end());
    }
    line(&mut text, "    \"\"\"");
    text + &body(row, &name, &ordered)
}

fn line(text: &mut String, line: &str) {
    // Writing to a text never fails.
    let _ = writeln!(text, "{line}");
}

fn head(row: &Definition, name: &str, ordered: &[Offered<'_>]) -> String {
    let any = ordered.iter().any(|offered| annotation(offered.input.kind).contains("Any"));
    let typing = if any { "TYPE_CHECKING, Any, TypedDict" } else { "TYPE_CHECKING, TypedDict" };
    let doc = format!("\"\"\"The component `{}/{}`.\"\"\"", row.family.as_str(), row.name);
    format!(
        "{HEADER}{doc}\n\n\
         from __future__ import annotations\n\n\
         from typing import {typing}\n\n\
         from .._task import make\n\n\
         if TYPE_CHECKING:\n    \
         from kfp.dsl import PipelineTask\n    \
         from kfp.dsl.pipeline_channel import PipelineChannel\n\n    \
         from .._types import Later\n\n\
         {}\n\n",
        types(row, name)
    )
}

/// What type checkers and editors know of the task: KFP's own class, with the names of its outputs.
fn types(row: &Definition, name: &str) -> String {
    let class = names::class(name);
    let outputs = component_yaml::outputs(row);
    let outputs = outputs.map(|[output, ..]| format!("        {output}: PipelineChannel\n"));
    format!(
        "    class {class}Outputs(TypedDict):\n        \
         \"\"\"The outputs of `{name}`.\"\"\"\n\n\
         {}\n    \
         class {class}Task(PipelineTask):\n        \
         \"\"\"KFP's task, with the outputs of `{name}`.\"\"\"\n\n        \
         @property\n        \
         def outputs(self) -> {class}Outputs: ...  # type: ignore[override]\n",
        outputs.collect::<String>()
    )
}

fn parameter(offered: &Offered<'_>) -> String {
    let (name, kind) = (argument(offered), offered.input.kind);
    let annotated = annotation(kind);
    if offered.is_required() {
        return format!("{name}: {annotated} | Later");
    }
    match default(kind, offered.default) {
        Some(default) => format!("{name}: {annotated} | Later = {default}"),
        None => format!("{name}: {annotated} | Later | None = None"),
    }
}

/// The type of a constant.
fn annotation(kind: Type) -> &'static str {
    match kind {
        Type::String => "str",
        Type::Integer => "int",
        Type::Float => "float",
        Type::Bool => "bool",
        Type::JsonObject => "dict[str, Any]",
        Type::JsonArray => "list[Any]",
    }
}

/// The default as Python writes it. A default that could be changed is `None` in Python.
fn default(kind: Type, text: Option<&str>) -> Option<String> {
    let text = text?;
    match kind {
        Type::String => Some(quoted(text)),
        Type::Integer | Type::Float | Type::Bool => Some(text.to_owned()),
        Type::JsonObject | Type::JsonArray => None,
    }
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

fn body(row: &Definition, name: &str, ordered: &[Offered<'_>]) -> String {
    let component = quoted(&format!("{}/{}", row.family.as_str(), row.name));
    let choices = ordered.iter().filter(|offered| !offered.input.choices.is_empty());
    let choices: String = choices.map(allowed).collect();
    let choices = match choices.as_str() {
        "" => String::new(),
        members => format!("        choices={{\n{members}        }},\n"),
    };
    format!(
        "    return make(\n        {name},\n        {component},\n        locals(),\n{choices}    )\n"
    )
}

/// The allowed values of one input, as a member of a dictionary.
fn allowed(offered: &Offered<'_>) -> String {
    let name = quoted(argument(offered));
    let values: Vec<_> = offered.input.choices.iter().map(|choice| quoted(choice)).collect();
    let short = format!("            {name}: ({}),\n", values.join(", "));
    if short.trim_end().chars().count() <= LINE_LENGTH {
        return short;
    }
    let values: Vec<_> = values.iter().map(|value| format!("                {value},\n")).collect();
    format!("            {name}: (\n{}            ),\n", values.concat())
}

#[cfg(test)]
mod tests {
    use sagebell_step::definition::{Family, definitions, find};

    use super::*;

    #[test]
    fn nothing_in_the_tables_ends_a_text_of_python() {
        for row in Family::ALL.map(definitions).concat() {
            let described = row.offered().map(|offered| offered.input.description.clone());
            let defaults = row.offered().filter_map(|offered| offered.default.map(str::to_owned));
            for text in described.chain(defaults).chain([row.description.clone()]) {
                assert!(!text.contains(['"', '\\', '\n']), "{}: {text}", row.name);
            }
        }
    }

    #[test]
    fn objects_and_lists_have_no_default_but_an_empty_one() {
        for row in Family::ALL.map(definitions).concat() {
            for offered in row.offered() {
                let json = matches!(offered.input.kind, Type::JsonObject | Type::JsonArray);
                let empty = matches!(offered.default, None | Some("{}" | "[]"));
                assert!(!json || empty, "{}: {}", row.name, offered.input.name);
            }
        }
    }

    #[test]
    fn what_is_required_comes_first_and_has_no_default() {
        let text = text(&find(Family::V1, "model").unwrap());
        let (_, signature) = text.split_once("def model(\n    *,\n").unwrap();
        let (signature, _) = signature.split_once(") -> ").unwrap();
        let lines: Vec<_> = signature.lines().collect();
        let first_default = lines.iter().position(|line| line.contains(" = ")).unwrap();
        assert_eq!(first_default, 3, "{signature}");
        assert!(lines.iter().skip(first_default).all(|line| line.contains(" = ")), "{signature}");
    }
}
