//! The KFP step: `sagebell-step COMPONENT --flag value …`.
//!
//! A step connects to the monitor, creates its job (or adopts it), registers a wait, and sleeps.
//! When it is told that the job has settled, it calls Describe once, writes the outputs, prints the
//! logs, and exits. Promises: a step that restarts adopts the job that it created and
//! never creates a second one. While it waits, it does not call SageMaker.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

pub mod adopt;
pub mod advice;
pub mod args;
pub mod aws;
pub mod component;
pub mod component_yaml;
pub mod definition;
pub mod inputs;
pub mod kfp;
mod links;
mod logs;
pub mod metrics;
pub mod model;
pub mod monitor;
pub mod monitor_address;
pub mod names;
pub mod operations;
pub mod options;
pub mod outputs;
pub mod plan;
pub mod poll;
pub mod program;
pub mod progress;
pub mod reasons;
pub mod registry;
mod request;
pub mod roles;
pub mod run;
pub mod sagemaker;
mod subject;
pub mod summary;
pub mod timeline;
pub mod v1;
pub mod v2;
