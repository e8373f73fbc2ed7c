//! What a program needs from its machine: time, randomness, environment variables, logs, and output
//! for people.
//!
//! Promise: only this crate gets these from the machine, so everything else also runs in a
//! simulation.
//!
//! ```
//! use sagebell_monitor::ports::{Clock as _, Entropy as _};
//! use sagebell_system::{Env, ProcessEnv, RandomEntropy, SystemClock};
//!
//! let begun = SystemClock.uptime();
//! assert!(SystemClock.uptime() >= begun);
//! assert!((0.0..1.0).contains(&RandomEntropy.unit()));
//! assert_eq!(ProcessEnv.get("NO_SUCH_VARIABLE"), None);
//! ```
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod clock;
mod environment;
mod json_lines;
mod logging;
mod randomness;
pub mod say;

pub use clock::SystemClock;
pub use environment::{Env, ProcessEnv};
pub use json_lines::json_lines;
pub use logging::{log_as_json, log_for_people};
pub use randomness::RandomEntropy;
