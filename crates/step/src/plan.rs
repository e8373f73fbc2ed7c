//! What a component asks of SageMaker, before anything is asked.

use std::borrow::Cow;

use jiff::Timestamp;
use monitor::kind::Kind;
use serde_json::Value;

/// One call of SageMaker's API.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The operation, as in `CreateTrainingJob`.
    pub operation: Cow<'static, str>,
    /// Its input.
    pub input: Value,
}

impl Call {
    /// A call.
    pub fn new(operation: impl Into<Cow<'static, str>>, input: Value) -> Self {
        Self { operation: operation.into(), input }
    }
}

/// A call that makes something, and how to read what it made.
#[derive(Debug, Clone, PartialEq)]
pub struct Make {
    /// The call. Tags that mark the owner are added by the run, not here.
    pub call: Call,
    /// Reads what it makes: for a step that finds it made already, and for the
    /// outputs. `None`: the answer to the call is all there is.
    pub describe: Option<Call>,
    /// Its name.
    pub name: String,
    /// Whether the call takes tags (a list of `Key` and `Value` in `Tags`).
    pub taggable: bool,
}

/// How it is known that the work is done.
#[derive(Debug, Clone, PartialEq)]
pub enum Watch {
    /// A job: its status settles.
    Job(Kind),
    /// Nothing to wait for: it is there when SageMaker has answered.
    Made,
    /// A resource that no event tells of, so that its Describe must be asked.
    Polled(Statuses),
}

/// Where the status of a polled resource stands, and which are its last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statuses {
    /// A JSON pointer into the Describe's answer.
    pub pointer: &'static str,
    /// Statuses that mean that all is well.
    pub succeeded: &'static [&'static str],
    /// Statuses that mean that it went wrong.
    pub failed: &'static [&'static str],
}

/// What the Describe's answer must say of a job that succeeded: else what was
/// asked for is not what there is (an update that was rolled back).
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    /// A JSON pointer into the answer.
    pub pointer: &'static str,
    /// What it must be.
    pub value: Value,
    /// What it means if it is not, for people.
    pub otherwise: &'static str,
}

/// Everything one step does to SageMaker.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Made first, in this order: an endpoint's configuration.
    pub first: Vec<Make>,
    /// What is waited for.
    pub main: Make,
    /// Whether `main` was found to have been asked for already, by an earlier
    /// attempt of this very step: then its call is left out.
    pub already_asked: bool,
    /// How it is known to be done.
    pub watch: Watch,
    /// Older states of the resource are not heard of. `None`: the time of the call.
    pub not_before: Option<Timestamp>,
    /// What must hold of a job that succeeded.
    pub expected: Option<Expected>,
    /// Asked after the job succeeded: the removal of what it replaced.
    pub after: Vec<Call>,
}

impl Plan {
    /// The plan that only makes `main`.
    #[must_use]
    pub fn of(main: Make, watch: Watch) -> Self {
        Self {
            first: Vec::new(),
            main,
            already_asked: false,
            watch,
            not_before: None,
            expected: None,
            after: Vec::new(),
        }
    }
}
