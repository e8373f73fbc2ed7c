//! Every component, by its name on the command line.

use crate::component::Component;
use crate::definition::{Family, definitions};
use crate::{sagemaker, v1, v2};

/// The component with this name.
#[must_use]
pub fn find(name: &str) -> Option<Box<dyn Component>> {
    v1::find(name).or_else(|| v2::find(name)).or_else(|| sagemaker::find(name))
}

/// The name and description of every component, one per line, for people.
#[must_use]
pub fn list() -> String {
    let families = Family::ALL.map(definitions);
    let all = families.iter().flatten();
    let lines = all.map(|component| format!("  {}: {}\n", component.name, component.description));
    format!(
        "The components; `sagebell-step COMPONENT --help` describes each:\n{}",
        lines.collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_component_of_the_table_is_found() {
        for family in Family::ALL {
            for definition in definitions(family) {
                let found = find(&definition.name).unwrap_or_else(|| panic!("{}", definition.name));
                assert_eq!(*found.definition(), definition);
            }
        }
    }
}
