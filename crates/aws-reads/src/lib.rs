//! Reads facts about a deployment from an AWS account, as far as the caller has permission.
//!
//! Promise: it only reads. Every call has a limit on its time and its attempts. Errors are
//! distinguished: no credentials, no permission, not found, not reachable.
//!
//! It uses no SDK crates. Sagebell needs one or two reads of each of seven services, and the
//! crates of CloudFormation and IAM alone would add minutes to the build. Instead it signs calls
//! of AWS's query and JSON protocols itself. This crate also has two things that every caller of
//! AWS needs: cached credentials ([`KeptCredentials`]) and the time by AWS's clock
//! ([`AwsClock`]).
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
mod job_logs;
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
pub use job_logs::{JobLogs, LogLine, LogsRead, WhichLines};
pub use kept::KeptCredentials;
pub use resources::{Queue, Rule, Table};
pub use roles::Passing;
pub use sign::{SigningError, sign};
pub use stack::Stack;
