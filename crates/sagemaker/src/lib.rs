//! SageMaker's whole API as JSON in, JSON out, on `aws-sdk-sagemaker`, which no
//! other crate names.
//!
//! - [`Api`] sends any operation and reads its answer, with typed errors
//!   ([`CallError`]), page by page where it lists ([`Pages`]).
//! - [`Budget`] bounds the Describe and List calls of the whole process.
//! - [`Patience`] calls again what failed for what passes by itself.
//! - [`SageMakerApi`] is the monitor's port: it looks at a job of any kind, lists
//!   what changed, and stops a job, in its own account and in those of its members.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use sagebell_monitor::ports::{Clock, Entropy};
//! use sagebell_sagemaker::{Api, Budget, CallError, Rate};
//! use serde_json::json;
//!
//! # async fn example(
//! #     config: aws_types::SdkConfig, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>,
//! # ) -> Result<(), CallError> {
//! let budget = Arc::new(Budget::new(Rate::default(), clock, entropy));
//! let api = Api::new(&config, budget);
//! let job = api.call("DescribeTrainingJob", &json!({"TrainingJobName": "mnist"})).await?;
//! println!("{}", job["TrainingJobStatus"]);
//! # Ok(())
//! # }
//! ```
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod api;
mod begun;
mod budget;
mod carrier;
mod changed;
mod classify;
mod connect;
mod error;
mod member;
mod pages;
mod patience;
mod port;
mod request;
mod step;

pub use api::Api;
pub use budget::{Budget, Rate};
pub use carrier::Answered;
pub use connect::connect;
pub use error::{CallError, Class};
pub use pages::Pages;
pub use patience::{OnRetry, Patience};
pub use port::SageMakerApi;
pub use request::named;
