//! The command line of Sagebell: the local stack, the demo, and the commands for a running
//! monitor. It is a library too, so that tests run the same code.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

pub mod args;
pub mod asked_to_stop;
pub mod dashboard;
pub mod demo;
mod help;
pub mod job;
pub mod job_ref;
pub mod jobs;
#[cfg(feature = "aws")]
pub mod logs;
pub mod manual;
pub mod next_step;
pub mod output;
#[cfg(feature = "aws")]
pub mod preflight;
pub mod program;
#[cfg(feature = "aws")]
pub mod redrive;
pub mod replay;
pub mod stop;
pub mod table;
pub mod wait;
pub mod waits;
pub mod watch;
