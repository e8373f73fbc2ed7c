//! What goes over the wire between Sagebell's API and those who call it: one definition for
//! the server, the clients and the OpenAPI document.
//!
//! Promise: the server writes the type that a client reads, and reads the one that a client
//! writes. A field that is renamed here no longer compiles there.
//!
//! ```
//! use sagebell_api_types::{BadBody, WaitRequest};
//!
//! let body = br#"{"callback_url": "http://10.0.0.7:8080/callback", "lease_seconds": 600}"#;
//! let Err(BadBody::Field { name, problem }) = WaitRequest::parse(body) else { panic!() };
//! assert_eq!(name, "secret");
//! assert!(problem.starts_with("missing"));
//! ```
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

/// The header of a request whose sender passes no change on, so that a page offers none.
pub const READ_ONLY: &str = "sagebell-read-only";

mod answers;
mod callback;
mod error_code;
mod error_help;
mod frame;
pub mod path;
mod problem;
pub mod put_events;
pub mod query;
pub mod schema;
mod wait_request;

pub use answers::{
    ConnectView, DeliveryView, HealthView, JobAndRunsView, JobListView, JobWaitListView,
    JobWaitView, PrincipalView, RunView, TimelineView, WaitAndJobView, WaitStateView, WaitView,
};
pub use callback::{BODY_LIMIT, PROBE, ProbeAnswer, ProbeBody, ProbeData, SignalBody, SignalData};
pub use error_code::ErrorCode;
pub use frame::{Ask, BadFrame, FRAME_LIMIT, Frame, Received, RequestId};
pub use problem::{PROBLEM_JSON, ProblemDocument};
pub use wait_request::{BadBody, CALLBACK_URL, WaitRequest, field_name};
