//! The generated files of the Python package: one function for each component, the components
//! themselves, and what both repeat of the code.
//!
//! The text is as `ruff format` would leave it. A test in `tests/python` holds that.

mod about;
mod docstring;
mod function;
pub(crate) mod names;

use std::path::Path;

use sagebell_step::component_yaml;
use sagebell_step::definition::{Definition, Family, definitions};

use crate::blocks::{self, Block};
use crate::generate::File;

const PACKAGE: &str = "python/src/sagebell";
const INIT: &str = "python/src/sagebell/__init__.py";
const HEADER: &str = "# Generated from crates/step/table: `cargo xtask generate`.\n";

/// The longest line of the package's Python files, as `python/ruff.toml` says.
const LINE_LENGTH: usize = 100;

/// Every generated file of the package.
///
/// # Errors
/// `__init__.py` cannot be read, or lacks a marker.
pub(crate) fn files(root: &Path) -> Result<Vec<File>, String> {
    let mut all = Family::ALL.map(definitions).concat();
    all.sort_by_key(names::function);
    let mut files = vec![(format!("{PACKAGE}/_about.py"), about::text(&all))];
    files.extend(Family::ALL.map(|family| {
        let text = format!("{HEADER}\"\"\"{}\"\"\"\n", about_family(family));
        (format!("{PACKAGE}/_{}/__init__.py", family.as_str()), text)
    }));
    files.extend(all.iter().map(|row| (module_path(row), function::text(row))));
    files.extend(component_yaml::files().into_iter().map(|(path, text)| {
        let path = path.replace("/component.yaml", ".yaml");
        (format!("{PACKAGE}/_components/{path}"), text)
    }));
    files.push(init(root, &all)?);
    Ok(files)
}

fn module_path(row: &Definition) -> String {
    format!("{PACKAGE}/_{}/{}.py", row.family.as_str(), names::function(row))
}

fn about_family(family: Family) -> &'static str {
    match family {
        Family::V1 => "The functions of the components in `components/v1`.",
        Family::V2 => "The functions of the components in `components/v2`.",
        Family::SageMaker => "The functions of the components in `components/sagemaker`.",
    }
}

fn init(root: &Path, all: &[Definition]) -> Result<File, String> {
    let mut modules: Vec<_> = all.iter().map(|row| (row.family, names::function(row))).collect();
    modules.sort_by_key(|(family, name)| (family.as_str(), name.clone()));
    let lines = modules.iter().flat_map(|(family, name)| imported(*family, name)).collect();
    let block = Block { path: INIT, name: "functions".to_owned(), lines };
    let there = std::fs::read_to_string(root.join(INIT));
    let there = there.map_err(|error| format!("cannot read {INIT}: {error}"))?;
    Ok((INIT.to_owned(), blocks::filled(INIT, &there, &[&block])?))
}

/// The import of a function that users of the package may name.
fn imported(family: Family, name: &str) -> Vec<String> {
    let from = format!("from ._{}.{name} import", family.as_str());
    let line = format!("{from} {name} as {name}");
    if line.len() <= LINE_LENGTH {
        return vec![line];
    }
    vec![format!("{from} ("), format!("    {name} as {name},"), ")".to_owned()]
}
