//! `docs/api.md`: the OpenAPI document, as people read it.

use serde_json::{Map, Value};

use super::markdown::{self, GENERATED, code, fence, sentence, table};

const INTRODUCTION: &str = "\
# The API

All calls of the monitor's API, as [`openapi.json`](openapi.json) has them. A running monitor serves the same document at
`/openapi.json`.

Calls are signed (SigV4, service `lambda`), unless a call says otherwise. A local stack needs no signature. Bodies are JSON.
Times are in RFC 3339. Fields and codes may be added, so ignore those that you do not know. A failed call is answered with
a [problem document](#problem), whose `code` is one of the [error codes](errors.md).";

/// The page of this document.
pub(crate) fn page(document: &Value) -> String {
    let calls = calls(document);
    let list = calls.iter().map(|call| {
        let (title, anchor) = (call.title(), call.anchor());
        [format!("[{title}](#{anchor})"), code(&call.line())]
    });
    let list = table(["does", "call"], list.collect());
    let mut blocks = vec![GENERATED.to_owned(), INTRODUCTION.to_owned(), list];
    blocks.extend(calls.iter().flat_map(Call::blocks));
    blocks.push("## Objects".to_owned());
    for (name, schema) in members(at(document, "/components/schemas")) {
        blocks.extend([format!("### {name}"), description(schema), object(schema)]);
    }
    markdown::page(&blocks)
}

/// One operation.
struct Call<'a> {
    method: &'a str,
    path: &'a str,
    operation: &'a Value,
}

fn calls(document: &Value) -> Vec<Call<'_>> {
    let paths = members(at(document, "/paths"));
    let calls = paths.flat_map(|(path, methods)| {
        members(methods).map(move |(method, operation)| Call { method, path, operation })
    });
    let calls = calls.collect::<Vec<_>>();
    let posted = members(at(document, "/webhooks")).flat_map(|(_, methods)| members(methods));
    let posted = posted.map(|(method, operation)| Call { method, path: "callback_url", operation });
    calls.into_iter().chain(posted).collect()
}

impl Call<'_> {
    fn line(&self) -> String {
        format!("{} {}", self.method.to_uppercase(), self.path)
    }

    /// A heading, so without code in it: forges and mdBook must make the same anchor of it.
    fn title(&self) -> String {
        text(at(self.operation, "/summary")).replace('`', "")
    }

    fn anchor(&self) -> String {
        let kept = |letter: char| match letter {
            ' ' => Some('-'),
            letter if letter.is_alphanumeric() || "-_".contains(letter) => Some(letter),
            _ => None,
        };
        self.title().to_lowercase().chars().filter_map(kept).collect()
    }

    fn blocks(&self) -> Vec<String> {
        let operation = self.operation;
        vec![
            format!("## {}", self.title()),
            fence("text", &self.line()),
            description(operation),
            self.signature().to_owned(),
            self.parameters(),
            self.body(),
            self.answers(),
        ]
    }

    fn signature(&self) -> &'static str {
        let open = at(self.operation, "/security/0").as_object().is_some_and(Map::is_empty);
        if open && self.path.starts_with('/') { "It needs no signature." } else { "" }
    }

    fn parameters(&self) -> String {
        let rows = items(at(self.operation, "/parameters")).map(|parameter| {
            let place = text(at(parameter, "/in"));
            let required = if at(parameter, "/required") == true { ", required" } else { "" };
            [
                code(text(at(parameter, "/name"))),
                format!("{place}{required}"),
                kind(at(parameter, "/schema")),
                text(at(parameter, "/description")).to_owned(),
            ]
        });
        table(["parameter", "in", "type", "meaning"], rows.collect())
    }

    fn body(&self) -> String {
        let schema = at(self.operation, "/requestBody/content/application~1json/schema");
        if schema.is_null() {
            return String::new();
        }
        format!("The body is a {}.", kind(schema))
    }

    fn answers(&self) -> String {
        let rows = members(at(self.operation, "/responses")).map(|(status, answer)| {
            let schema = at(answer, "/content/application~1json/schema");
            let told = text(at(answer, "/description")).replace("\n\n", ". ");
            let after = match at(answer, "/headers/Retry-After").is_null() {
                true => "",
                false => ". With `Retry-After`",
            };
            let body = if schema.is_null() { String::new() } else { format!(": {}", kind(schema)) };
            [status.to_owned(), format!("{}{body}{after}", linked(&told))]
        });
        table(["status", "answer"], rows.collect())
    }
}

