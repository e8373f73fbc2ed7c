//! The errors that a request can have.

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}{kind}", self.place())]
pub struct Violation {
    /// Where: `InputDataConfig[0].ChannelName`; empty: the request itself.
    pub path: String,
    /// What.
    pub kind: ViolationKind,
}

impl Violation {
    fn place(&self) -> String {
        if self.path.is_empty() { String::new() } else { format!("{}: ", self.path) }
    }
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ViolationKind {
    /// Another type is wanted.
    #[error("expected {wanted}, found {found}")]
    Type {
        /// What is wanted.
        wanted: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// A required member is not there.
    #[error("`{name}` is missing")]
    Missing {
        /// Its name.
        name: String,
    },
    /// No such member is known. It may be newer than the service model in here.
    #[error("`{name}` is misspelled, or newer than this step")]
    Unknown {
        /// Its name.
        name: String,
    },
    /// One member is written in two ways.
    #[error("`{name}` is given twice")]
    Twice {
        /// Its name.
        name: String,
    },
    /// A text, list or number is less than the least.
    #[error("{}{found}, the minimum is {least}", if *.is_length { "its length is " } else { "it is " })]
    Least {
        /// What there is: a length, or the number.
        found: f64,
        /// The least that there may be.
        least: f64,
        /// Whether it is the length that counts.
        is_length: bool,
    },
    /// Exactly one of the members is wanted.
    #[error("expected exactly one of {known}, found {found}")]
    OneOf {
        /// How many there are.
        found: usize,
        /// The members that there are.
        known: String,
    },
    /// There is more that is wrong than is told.
    #[error("there are more errors")]
    More,
}
