//! The waiter's side: the monitor's API from the caller's end, and waiting for
//! one job by callback and renewal.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod address;
mod backoff;
mod callback_receiver;
pub mod client;
mod outage;
mod secret;
#[cfg(feature = "aws")]
pub mod signature;
mod waiting;

pub use address::own_address;
pub use callback_receiver::{CallbackReceiver, Terms, callback_url};
pub use client::{Client, ClientError};
pub use secret::new_secret;
pub use waiting::{Answer, Call, CancelError, WaitError, WaitEvent, Waiting};
