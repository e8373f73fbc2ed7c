//! A SageMaker to test against: the service at the HTTP level, for any client.
//!
//! What is created lives a scripted life, tells of each change as EventBridge
//! does, and can be made to fail. What a kind is called, where its fields are and
//! which statuses it has comes from the monitor's table of kinds; which members a
//! request and an answer have, from the service's own model
//! (`model/operations.json`). A new kind needs code only where it is peculiar.
//!
//! Promises: no answer has a member that the model does not know, or lacks one
//! that it requires; memory is bounded, whatever is asked.
//!
//! Not kept: signatures and permissions are not checked, and what is inside a
//! request's members is taken as it is.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod aws;
mod control;
mod error;
mod events;
mod fake;
mod family;
mod faults;
mod journal;
mod life;
mod model;
mod naming;
mod operations;
mod peculiar;
pub mod program;
mod publish;
mod quotas;
mod resource;
mod server;
mod shared;
mod state;
mod tuning;
mod view;

pub use fake::{DEFAULT_ACCOUNT, DEFAULT_STEP, Fake, Options, StartError};
pub use faults::{Fault, FaultRule};
pub use life::{Life, Stage};
pub use publish::Target;
pub use quotas::Quota;
