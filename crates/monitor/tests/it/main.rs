//! The use cases against fakes of every port: what they promise, and what becomes of it when
//! clocks, events and waiters misbehave.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod act;
mod call_budget;
mod claims;
mod clocks;
mod connections;
mod counts;
mod doubts;
mod event_forms;
mod health;
mod limits;
mod liveness;
mod meanwhile;
mod ordering;
mod owners;
mod promises;
mod reconciling;
mod registering;
mod stopping;
mod stored_forms;
