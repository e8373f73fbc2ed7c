//! What the tests of this folder share.

use std::collections::BTreeMap;

use sagebell_system::Env;

/// An environment with these variables alone.
#[derive(Debug)]
pub(super) struct Set(BTreeMap<&'static str, &'static str>);

impl From<&[(&'static str, &'static str)]> for Set {
    fn from(variables: &[(&'static str, &'static str)]) -> Self {
        Self(variables.iter().copied().collect())
    }
}

impl Env for Set {
    fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).map(|value| (*value).to_owned())
    }
}
