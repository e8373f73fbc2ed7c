//! The tables of `docs/errors.md` and `docs/configuration.md`, in pages that people write.

use sagebell_api_types::ErrorCode;
use sagebell_runtime::variables::{DefaultValue, VARIABLES, Variable};

use super::markdown::{self, table};
use crate::blocks::Block;

/// Both of them.
pub(crate) fn blocks() -> [Block; 2] {
    let head = ["code", "status", "what happened", "what to do"];
    let errors = table(head, ErrorCode::ALL.map(error).into());
    let head = ["variable", "meaning", "default"];
    let variables = table(head, VARIABLES.iter().map(variable).collect());
    [
        block("docs/errors.md", "errors", &errors),
        block("docs/configuration.md", "variables", &variables),
    ]
}

fn block(path: &'static str, name: &str, table: &str) -> Block {
    Block { path, name: name.to_owned(), lines: table.lines().map(str::to_owned).collect() }
}

/// With an anchor, to which the code's `type` URI leads.
fn error(code: ErrorCode) -> [String; 4] {
    let word = code.as_str();
    let anchor = format!("<a id=\"{word}\"></a>{}", markdown::code(word));
    [anchor, code.status().as_u16().to_string(), code.meaning().into(), code.remedy().into()]
}

fn variable(variable: &Variable) -> [String; 3] {
    let default = match variable.default {
        DefaultValue::Required => "(required)".to_owned(),
        DefaultValue::Value(value) => markdown::code(value),
        DefaultValue::Other(words) => words.to_owned(),
    };
    [markdown::code(variable.name), variable.meaning.to_owned(), default]
}
