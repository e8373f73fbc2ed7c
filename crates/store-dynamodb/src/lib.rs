//! Sagebell's store on AWS: jobs and waits in one DynamoDB table.
//!
//! Promises:
//!
//! - A save is one conditional `PutItem`, whatever comes of it: a failed condition
//!   answers with the item it met. One write is one item; there are no transactions.
//! - A counter is one `UpdateItem` that adds to an item of its own.
//! - A save whose answer was lost and that was sent again is told from another's
//!   write: it is [`Stored`](sagebell_monitor::ports::Saved::Stored), not a conflict.
//! - One job's waits are one strongly consistent `Query`, as long as they fit a
//!   page; a wait is in its job's partition.
//! - The job list and the due index are sharded, so that no write meets a hot
//!   partition, and merged when read, so that their order holds over all shards.
//!   They trail behind writes, as every global secondary index does.
//! - Every call ends: a request within 8 seconds and three attempts, a page of a
//!   list within a fixed number of requests.
//!
//! An item is the document, attribute by attribute, with every time to the
//! nanosecond; the store's own attributes begin with a capital letter (see
//! [`schema`]). Lists and expiry tell times apart as finely as the document, and
//! by the microsecond. An item is far below DynamoDB's 400 KB: timelines, labels
//! and texts are bounded where they come in.
//!
//! The wait's signing secret is part of its item: the table is to be encrypted,
//! and to be read by Sagebell only. The SDK's own log shows whole requests at the
//! level `trace`: whoever sets up logging keeps `aws_smithy_runtime` at `debug`.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use sagebell_monitor::arn::JobArn;
//! use sagebell_monitor::ports::{Clock, Store as _};
//! use sagebell_store_dynamodb::DynamoStore;
//!
//! # async fn example(
//! #     config: aws_config::SdkConfig, clock: Arc<dyn Clock>,
//! # ) -> Result<(), Box<dyn std::error::Error>> {
//! let store = DynamoStore::new(&config, "sagebell".to_owned(), clock);
//! let arn = JobArn::parse("arn:aws:sagemaker:us-east-1:111122223333:training-job/mnist")?;
//! if let Some(found) = store.load_job(&arn).await? {
//!     println!("{}", found.value.job.phase);
//! }
//! # Ok(())
//! # }
//! ```
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing))]

mod client;
mod connections;
mod counts;
mod cursor;
mod error;
mod index;
mod item;
mod jobs;
mod merge;
pub mod schema;
mod store;
mod table;
mod waits;

pub use store::DynamoStore;
