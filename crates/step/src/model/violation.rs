//! The errors that a request can have.

/// One error in a request.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}{kind}", self.place())]
pub struct Violation {
    /// The position, for example `InputDataConfig[0].ChannelName`. Empty: the request itself.
    pub path: String,
    /// The error.
    pub kind: ViolationKind,
}

impl Violation {
    fn place(&self) -> String {
        if self.path.is_empty() { String::new() } else { format!("{}: ", self.path) }
    }
}

/// The kinds of error.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ViolationKind {
    /// Wrong type.
    #[error("expected {wanted}, found {found}")]
    Type {
        /// The expected type.
        wanted: &'static str,
        /// The actual type.
        found: &'static str,
    },
    /// A required member is missing.
    #[error("`{name}` is missing")]
    Missing {
        /// Its name.
        name: String,
    },
    /// An unknown member. It may be newer than the service model of this step.
    #[error("`{name}` is misspelled, or newer than this step")]
    Unknown {
        /// Its name.
        name: String,
    },
    /// One member is given twice, in two spellings.
    #[error("`{name}` is given twice")]
    Twice {
        /// Its name.
        name: String,
    },
    /// A string, list or number is below its minimum.
    #[error("{}{found}, the minimum is {least}", if *.is_length { "its length is " } else { "it is " })]
    Least {
        /// The actual length or number.
        found: f64,
        /// The minimum.
        least: f64,
        /// Whether it is about the length.
        is_length: bool,
    },
    /// Exactly one of the members is allowed.
    #[error("expected exactly one of {known}, found {found}")]
    OneOf {
        /// How many are given.
        found: usize,
        /// The known members.
        known: String,
    },
    /// There are more errors than the list shows.
    #[error("there are more errors")]
    More,
}
