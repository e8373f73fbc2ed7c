//! Both ends of a callback over real sockets.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;
mod limits;
mod listener;
mod sender;
mod server;
mod set_clocks;
mod stale;
mod targets;
