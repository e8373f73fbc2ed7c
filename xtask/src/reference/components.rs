//! `docs/components.md`: every component, what it creates, and what it gives.

use sagebell_step::definition::{Definition, Family, common};

use super::markdown::{self, GENERATED, code, table};
use crate::python::names::{function, operation, reference};

const INTRODUCTION: &str = "\
# Components

Every component, by the name of its function in the Python package, with the request that it sends and its own outputs. The
name leads to the file of the component. The file has all inputs with their defaults, and `help(sagebell.train)` shows
them too. Each component also has the [options of a step](step.md#options-of-a-step) as inputs, and the outputs `job_arn`,
`status` and `failure_reason`. More about all of them: [components/](../components/README.md).";

/// The page of these families.
pub(crate) fn page(families: &[(Family, Vec<Definition>)]) -> String {
    let mut blocks = vec![GENERATED.to_owned(), INTRODUCTION.to_owned()];
    for (family, definitions) in families {
        let rows = definitions.iter().map(row).collect();
        let head = ["function", "sends", "inputs that must be given", "outputs"];
        blocks.extend([about(*family).to_owned(), table(head, rows)]);
    }
    markdown::page(&blocks)
}

fn about(family: Family) -> &'static str {
    match family {
        Family::V1 => {
            "## Version 1\n\nThe inputs and outputs of version 1 of the old SageMaker components \
             ([move](move.md), [differences](differences.md))."
        }
        Family::V2 => {
            "## Version 2\n\nThe inputs and outputs of version 2 of the old SageMaker components, \
             which used ACK."
        }
        Family::SageMaker => {
            "## Every kind of job\n\nOne component for each request of SageMaker that creates a \
             job or a resource. The input `request` takes a whole request. `wait_for` creates \
             nothing: it waits for an ARN."
        }
    }
}

fn row(row: &Definition) -> [String; 4] {
    let file = format!("{}/{}", row.family.as_str(), row.name);
    let needed = row.offered().filter(|offered| offered.is_required());
    let needed = needed.map(|offered| code(&offered.input.name));
    let outputs = own_outputs(row).map(code);
    let sends = operation(row).zip(reference(row));
    [
        format!("[`{}`](../components/{file}/component.yaml)", function(row)),
        sends.map(|(name, page)| format!("[{name}]({page})")).unwrap_or_default(),
        needed.collect::<Vec<_>>().join(", "),
        outputs.collect::<Vec<_>>().join(", "),
    ]
}

/// The names of its outputs, without those that every component has.
fn own_outputs(row: &Definition) -> impl Iterator<Item = &str> {
    let shared = |name: &str| common().outputs.iter().any(|output| output.name == name);
    let names = row.outputs.iter().map(|output| output.name.as_str());
    names.filter(move |name| !shared(name))
}

#[cfg(test)]
mod tests {
    use sagebell_step::definition::definitions;

    use super::*;

    #[test]
    fn every_component_and_each_of_its_outputs_has_its_row() {
        let families = Family::ALL.map(|family| (family, definitions(family)));
        let page = page(&families);
        for definition in families.iter().flat_map(|(_, definitions)| definitions) {
            let file =
                format!("{}/{}/component.yaml)", definition.family.as_str(), definition.name);
            let line = page.lines().find(|line| line.contains(&file)).unwrap();
            for output in own_outputs(definition) {
                assert!(line.contains(&code(output)), "{line}");
            }
        }
    }
}
