//! What the store asks of DynamoDB, and what it makes of the answers, on a server
//! that answers as it is told. No outside program is needed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code"
)]

mod answers;
mod fake;
mod faults;
mod logs;
mod requests;
mod samples;
