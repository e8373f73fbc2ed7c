//! SageMaker's service model: the members of a request, checked before it is sent.
//!
//! - [`check`] refuses what botocore would refuse, and names the field.
//! - [`normalize`] converts keys in any casing (`trainingImage`, `roleARN`, `training_job_name`)
//!   to the names of the API.
//! - [`about`] says what a member contains.
//! - [`to_ack`] converts names back, for outputs that had ACK's names.

mod about;
mod ack_names;
mod check;
mod normalize;
mod shapes;
mod violation;

pub use about::{about, requires};
pub use ack_names::to_ack;
pub use check::check;
pub use normalize::{normalize, plain};
pub use violation::{Violation, ViolationKind};

use shapes::Shapes;

/// The members of an operation's input by which SageMaker knows a request that
/// is sent again (`ClientRequestToken`).
#[must_use]
pub fn tokens(operation: &str) -> Vec<String> {
    Shapes::new().structure(operation).map(|input| input.tokens).unwrap_or_default()
}

/// Whether an operation's input has a member of this name.
#[must_use]
pub fn takes(operation: &str, member: &str) -> bool {
    Shapes::new().structure(operation).is_some_and(|input| input.members.contains_key(member))
}
