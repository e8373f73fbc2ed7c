//! SQS and EventBridge behind the ports for the queues, the intake and announcements, and the
//! redrive of dead-letter queues.
//!
//! Promise: `Ok` means that AWS has stored the message durably. If AWS accepts only a part, the
//! call fails, because it is right to send all of it again.
//!
//! ```no_run
//! use sagebell_messaging::SqsQueue;
//! use sagebell_monitor::ports::Queue as _;
//! use sagebell_monitor::signal::SignalRequest;
//!
//! # async fn example(
//! #     config: aws_types::SdkConfig, request: SignalRequest,
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
mod dead_letters;
mod limits;
mod queue;
mod redrive;

pub use bus::{ANNOUNCEMENT_SOURCE, EventBus};
pub use dead_letters::SqsDeadLetterQueues;
pub use queue::SqsQueue;
pub use redrive::{DeadLetters, RedriveError, Redriven};
