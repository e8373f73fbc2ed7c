//! What an AWS account says of a deployment, as far as its caller may ask.
//!
//! Promise: it only reads; every call is bounded in time and tries; and what goes
//! wrong is told apart: nobody to ask as, not allowed, not there, not reached.
//!
//! No SDK crate: of seven services one or two reads each are needed, and the crates of
//! CloudFormation and IAM alone would add minutes to the build. The calls are AWS's
//! query and JSON protocols, signed. The credentials that any caller of AWS needs are
//! kept here too ([`KeptCredentials`]), and the time by its clock ([`AwsClock`]).
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod answer;
mod aws_clock;
mod call;
mod endpoint;
mod error;
mod identity;
mod kept;
mod logs;
mod parameters;
mod resources;
mod roles;
mod sign;
mod stack;

pub use aws_clock::AwsClock;
pub use call::Account;
pub use error::AskError;
pub use identity::Caller;
pub use kept::KeptCredentials;
pub use logs::{From as LogsFrom, LogPage};
pub use resources::{Queue, Rule, Table};
pub use roles::Passing;
pub use sign::{SigningError, sign};
pub use stack::Stack;
