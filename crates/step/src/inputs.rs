//! The inputs of a step, checked and typed by the definition of its component.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// The inputs of one run. Each has the type of its definition, or is null.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Inputs(BTreeMap<String, Value>);

impl Inputs {
    /// The value. Null if there is no such input.
    #[must_use]
    pub fn value(&self, name: &str) -> &Value {
        self.0.get(name).unwrap_or(&Value::Null)
    }

    /// The string. Empty if it is null.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.value(name).as_str().unwrap_or_default()
    }

    /// The string, unless it is null or empty.
    #[must_use]
    pub fn given(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// The number. 0 if it is null.
    #[must_use]
    pub fn integer(&self, name: &str) -> i64 {
        self.value(name).as_i64().unwrap_or_default()
    }

    /// The number. 0 if it is null.
    #[must_use]
    pub fn float(&self, name: &str) -> f64 {
        self.value(name).as_f64().unwrap_or_default()
    }

    /// The boolean. False if it is null.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.value(name).as_bool().unwrap_or_default()
    }

    /// The object, unless it is null or empty.
    #[must_use]
    pub fn object(&self, name: &str) -> Option<&Map<String, Value>> {
        self.value(name).as_object().filter(|members| !members.is_empty())
    }

    /// The items. None if it is null.
    #[must_use]
    pub fn items(&self, name: &str) -> &[Value] {
        self.value(name).as_array().map_or(&[], Vec::as_slice)
    }

    /// Sets a value.
    pub fn set(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }
}

impl FromIterator<(String, Value)> for Inputs {
    fn from_iter<T: IntoIterator<Item = (String, Value)>>(values: T) -> Self {
        Self(values.into_iter().collect())
    }
}
