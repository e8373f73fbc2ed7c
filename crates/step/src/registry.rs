//! Every component, by its word on the command line.

use crate::component::Component;
use crate::definition::{Generation, family};
use crate::{ack, generic, v1};

/// The component of this name.
#[must_use]
pub fn find(name: &str) -> Option<Box<dyn Component>> {
    v1::find(name).or_else(|| ack::find(name)).or_else(|| generic::find(name))
}

/// Every component's name and what it does, a line each, for people.
#[must_use]
pub fn list() -> String {
    let families = [Generation::V1, Generation::V2, Generation::Generic].map(family);
    let all = families.iter().flatten();
    let lines = all.map(|component| format!("  {}: {}\n", component.name, component.description));
    format!(
        "The components; `sagebell-step COMPONENT --help` tells of each:\n{}",
        lines.collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_component_of_the_table_is_found() {
        for generation in [Generation::V1, Generation::V2, Generation::Generic] {
            for definition in family(generation) {
                let found = find(&definition.name).unwrap_or_else(|| panic!("{}", definition.name));
                assert_eq!(*found.definition(), definition);
            }
        }
    }
}
