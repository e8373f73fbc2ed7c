//! The output formats of commands: tables and lines for people, JSON and YAML for scripts.

use sagebell_monitor::inert;
use sagebell_system::say;
use serde::Serialize;

/// How to print.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Output {
    /// For people.
    #[default]
    Table,
    /// One JSON document a line, for scripts.
    Json,
    /// YAML documents, for scripts.
    Yaml,
}

/// A document could not be written.
#[derive(Debug, thiserror::Error)]
pub enum PrintError {
    /// As JSON.
    #[error("the answer cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// As YAML.
    #[error("the answer cannot be written as YAML: {0}; try --output json")]
    Yaml(#[from] serde_saphyr::ser::Error),
}

impl Output {
    /// Whether people read it.
    #[must_use]
    pub fn is_for_people(self) -> bool {
        self == Self::Table
    }

    /// Prints `value` as one document on standard output, or lets `people` print it. What would
    /// act on a terminal is escaped in the texts of documents.
    ///
    /// # Errors
    /// [`PrintError`].
    pub fn print(self, value: &impl Serialize, people: impl FnOnce()) -> Result<(), PrintError> {
        match self.document(value)? {
            None => people(),
            Some(document) => say::show(document),
        }
        Ok(())
    }

    /// `value` as one document. `None`: people read it.
    ///
    /// # Errors
    /// [`PrintError`].
    pub fn document(self, value: &impl Serialize) -> Result<Option<String>, PrintError> {
        Ok(match self {
            Self::Table => None,
            Self::Json => Some(inert::json(&serde_json::to_string(value)?).into_owned()),
            Self::Yaml => Some(format!("---\n{}", yaml(value)?.trim_end())),
        })
    }
}

/// A YAML document whose texts hold nothing that acts on a terminal. Such a text makes it a
/// document in JSON's form, which is YAML too (YAML 1.2.2, section 1.2), since the plain form of a
/// text has no escapes.
fn yaml(value: &impl Serialize) -> Result<String, PrintError> {
    let acts = |character: char| character != '\n' && inert::acts(character);
    let document = serde_saphyr::to_string(value)?;
    if !document.contains(acts) {
        return Ok(document);
    }
    let document = serde_json::to_string_pretty(value)?;
    let escape = |character: char| match u32::from(character) {
        _ if !acts(character) => character.to_string(),
        point @ ..=0xffff => format!("\\u{point:04x}"),
        // JSON has a pair of surrogates here, YAML one escape (YAML 1.2.2, section 5.7).
        point => format!("\\U{point:08x}"),
    };
    Ok(document.chars().map(escape).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Serialize)]
    struct Told {
        name: &'static str,
        status: Option<u8>,
        no: &'static str,
        lines: [&'static str; 2],
    }

    #[test]
    fn yaml_reads_like_yaml() {
        let told = Told { name: "mnist", status: None, no: "no", lines: ["a: b", "1"] };
        let said = "name: mnist\nstatus: null\n\"no\": \"no\"\nlines:\n- \"a: b\"\n- \"1\"\n";
        assert_eq!(yaml(&told).unwrap(), said);
    }

    #[test]
    fn what_acts_on_a_terminal_is_escaped_in_yaml() {
        let said = yaml(&json!({"why": "\u{1b}[31m\u{202e}\u{e0041}\n"})).unwrap();
        assert_eq!(said, "{\n  \"why\": \"\\u001b[31m\\u202e\\U000e0041\\n\"\n}");
    }
}
