//! Reads the configuration and connects adapters with use cases. Only this crate knows which
//! adapter implements which port.
//!
//! Promise: configuration errors are reported all at once. Each names its variable and the
//! expected value.
//!
//! ```
//! use sagebell_runtime::{Auth, Config};
//! use sagebell_system::Env;
//!
//! struct Set(&'static [(&'static str, &'static str)]);
//!
//! impl Env for Set {
//!     fn get(&self, name: &str) -> Option<String> {
//!         self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
//!     }
//! }
//!
//! let config = Config::from(&Set(&[("SAGEBELL_STORE", "sqlite:sagebell.db")])).unwrap();
//! assert_eq!(config.auth, Auth::Iam);
//!
//! let wrong = Set(&[("SAGEBELL_AUTH", "maybe")]);
//! let problems = Config::from(&wrong).unwrap_err().problems;
//! assert_eq!(problems.len(), 2, "the store is missing as well: {problems:?}");
//! ```
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod adapters;
#[cfg(feature = "aws")]
mod aws;
mod config;
#[cfg(feature = "aws")]
mod function;
#[cfg(feature = "aws")]
mod published;
#[cfg(feature = "aws")]
pub mod sqs_batch;
#[cfg(any(feature = "aws", feature = "embedded"))]
mod wiring;

pub use adapters::{LoggingAnnouncer, NoSageMaker};
pub use config::variables;
pub use config::{Auth, AwsNames, Config, ConfigError, SageMakerAccess, StoreConfig};
#[cfg(feature = "aws")]
pub use function::{InstallError, Metrics};
#[cfg(feature = "aws")]
pub use published::METRICS;
#[cfg(feature = "aws")]
pub use wiring::ConnectSageMaker;
#[cfg(any(feature = "aws", feature = "embedded"))]
pub use wiring::{StartError, Wiring};
