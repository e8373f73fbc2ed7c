//! Sagebell's domain and use cases, with the ports they need.
//!
//! Promise: nothing here does I/O, knows AWS's SDK, reads a clock or rolls dice;
//! the world comes in through [`ports`], so every use case runs as well in a
//! simulation as in a Lambda function.
//!
//! Data flows one way: [`event`] → [`observation`] → [`record`] → [`deliver`].
//!
//! An event of SageMaker becomes an observation of a job:
//!
//! ```
//! use sagebell_monitor::event::{Parsed, parse};
//! use sagebell_monitor::phase::Phase;
//!
//! let event = serde_json::json!({
//!     "source": "aws.sagemaker",
//!     "detail-type": "SageMaker Training Job State Change",
//!     "time": "2026-01-01T01:00:00Z",
//!     "detail": {
//!         "TrainingJobArn": "arn:aws:sagemaker:us-east-1:111122223333:training-job/mnist",
//!         "TrainingJobName": "mnist",
//!         "TrainingJobStatus": "Completed",
//!         "SecondaryStatus": "Completed",
//!         "CreationTime": 1_767_225_600_000_u64,
//!         "LastModifiedTime": 1_767_229_200_000_u64,
//!     },
//! });
//! let now = "2026-01-01T01:00:01Z".parse().unwrap();
//! let Ok(Parsed::Job(seen)) = parse(&event, now) else { panic!("not an event of a job") };
//! assert_eq!((seen.arn.name(), seen.phase), ("mnist", Phase::Succeeded));
//! ```
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

pub mod advice;
pub mod arn;
pub mod bounds;
pub mod call_budget;
pub mod causes;
mod compare_and_set;
pub mod connection;
pub mod connections;
pub mod counter;
pub mod deliver;
pub mod event;
pub mod facts;
pub mod health;
pub mod heartbeat;
pub mod id_form;
pub mod inert;
pub mod jitter;
pub mod job;
pub mod job_list;
pub mod job_queries;
pub mod kfp_ui;
pub mod kind;
pub mod limits;
pub mod links;
pub mod member;
pub mod observation;
pub mod operations;
mod overtime;
pub mod owners;
pub mod partition;
pub mod phase;
pub mod policy;
pub mod ports;
pub mod principal;
pub mod reckoning;
pub mod record;
pub mod search;
pub mod signal;
pub mod spoken;
mod statuses;
pub mod sweep;
#[cfg(feature = "testing")]
pub mod testing;
pub mod time;
pub mod unique_names;
pub mod wait;
pub mod wait_registry;
