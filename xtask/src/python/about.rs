//! What the package repeats of the code: its version, its image, what a step asks for.

use std::fmt::Write as _;

use sagebell_step::component_yaml::{CPU_REQUEST, IMAGE, MEMORY_REQUEST};
use sagebell_step::definition::Definition;

use super::HEADER;

/// The text of `_about.py`.
pub(crate) fn text(all: &[Definition]) -> String {
    let mut text = format!("{HEADER}\"\"\"What the package repeats of Sagebell's code.\"\"\"\n\n");
    let strings = [
        ("__version__", env!("CARGO_PKG_VERSION"), "The version of the package, and of its image."),
        ("IMAGE", IMAGE, "The image of every step."),
        ("CPU_REQUEST", CPU_REQUEST, "The CPU that a waiting step asks for."),
        ("MEMORY_REQUEST", MEMORY_REQUEST, "The memory that KFP's launcher needs in its pod."),
    ];
    for (name, value, what) in strings {
        // Writing to a text never fails.
        let _ = writeln!(text, "# {what}\n{name} = \"{value}\"");
    }
    text.push_str("# Components that act in every run: KFP must not skip them.\n");
    text.push_str("ACT_EACH_TIME = frozenset(\n    {\n");
    for row in all.iter().filter(|row| row.acts_each_time()) {
        let _ = writeln!(text, "        \"{}/{}\",", row.family.as_str(), row.name);
    }
    text.push_str("    }\n)\n");
    text
}
