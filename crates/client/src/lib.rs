//! The waiter's side: the monitor's API from the caller's end, and waiting for one job through a
//! connection, by callbacks, or by renewals alone.
//!
//! Waiting for a job, with a monitor on this machine (`sagebell local`):
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use sagebell_client::{ChannelChoice, Client, Terms, WaitEvent, Waiting};
//! use sagebell_monitor::arn::JobArn;
//! use sagebell_monitor::wait::{OnAbandon, SignalOn, WaitId};
//! use sagebell_system::SystemClock;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let arn = JobArn::parse("arn:aws:sagemaker:us-east-1:111122223333:training-job/mnist")?;
//! let client = Client::new("http://127.0.0.1:4570".parse()?)?;
//! let (id, clock) = (WaitId::parse("my-wait")?, Arc::new(SystemClock));
//! let channel = ChannelChoice::Connection.open(&client, id, clock).await?;
//! let terms = Terms {
//!     signal_on: SignalOn::Settled,
//!     on_abandon: OnAbandon::Keep,
//!     lease_seconds: 600,
//!     deadline: None,
//!     not_before: None,
//!     labels: [("run".to_owned(), "nightly".to_owned())].into(),
//! };
//! let mut waiting = Waiting::new(client, channel, arn, terms);
//! loop {
//!     match waiting.next().await? {
//!         WaitEvent::Job(job) if job.phase.is_settled() => break println!("{}", job.phase),
//!         WaitEvent::Outage(error) => eprintln!("{error}; waiting goes on"),
//!         _ => {}
//!     }
//! }
//! # Ok(())
//! # }
//! ```
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod address;
mod backoff;
mod channel;
pub mod client;
mod connection;
mod outage;
mod pace;
mod secret;
#[cfg(feature = "aws")]
pub mod signature;
mod waiting;

pub use address::own_address;
pub use channel::{
    Answer, Call, CallbackReceiver, ChannelChoice, ChannelEnd, ChannelWord, HeldConnection,
    ListenError, Renewals, callback_url,
};
pub use client::{Client, ClientError};
pub use connection::{Connection, Loss, OpenError};
pub use secret::new_secret;
pub use waiting::{CancelError, Terms, WaitError, WaitEvent, Waiting};
