//! Who was told, when, and how often.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sagebell_monitor::wait::WaitId;
use tokio::sync::Notify;
use tokio::time::Instant;

/// A wait's id.
pub(crate) fn wait_id(wait: usize) -> String {
    format!("wait-{wait}")
}

/// The wait with this id.
pub(crate) fn wait_of(id: &WaitId) -> usize {
    let number = id.as_str().strip_prefix("wait-").and_then(|number| number.parse().ok());
    number.expect("one of our own ids")
}

#[derive(Default)]
struct Counts {
    /// When each waiter first received its signal, and how often.
    received: BTreeMap<usize, (Instant, u64)>,
    refused: u64,
}

/// What all waiters together received. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Received {
    counts: Arc<Mutex<Counts>>,
    came: Arc<Notify>,
}

impl Received {
    /// Notes a signal to this wait.
    pub(crate) fn signal(&self, wait: usize, at: Instant) {
        self.lock().received.entry(wait).or_insert((at, 0)).1 += 1;
        self.came.notify_one();
    }

    /// Notes a callback whose signature is wrong.
    pub(crate) fn refuse(&self) {
        self.lock().refused += 1;
    }

    /// Until so many were told, or nobody was for `silence`.
    pub(crate) async fn wait_for(&self, all: usize, silence: Duration) {
        while self.lock().received.len() < all {
            if tokio::time::timeout(silence, self.came.notified()).await.is_err() {
                return;
            }
        }
    }

    pub(crate) fn first_received(&self) -> Vec<(usize, Instant)> {
        self.lock().received.iter().map(|(wait, (at, _))| (*wait, *at)).collect()
    }

    pub(crate) fn last_received(&self) -> Option<Instant> {
        self.lock().received.values().map(|(at, _)| *at).max()
    }

    /// Signals that came after the waiter had taken one.
    pub(crate) fn doubled(&self) -> u64 {
        self.lock().received.values().map(|(_, times)| times - 1).sum()
    }

    pub(crate) fn refused(&self) -> u64 {
        self.lock().refused
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
