//! Makes texts from others safe to print: names, statuses, reasons, tags, log lines.
//!
//! Promise: the result moves no cursor, sets no colour or title, hides nothing, changes no
//! writing direction, and starts no line of its own. Dangerous characters are shown as escapes,
//! for example `\u{1b}`, so that people can still find and search for them. All other text stays
//! unchanged, and so does text that is safe already.

use std::borrow::Cow;
use std::fmt::Write as _;

/// What tells a line that goes on from one that begins.
const MARGIN: &str = "  ";

/// Whether a character does something other than being seen: control characters,
/// line and paragraph separators, interlinear annotations, and what Unicode calls
/// default ignorable (marks of direction, zero-width and invisible characters).
///
/// The variation selectors U+FE00 to U+FE0F are left: they choose between two looks of
/// the character before them, and stand in most emoji.
///
/// Source: Unicode 16, `DerivedCoreProperties.txt` (`Default_Ignorable_Code_Point`).
#[must_use]
pub fn acts(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// `text` on one line: line breaks and tabs are escaped too.
#[must_use]
pub fn one_line(text: &str) -> Cow<'_, str> {
    escaped(text, acts)
}

/// `text` with its line breaks and tabs. Every line after the first begins with `indent`, so that
/// none looks like a line of Sagebell.
#[must_use]
pub fn indented(text: &str, indent: &str) -> String {
    lines(text).collect::<Vec<_>>().join(&format!("\n{indent}"))
}

/// `text` with its line breaks and tabs. Every line after the first begins with at least two
/// spaces. For text of Sagebell that contains text from others.
#[must_use]
pub fn hanging(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (number, line) in lines(text).enumerate() {
        let stands = number == 0 || line.is_empty() || line.starts_with(MARGIN);
        out.push_str(if number == 0 { "" } else { "\n" });
        out.push_str(if stands { "" } else { MARGIN });
        out.push_str(&line);
    }
    out
}

/// The lines of `text`, each inert; tabs stay. Those at its end that are empty are none.
pub fn lines(text: &str) -> impl Iterator<Item = String> {
    let broken = text.replace("\r\n", "\n").replace('\r', "\n");
    let lines: Vec<_> = broken
        .trim_end_matches('\n')
        .split('\n')
        .map(|line| escaped(line, |character| acts(character) && character != '\t').into_owned())
        .collect();
    lines.into_iter()
}

/// A JSON document whose texts hold nothing that acts, and still mean the same. JSON
/// itself asks for escapes of U+0000 to U+001F only.
#[must_use]
pub fn json(document: &str) -> Cow<'_, str> {
    // Outside of its texts JSON is ASCII, so what is found is part of a text.
    let is_left = |character: char| !character.is_ascii_whitespace() && acts(character);
    if !document.contains(is_left) {
        return Cow::Borrowed(document);
    }
    let mut out = String::with_capacity(document.len());
    for character in document.chars() {
        if is_left(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                push(&mut out, format_args!("\\u{unit:04x}"));
            }
        } else {
            out.push(character);
        }
    }
    Cow::Owned(out)
}

fn escaped(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            kept if !is_escaped(kept) => out.push(kept),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            other => push(&mut out, format_args!("{}", other.escape_unicode())),
        }
    }
    Cow::Owned(out)
}

fn push(out: &mut String, part: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = out.write_fmt(part);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Text of any kind, in which what acts is as frequent as what does not.
    fn hostile() -> impl Strategy<Value = String> {
        let acting = "\0\u{7}\n\r\t\u{1b}\u{7f}\u{85}\u{9b}\u{ad}\u{61c}\u{200b}\u{200d}\u{200f}\
                      \u{2028}\u{2029}\u{202e}\u{2066}\u{2069}\u{feff}\u{e0041}";
        let acting = prop::sample::select(acting.chars().collect::<Vec<_>>());
        let plain = prop_oneof![any::<char>(), prop::char::range(' ', '~')];
        prop::collection::vec(prop_oneof![acting, plain], 0..40)
            .prop_map(|characters| characters.into_iter().collect())
    }

    #[test]
    fn a_terminals_orders_are_shown_and_not_given() {
        let evil = "\u{1b}]0;title\u{7}\u{1b}[2J\r\nfake\u{9b}31m\u{202e}";
        assert_eq!(one_line(evil), "\\u{1b}]0;title\\u{7}\\u{1b}[2J\\r\\nfake\\u{9b}31m\\u{202e}");
    }

    #[test]
    fn lines_of_others_are_indented_and_end_where_their_text_ends() {
        assert_eq!(
            indented("one\r\ntwo\rthree\n\tfour\n\n", "  "),
            "one\n  two\n  three\n  \tfour"
        );
        assert_eq!(indented("a\u{2028}b\u{1b}", "  "), "a\\u{2028}b\\u{1b}");
        assert_eq!(hanging("ours:\n  x: theirs\nfake\n"), "ours:\n  x: theirs\n  fake");
    }

    #[test]
    fn what_people_write_stays_as_it_is() {
        for text in ["größe", "‘quoted’", "日本語", "C:\\temp\\x", "❤\u{fe0f}", "שלום"]
        {
            assert_eq!(one_line(text), text);
        }
    }

    proptest! {
        #[test]
        fn one_line_holds_nothing_that_acts_and_is_inert_already(text in hostile()) {
            let line = one_line(&text).into_owned();
            prop_assert!(!line.contains(acts), "{line:?}");
            prop_assert_eq!(one_line(&line), line.as_str());
            if !text.contains(acts) {
                prop_assert_eq!(line, text);
            }
        }

        #[test]
        fn no_line_but_the_first_begins_at_the_edge(text in hostile()) {
            let is_left = |c: char| acts(c) && !matches!(c, '\n' | '\t');
            let shown = indented(&text, "  | ");
            prop_assert!(shown.split('\n').skip(1).all(|line| line.starts_with("  | ")));
            prop_assert!(!shown.contains(is_left));
            let shown = hanging(&text);
            let is_off_the_edge = |line: &str| line.is_empty() || line.starts_with("  ");
            prop_assert!(shown.split('\n').skip(1).all(is_off_the_edge));
            prop_assert!(!shown.contains(is_left));
            prop_assert_eq!(hanging(&shown), shown);
        }

        #[test]
        fn json_means_the_same_and_holds_nothing_that_acts(
            name in hostile(), reason in hostile(), is_pretty: bool,
        ) {
            let value = serde_json::json!({ name: [reason] });
            let document =
                if is_pretty { format!("{value:#}") } else { value.to_string() };
            let shown = json(&document);
            prop_assert!(!shown.contains(|c: char| acts(c) && c != '\n'));
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
        }
    }
}
