//! SQS and EventBridge behind the queue, intake and announcer ports, and the way
//! back from a dead-letter queue.
//!
//! Promise: what was answered `Ok` is durably with AWS; what AWS took only in
//! part is said to have failed, for sending all of it again is right.
//!
//! ```no_run
//! use sagebell_messaging::SqsQueue;
//! use sagebell_monitor::ports::Queue as _;
//! use sagebell_monitor::signal::SignalRequest;
//!
//! # async fn example(
//! #     config: aws_config::SdkConfig, request: SignalRequest,
//! # ) -> Result<(), Box<dyn std::error::Error>> {
//! let queue = SqsQueue::new(&config, "https://sqs.us-east-1.amazonaws.com/111122223333/signals");
//! queue.push(&[request]).await?;
//! # Ok(())
//! # }
//! ```
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod bus;
mod limits;
mod queue;
mod redrive;

pub use bus::{ANNOUNCEMENT_SOURCE, EventBus};
pub use queue::SqsQueue;
pub use redrive::{DeadLetters, RedriveError, Redriven};
