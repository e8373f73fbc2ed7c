//! Reads the configuration and wires adapters to use cases: the one place that
//! knows which adapter stands behind which port.
//!
//! Promise: all that is wrong with the configuration is told at once, each
//! variable by name with what it takes.
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
mod logging;
#[cfg(feature = "aws")]
mod published;
pub mod say;
#[cfg(any(feature = "aws", feature = "embedded"))]
mod world;

pub use adapters::{LoggingAnnouncer, NoSageMaker, RandomEntropy, SystemClock};
pub use config::{
    Auth, AwsNames, Config, ConfigError, Env, ProcessEnv, SageMakerAccess, StoreConfig,
};
#[cfg(feature = "aws")]
pub use function::{InstallError, Metrics};
pub use logging::{log_as_json, log_for_people};
#[cfg(feature = "aws")]
pub use world::ConnectSageMaker;
#[cfg(any(feature = "aws", feature = "embedded"))]
pub use world::{StartError, World};
