//! The help text of a component's command line.

use std::fmt::Write as _;

use crate::definition::{Definition, Input, Type, common};

/// The command, with its component.
pub(super) fn command(definition: &Definition) -> String {
    format!("sagebell-step {}", definition.name)
}

/// One line: what must be given.
pub(super) fn usage(definition: &Definition) -> String {
    let mut line = format!("usage: {} [-h]", command(definition));
    for input in definition.inputs.iter().filter(|input| input.required) {
        let _ = write!(line, " --{} {}", input.name, placeholder(input));
    }
    line.push_str(" [--INPUT VALUE ...] [--OUTPUT_output_path PATH ...]");
    line
}

/// Everything that can be given.
pub(super) fn help(definition: &Definition, own: &[&str]) -> String {
    let mut text = format!("{}\n\n{}\n\ninputs:\n", usage(definition), definition.description);
    for input in &definition.inputs {
        let _ = writeln!(text, "  --{} {} ({})", input.name, placeholder(input), remark(input));
        let _ = writeln!(text, "      {}", input.description);
    }
    text.push_str("\noutputs:\n");
    for output in &definition.outputs {
        let name = &output.name;
        let _ = writeln!(text, "  --{name}_output_path PATH (default: /tmp/{name})");
        let _ = writeln!(text, "      {}", output.description);
    }
    if !own.is_empty() {
        text.push_str("\noptions of the step:\n");
    }
    for flag in own {
        let _ = writeln!(text, "  --{flag} VALUE");
        let options = &common().options;
        if let Some(option) = options.iter().find(|option| option.flag == *flag) {
            let _ = writeln!(text, "      {}", option.input.description);
        }
    }
    text
}

fn placeholder(input: &Input) -> &'static str {
    match input.parsed_as.unwrap_or(input.kind) {
        Type::String => "TEXT",
        Type::Integer => "INTEGER",
        Type::Float => "NUMBER",
        Type::Bool => "BOOL",
        Type::JsonObject => "OBJECT",
        Type::JsonArray => "LIST",
    }
}

fn remark(input: &Input) -> String {
    let mut remark = match &input.default {
        _ if input.required => "required".to_owned(),
        Some(default) => format!("default: '{default}'"),
        None => "optional".to_owned(),
    };
    let choices: Vec<&str> = input.choices.iter().map(String::as_str).collect();
    if !choices.is_empty() {
        let _ = write!(remark, "; one of: '{}'", choices.join("', '"));
    }
    remark
}
