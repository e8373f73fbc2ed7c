//! SageMaker's whole API as JSON in, JSON out, on `aws-sdk-sagemaker`, which no
//! other crate names.
//!
//! - [`Api`] sends any operation and reads its answer, with typed errors
//!   ([`CallError`]), page by page where it lists ([`Pages`]).
//! - [`Budget`] bounds the Describe and List calls of the whole process.
//! - [`Patience`] calls again what failed for what passes by itself.
//! - [`SageMakerApi`] is the monitor's port: it looks at a job of any kind and
//!   stops it.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod api;
mod begun;
mod budget;
mod carrier;
mod classify;
mod connect;
mod error;
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
