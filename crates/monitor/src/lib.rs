//! Sagebell's domain and use cases, with the ports they need.
//!
//! Promise: nothing here does I/O, knows AWS's SDK, reads a clock or rolls dice;
//! the world comes in through [`ports`], so every use case runs as well in a
//! simulation as in a Lambda function.
//!
//! Data flows one way: [`event`] → [`observation`] → [`record`] → [`deliver`].
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

pub mod arn;
pub mod bounds;
pub mod call_budget;
pub mod causes;
mod compare_and_set;
pub mod counter;
pub mod deliver;
pub mod event;
pub mod heartbeat;
pub mod id_form;
pub mod inert;
pub mod jitter;
pub mod job;
pub mod job_queries;
pub mod kind;
pub mod limits;
pub mod observation;
pub mod operations;
mod overtime;
pub mod owners;
pub mod partition;
pub mod phase;
pub mod policy;
pub mod ports;
pub mod principal;
pub mod reckoning;
pub mod record;
pub mod search;
pub mod signal;
mod statuses;
pub mod sweep;
#[cfg(feature = "testing")]
pub mod testing;
pub mod time;
pub mod unique_names;
pub mod wait;
pub mod wait_registry;
