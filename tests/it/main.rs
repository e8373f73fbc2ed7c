//! Whole-system tests that need only Rust. Those that need other programs are
//! in `tests/e2e`; `./scripts/test` runs them all.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod architecture;
mod connection_kernel;
mod corpus;
mod kernel;
mod monitor_files;
mod samples;
