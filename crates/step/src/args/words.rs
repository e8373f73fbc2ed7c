//! Splits the command line into flags and values, as argparse does.

use super::flags::{Flag, Flags};

/// What a word is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Word<'a> {
    /// A flag; with its value, if that was written with `=`.
    Flag {
        flag: Flag<'a>,
        value: Option<&'a str>,
    },
    /// A flag that there isn't.
    Unknown,
    Value,
}

/// The words that are left.
pub(super) struct Words<'a> {
    left: std::iter::Peekable<std::vec::IntoIter<(&'a str, Word<'a>)>>,
}

impl<'a> Words<'a> {
    /// Tells every word apart; what follows `--` is values only.
    pub(super) fn read(words: &'a [String], flags: &Flags<'a>) -> Result<Self, String> {
        let mut read = Vec::with_capacity(words.len());
        let mut values_only = false;
        for text in words {
            let word = if values_only {
                Word::Value
            } else if text == "--" {
                values_only = true;
                Word::Unknown
            } else {
                word(text, flags)?
            };
            read.push((text.as_str(), word));
        }
        Ok(Self { left: read.into_iter().peekable() })
    }

    pub(super) fn next(&mut self) -> Option<(&'a str, Word<'a>)> {
        self.left.next()
    }

    /// The next word, if it is a value.
    pub(super) fn value(&mut self) -> Option<&'a str> {
        self.left.next_if(|(_, word)| *word == Word::Value).map(|(text, _)| text)
    }
}

fn word<'a>(text: &'a str, flags: &Flags<'a>) -> Result<Word<'a>, String> {
    if !text.starts_with('-') || text == "-" {
        return Ok(Word::Value);
    }
    if let Some(flag) = flags.exact(text) {
        return Ok(Word::Flag { flag, value: None });
    }
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (text, None),
    };
    if let Some(flag) = flags.exact(name) {
        return Ok(Word::Flag { flag, value });
    }
    if let Some(word) = shortened(text, name, value, flags)? {
        return Ok(word);
    }
    Ok(if is_negative_number(text) || text.contains(' ') { Word::Value } else { Word::Unknown })
}

fn shortened<'a>(
    text: &'a str,
    name: &str,
    value: Option<&'a str>,
    flags: &Flags<'a>,
) -> Result<Option<Word<'a>>, String> {
    if !text.starts_with("--") {
        let joined = text.strip_prefix("-h");
        return Ok(joined.map(|value| Word::Flag { flag: Flag::Help, value: Some(value) }));
    }
    match flags.beginning(name).as_slice() {
        [] => Ok(None),
        [flag] => Ok(Some(Word::Flag { flag: *flag, value })),
        several => {
            let several: Vec<String> = several.iter().map(ToString::to_string).collect();
            Err(format!("ambiguous option: {text} could match {}", several.join(", ")))
        }
    }
}

/// Whether it is `-1`, `-.5` or `-1.5`.
fn is_negative_number(text: &str) -> bool {
    let digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    let Some(number) = text.strip_prefix('-') else { return false };
    match number.split_once('.') {
        Some((whole, fraction)) => digits(whole) && !fraction.is_empty() && digits(fraction),
        None => !number.is_empty() && digits(number),
    }
}
