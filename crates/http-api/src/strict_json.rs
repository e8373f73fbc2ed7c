//! JSON in which no object names a member twice.
//!
//! serde_json takes the last of two members of one name, others take the first: a
//! body that is read in two ways is refused, with the name (RFC 8259, section 4).

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::error_code::ErrorCode;
use crate::problem::Problem;

/// Reads a body's JSON.
pub(crate) fn parse(body: &[u8]) -> Result<Value, Problem> {
    let twice = RefCell::new(None);
    // serde_json gives up 128 levels down, long before the stack ends.
    let mut reader = serde_json::Deserializer::from_slice(body);
    let read = Strict(&twice).deserialize(&mut reader).and_then(|value| {
        reader.end()?;
        Ok(value)
    });
    read.map_err(|error| match twice.take() {
        Some(name) => Problem::invalid_field(name, "given twice"),
        None => Problem::new(ErrorCode::InvalidBody, error.to_string()),
    })
}

/// Reads one value; notes the name that an object has twice.
#[derive(Clone, Copy)]
struct Strict<'a>(&'a RefCell<Option<String>>);

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
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

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
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
                *self.0.borrow_mut() = Some(name);
                return Err(A::Error::custom("an object names a member twice"));
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

    #[test]
    fn what_names_no_member_twice_is_read_as_ever() {
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
            let whole: Value = serde_json::from_str(text).unwrap();
            assert_eq!(parse(text.as_bytes()).unwrap(), whole);
        }
    }

    #[test]
    fn a_member_that_is_there_twice_is_named_wherever_it_is() {
        for text in [
            "{\"x\": 1, \"x\": 1}",
            "{\"x\": 1, \"\\u0078\": 2}",
            "{\"labels\": {\"x\": \"1\", \"y\": \"2\", \"x\": \"3\"}}",
            "[[{\"x\": null, \"x\": null}]]",
            "{\"x\": {\"y\": 1}, \"x\": {",
        ] {
            let expected = Problem::invalid_field("x", "given twice");
            assert_eq!(parse(text.as_bytes()).unwrap_err(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_refused_as_such() {
        for text in ["", "{", "{} {}", "{\"a\": 1,}", "nul", "[1", "1e999", "\"\\ud800\""] {
            let refused = parse(text.as_bytes()).unwrap_err();
            let why = serde_json::from_str::<Value>(text).unwrap_err().to_string();
            assert_eq!(refused, Problem::new(ErrorCode::InvalidBody, why), "{text}");
        }
    }
}
