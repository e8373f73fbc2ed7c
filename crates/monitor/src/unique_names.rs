//! JSON in which no object has two members with the same name.
//!
//! serde_json uses the last of two, other parsers use the first (RFC 8259, section 4, allows
//! both). Input that can be read in two ways is refused. For example, one program could check the
//! first value and another could use the second. Another example is a text with quotes that was
//! pasted into JSON and ended the value that it was in.

use std::cell::RefCell;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Why a text is not JSON of this kind.
#[derive(Debug, thiserror::Error)]
pub enum Malformed {
    /// An object has two members of this name.
    #[error("the name `{0}` appears twice")]
    Twice(String),
    /// No JSON.
    #[error(transparent)]
    Json(serde_json::Error),
}

/// Reads a whole text.
///
/// # Errors
/// [`Malformed`].
pub fn parse(json: &[u8]) -> Result<Value, Malformed> {
    let twice = RefCell::new(None);
    // serde_json gives up 128 levels down, long before the stack ends.
    let mut reader = serde_json::Deserializer::from_slice(json);
    let read = Reader(&twice).deserialize(&mut reader).and_then(|value| {
        reader.end()?;
        Ok(value)
    });
    read.map_err(|error| twice.take().map_or(Malformed::Json(error), Malformed::Twice))
}

/// A value of this kind that is part of something larger.
#[derive(Debug, Clone, PartialEq)]
pub struct UniqueNames(pub Value);

impl<'de> Deserialize<'de> for UniqueNames {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Reader(&RefCell::new(None)).deserialize(deserializer).map(Self)
    }
}

/// Reads one value; notes the name that an object has twice.
#[derive(Clone, Copy)]
struct Reader<'a>(&'a RefCell<Option<String>>);

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            array.push(item);
        }
        Ok(array.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                let error = A::Error::custom(format!("the name `{name}` appears twice"));
                *self.0.borrow_mut() = Some(name);
                return Err(error);
            }
            let value = members.next_value_seed(self)?;
            object.insert(name, value);
        }
        Ok(object.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> serde_json::Result<Value> {
        serde_json::from_str(text)
    }

    #[test]
    fn what_has_no_name_twice_is_read_as_ever() {
        for text in [
            "null",
            "true",
            "-1",
            "18446744073709551615",
            "1.5e3",
            "\"a\\u0000b\"",
            "[]",
            "{}",
            "[{\"a\": 1}, {\"a\": 2}]",
            "{\"a\": {\"a\": {\"a\": [null, {\"a\": 1}]}}, \"A\": 1, \"\": 0}",
        ] {
            assert_eq!(parse(text.as_bytes()).unwrap(), whole(text).unwrap());
            let UniqueNames(part) = serde_json::from_str(text).unwrap();
            assert_eq!(part, whole(text).unwrap());
        }
    }

    #[test]
    fn a_name_that_is_there_twice_is_told_wherever_it_is() {
        for text in [
            "{\"x\": 1, \"x\": 1}",
            "{\"x\": 1, \"\\u0078\": 2}",
            "{\"labels\": {\"x\": \"1\", \"y\": \"2\", \"x\": \"3\"}}",
            "[[{\"x\": null, \"x\": null}]]",
            "{\"x\": {\"y\": 1}, \"x\": {",
        ] {
            let refused = parse(text.as_bytes()).unwrap_err();
            assert!(matches!(&refused, Malformed::Twice(name) if name == "x"), "{text}: {refused}");
            let part = serde_json::from_str::<UniqueNames>(text).unwrap_err().to_string();
            assert!(part.starts_with(&refused.to_string()), "{text}: {part}");
        }
    }

    #[test]
    fn what_is_no_json_is_refused_as_such() {
        for text in ["", "{", "{} {}", "{\"a\": 1,}", "nul", "[1", "1e999", "\"\\ud800\""] {
            let refused = parse(text.as_bytes()).unwrap_err();
            assert!(matches!(refused, Malformed::Json(_)), "{text}: {refused}");
            assert_eq!(refused.to_string(), whole(text).unwrap_err().to_string());
        }
    }
}
