//! The options of a wait.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sagebell_api_types::WaitRequest;
use sagebell_monitor::wait::{OnAbandon, SignalOn};

/// The options of a wait.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Which signals to receive.
    pub signal_on: SignalOn,
    /// What to do with the job if the wait is abandoned.
    pub on_abandon: OnAbandon,
    /// How long the wait lives at least without a renewal, in seconds. The lease grows with the age
    /// of the wait. Through a connection it is longer than a connection lasts.
    pub lease_seconds: u32,
    /// When the monitor ends the wait. `None`: as late as the monitor allows.
    pub deadline: Option<Timestamp>,
    /// Older states of the resource are ignored.
    pub not_before: Option<Timestamp>,
    /// The waiter's labels.
    pub labels: BTreeMap<String, String>,
}

impl From<Terms> for WaitRequest {
    fn from(terms: Terms) -> Self {
        Self {
            callback_url: None,
            secret: None,
            signal_on: terms.signal_on,
            on_abandon: terms.on_abandon,
            lease_seconds: terms.lease_seconds,
            deadline: terms.deadline,
            not_before: terms.not_before,
            labels: terms.labels,
        }
    }
}
