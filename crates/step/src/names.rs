//! Who this step is, and what it calls what it makes.
//!
//! Promise: the same task of the same run gets the same names, however often its
//! pod is started; another task or run gets others. A step outside a pipeline
//! gets names that nobody else has.

/// The tag that marks what a step made as its own.
pub const OWNER_TAG: &str = "sagebell:task";

/// Makes the names of what one step makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreshName {
    suffix: String,
}

impl FreshName {
    /// A name that begins with `prefix`, of at most 63 letters, digits and hyphens.
    /// The same prefix gives the same name.
    #[must_use]
    pub fn with(&self, prefix: &str) -> String {
        format!("{prefix}-{}", self.suffix)
    }
}
