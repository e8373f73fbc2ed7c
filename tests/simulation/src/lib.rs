//! Sagebell's use cases over a simulated world: jobs that live their lives,
//! waiters that come and go, and everything between them failing.
//!
//! Promise: one seed is one history, byte for byte. The real `record`, `waits`,
//! `deliver` and `sweep` run; only the ports are simulated. [`checks`] holds the
//! promises of the design against what happened.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a simulation stops at what it did not expect"
)]

use std::sync::{Mutex, MutexGuard, PoisonError};

pub mod checks;
pub mod connections;
pub mod ends;
pub mod executor;
pub mod faults;
pub mod forms;
pub mod functions;
pub mod gateway;
pub mod history;
pub mod instead;
pub mod judge;
pub mod jumps;
pub mod lists;
pub mod liveness;
pub mod lives;
pub mod losses;
pub mod messages;
pub mod mutation;
pub mod network;
pub mod owners;
pub mod parts;
pub mod plan;
pub mod reach;
pub mod sagemaker;
pub mod settings;
pub mod shrink;
pub mod spoil;
pub mod store;
pub mod stranger;
pub mod teams;
pub mod trace;
pub mod truth;
pub mod waiter;
pub mod world;

pub use history::{History, Outcome};
pub use mutation::Mutation;
pub use parts::Part;
pub use shrink::{Shrunk, shrink};

/// One thread runs a history: nobody waits for a lock, and none is poisoned.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
