//! The shapes of SageMaker's requests, as `table/extract.py` extracted them from the service
//! model. Promise: only the shapes that are used are parsed.

use std::collections::BTreeMap;

use serde::Deserialize;

static TEXT: &str = include_str!("../../table/shapes.txt");

/// What a value may be.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Shape {
    Structure(Structure),
    List {
        item: String,
        min: Option<u64>,
    },
    Map {
        key: String,
        value: String,
    },
    String {
        min: Option<u64>,
    },
    #[serde(alias = "long")]
    Integer {
        min: Option<i64>,
    },
    #[serde(alias = "double")]
    Float {
        min: Option<f64>,
    },
    Boolean,
    Timestamp,
    Blob,
}

/// An object with members of its own.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Structure {
    /// Their names and the names of their shapes.
    #[serde(default)]
    pub(super) members: BTreeMap<String, String>,
    /// Those that must be there.
    #[serde(default)]
    pub(super) required: Vec<String>,
    /// Those by which SageMaker knows a repeated request.
    #[serde(default)]
    pub(super) tokens: Vec<String>,
    /// Whether exactly one member must be there.
    #[serde(default)]
    pub(super) union: bool,
}

/// Where the shapes are.
#[derive(Debug)]
pub(super) struct Shapes(Vec<(&'static str, &'static str)>);

impl Shapes {
    /// Finds the lines, parses none.
    pub(super) fn new() -> Self {
        Self(TEXT.lines().filter_map(|line| line.split_once(' ')).collect())
    }

    /// The shape with this name. The input of an operation has the name of the operation.
    pub(super) fn find(&self, name: &str) -> Option<Shape> {
        let place = self.0.binary_search_by(|(known, _)| known.cmp(&name)).ok()?;
        serde_json::from_str(self.0.get(place)?.1).ok()
    }

    /// The structure of this name.
    pub(super) fn structure(&self, name: &str) -> Option<Structure> {
        match self.find(name)? {
            Shape::Structure(structure) => Some(structure),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_can_be_found_and_read_and_names_only_shapes_that_are_there() {
        let shapes = Shapes::new();
        assert_eq!(shapes.0.len(), TEXT.lines().count());
        for (name, _) in &shapes.0 {
            let below = match shapes.find(name).unwrap_or_else(|| panic!("{name} can't be read")) {
                Shape::Structure(of) => {
                    assert!(of.required.iter().all(|key| of.members.contains_key(key)), "{name}");
                    of.members.into_values().collect()
                }
                Shape::List { item, .. } => vec![item],
                Shape::Map { key, value } => vec![key, value],
                _ => vec![],
            };
            assert!(below.iter().all(|name| shapes.find(name).is_some()), "{name}: {below:?}");
        }
    }
}
