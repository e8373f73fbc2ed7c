//! The form of the id in the ARNs of a kind: the part after the resource type.

use serde::Serialize;

/// One part of an id. Slashes divide the parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IdPart {
    /// A name. Its case makes no difference.
    Name,
    /// A name whose case makes a difference.
    CasedName,
    /// An id that SageMaker generates, independent of the name. Its case makes no difference.
    Id,
    /// This word, in any case; the canonical form has it in lower case.
    Word(&'static str),
    /// One of these words, in any case; the canonical form spells it as here. SageMaker
    /// may have others by now: one that is not listed keeps its spelling.
    OneOf(&'static [&'static str]),
    /// The number of a version of what the parts before it name. An id may end without it.
    Version,
}

/// The form of a kind's ids.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct IdForm {
    /// The parts, in their order.
    pub parts: &'static [IdPart],
    /// The characters that its names may have besides letters, digits and hyphens.
    pub characters: &'static str,
}

impl IdForm {
    /// How many parts an id has: at least and at most.
    pub(crate) fn count(&self) -> (usize, usize) {
        let always = self.parts.iter().filter(|part| **part != IdPart::Version);
        (always.count(), self.parts.len())
    }

    /// How many fixed words the form has, if the id has each of them in its place.
    pub(crate) fn words_in(&self, id: &str) -> Option<usize> {
        let mut texts = id.split('/');
        let mut found = 0;
        for part in self.parts {
            let text = texts.next();
            if let IdPart::Word(word) = part {
                text.filter(|text| text.eq_ignore_ascii_case(word))?;
                found += 1;
            }
        }
        Some(found)
    }

    /// Whether an id may have this character; the slash divides its parts.
    pub(crate) fn allows(&self, byte: u8) -> bool {
        let also = self.characters.as_bytes();
        byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'/') || also.contains(&byte)
    }

    /// The id with the words in it that are no names in their canonical spelling.
    pub(crate) fn spelt(&self, id: &str) -> String {
        self.each(id, |part, text| match part {
            IdPart::Word(_) => text.to_ascii_lowercase(),
            IdPart::OneOf(words) => {
                let known = words.iter().find(|known| known.eq_ignore_ascii_case(text));
                known.map_or(text, |known| known).to_owned()
            }
            IdPart::Name | IdPart::CasedName | IdPart::Id | IdPart::Version => text.to_owned(),
        })
    }

    /// The same text for all spellings of an id: in lower case, except for a name whose case makes
    /// a difference.
    pub(crate) fn folded(&self, id: &str) -> String {
        self.each(id, |part, text| match part {
            IdPart::CasedName => text.to_owned(),
            _ => text.to_ascii_lowercase(),
        })
    }

    /// The name in an id: its last part, but for a version, which has no name of its own.
    pub(crate) fn name<'a>(&self, id: &'a str) -> &'a str {
        match self.parts.last() {
            Some(IdPart::Version) => id,
            _ => id.rsplit('/').next().unwrap_or_default(),
        }
    }

    fn each(&self, id: &str, change: impl Fn(IdPart, &str) -> String) -> String {
        let parts = self.parts.iter().zip(id.split('/'));
        parts.map(|(part, text)| change(*part, text)).collect::<Vec<_>>().join("/")
    }
}
