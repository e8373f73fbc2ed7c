//! The flags of a component, and which flag an argument means.

use std::fmt;

use crate::definition::{Definition, Input};

/// What follows an output's name in its flag.
const OUTPUT_SUFFIX: &str = "_output_path";

/// One flag.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Flag<'a> {
    Help,
    Input(&'a Input),
    /// Where the output of this name goes.
    Output(&'a str),
    /// An option of the step itself.
    Own(&'a str),
}

impl fmt::Display for Flag<'_> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Help => to.write_str("--help"),
            Self::Input(input) => write!(to, "--{}", input.name),
            Self::Output(output) => write!(to, "--{output}{OUTPUT_SUFFIX}"),
            Self::Own(name) => write!(to, "--{name}"),
        }
    }
}

/// All flags there are.
pub(super) struct Flags<'a> {
    own: &'a [&'a str],
    /// Written with their dashes.
    component: Vec<(String, Flag<'a>)>,
}

impl<'a> Flags<'a> {
    pub(super) fn of(definition: &'a Definition, own: &'a [&'a str]) -> Self {
        let inputs = definition.inputs.iter().map(Flag::Input);
        let outputs = definition.outputs.iter().map(|output| Flag::Output(&output.name));
        let written = |flag: Flag<'a>| (flag.to_string(), flag);
        let component = [Flag::Help].into_iter().chain(inputs).chain(outputs).map(written);
        Self { own, component: component.collect() }
    }

    /// The flag that is written so, in full.
    pub(super) fn exact(&self, text: &str) -> Option<Flag<'a>> {
        if text == "-h" {
            return Some(Flag::Help);
        }
        let own = self.own.iter().find(|own| text.strip_prefix("--") == Some(own));
        own.map(|own| Flag::Own(own)).or_else(|| {
            self.component.iter().find(|(written, _)| written == text).map(|(_, flag)| *flag)
        })
    }

    /// The component's flags that begin so.
    pub(super) fn beginning(&self, text: &str) -> Vec<Flag<'a>> {
        let all = self.component.iter();
        all.filter(|(written, _)| written.starts_with(text)).map(|(_, flag)| *flag).collect()
    }
}