/// Each error code of a text leads to its explanation.
fn linked(told: &str) -> String {
    let parts = told.split(". ").map(|part| match part.split_once("`: ") {
        Some((word, rest)) => {
            let word = word.trim_start_matches('`');
            format!("[`{word}`](errors.md#{word}): {rest}")
        }
        None => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join(". ")
}

/// The fields of an object, with those of the objects that it contains, or the words of a text.
fn object(schema: &Value) -> String {
    let parts: Vec<_> = items(at(schema, "/allOf")).map(part).collect();
    if !parts.is_empty() {
        return parts.join("\n\n");
    }
    let words: Vec<_> = items(at(schema, "/enum")).map(|word| code(text(word))).collect();
    if !words.is_empty() {
        return format!("One of {}.", words.join(", "));
    }
    let required: Vec<_> = items(at(schema, "/required")).map(text).collect();
    let rows = members(at(schema, "/properties")).map(|(name, field)| {
        let required = if required.contains(&name) { "always" } else { "" };
        [code(name), kind(field), required.to_owned(), meaning(field)]
    });
    table(["field", "type", "there", "meaning"], rows.collect())
}

/// The fields that one part of an object brings.
fn part(schema: &Value) -> String {
    match at(schema, "/$ref").is_null() {
        true => object(schema),
        false => format!("All fields of {}, and those below.", kind(schema)),
    }
}

/// What a field means, and its default and limits.
fn meaning(field: &Value) -> String {
    let limits = [
        ("/default", "Default"),
        ("/minimum", "At least"),
        ("/maximum", "At most"),
        ("/maxLength", "Characters at most"),
    ];
    let limits = limits.iter().map(|(key, word)| (at(field, key), word));
    let limits = limits.filter(|(limit, _)| !limit.is_null() && **limit != 0);
    let limits = limits.map(|(limit, word)| format!("{word}: {limit}."));
    [description(field)]
        .into_iter()
        .chain(limits)
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The type of a value, with a link if it is an object of its own.
fn kind(schema: &Value) -> String {
    if let Some((_, name)) = text(at(schema, "/$ref")).rsplit_once('/') {
        return format!("[{name}](#{})", name.to_lowercase());
    }
    match (text(at(schema, "/type")), text(at(schema, "/format"))) {
        ("array", _) => format!("list of {}", kind(at(schema, "/items"))),
        ("object", _) => "object of texts".to_owned(),
        ("string", "date-time") => "time".to_owned(),
        ("string", "uri") => "URL".to_owned(),
        ("string", _) => "text".to_owned(),
        (other, _) => other.to_owned(),
    }
}

/// What it says of itself.
fn description(of: &Value) -> String {
    sentence(text(at(of, "/description")))
}

/// What a JSON pointer (RFC 6901) leads to.
fn at<'a>(value: &'a Value, pointer: &str) -> &'a Value {
    value.pointer(pointer).unwrap_or(&Value::Null)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Value {
        serde_json::from_str(&sagebell_http_api::openapi_json()).unwrap()
    }

    #[test]
    fn every_call_parameter_object_and_field_is_on_the_page() {
        let (document, page) = (document(), page(&document()));
        let calls = calls(&document);
        assert!(calls.len() > 10, "{}", calls.len());
        for call in &calls {
            assert!(page.contains(&format!("\n```text\n{}\n```\n", call.line())));
            for parameter in items(at(call.operation, "/parameters")) {
                assert!(page.contains(&format!("\n| `{}` | ", text(at(parameter, "/name")))));
            }
        }
        for (name, schema) in members(at(&document, "/components/schemas")) {
            let (_, part) = page.split_once(&format!("\n### {name}\n")).unwrap();
            let part = part.split("\n### ").next().unwrap();
            let parts = items(at(schema, "/allOf")).chain([schema]);
            for (field, _) in parts.flat_map(|part| members(at(part, "/properties"))) {
                assert!(part.contains(&format!("\n| `{field}` | ")), "{name}: {field}");
            }
        }
    }

    #[test]
    fn an_error_code_leads_to_its_explanation() {
        assert_eq!(
            linked("`a_b`: No. `c`: Nor this"),
            "[`a_b`](errors.md#a_b): No. [`c`](errors.md#c): Nor this"
        );
        assert_eq!(linked("The jobs"), "The jobs");
    }
}
