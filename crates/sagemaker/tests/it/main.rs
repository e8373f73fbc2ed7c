//! The adapter against a server that plays SageMaker call by call.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code: a broken assumption is to stop the test"
)]

mod budget;
mod calls;
mod changes;
mod fake;
mod kinds;
mod members;
mod pages;
mod regions;
mod server;
mod steps;
mod stops;
