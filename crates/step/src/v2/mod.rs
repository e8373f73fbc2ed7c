//! The components of version 2. Their inputs have the form of ACK's resources.
//!
//! ACK's controller created the resource and kept it in line with its specification. These
//! components call SageMaker themselves. Outputs that only ACK had are as close as possible:
//! `ack_resource_metadata` contains the ARN, its account and region, and `conditions` contains the
//! one condition `ACK.ResourceSynced`.

mod kind;
mod outputs;
mod resource;

use crate::component::Component;
use crate::definition::{self, Family};
use resource::Resource;

/// The component with this word.
#[must_use]
pub fn find(name: &str) -> Option<Box<dyn Component>> {
    let kind = kind::find(name)?;
    let definition = definition::find(Family::V2, name)?;
    Some(Box::new(Resource { definition, kind }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model;

    #[test]
    fn every_definition_is_a_component_whose_inputs_are_fields_of_its_request() {
        for definition in definition::definitions(Family::V2) {
            let component = find(&definition.name).unwrap_or_else(|| panic!("{}", definition.name));
            assert_eq!(*component.definition(), definition);
            let kind = kind::find(&definition.name).unwrap();
            assert!(model::takes(kind.create, kind.key), "{}", definition.name);
            for input in kind::fields(&definition) {
                let given = serde_json::json!({&input.name: null});
                let named = model::normalize(kind.create, &given).unwrap();
                let member = named.as_object().unwrap().keys().next().unwrap();
                assert!(model::takes(kind.create, member), "{}: {member}", definition.name);
            }
        }
        assert!(find("train").is_none());
    }
}
