//! What the handlers and the tasks of one fake share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use sagebell_monitor::ports::Clock;
use serde_json::Value;
use tokio::sync::{Notify, mpsc};

use crate::faults::Faults;
use crate::journal::Journal;
use crate::quotas::Quotas;
use crate::state::{SageMakerState, Settings};

/// One fake's state.
pub(crate) struct Shared {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) journal: Mutex<Journal>,
    pub(crate) quotas: Mutex<Quotas>,
    state: Mutex<SageMakerState>,
    outbox: Option<mpsc::Sender<Value>>,
    changed: Notify,
}

/// A lock that a panic elsewhere does not spoil.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// An empty world. Events also go to `outbox`, if there is one.
    pub(crate) fn new(
        settings: Settings,
        clock: Arc<dyn Clock>,
        outbox: Option<mpsc::Sender<Value>>,
    ) -> Self {
        Self {
            clock,
            faults: Mutex::default(),
            journal: Mutex::default(),
            quotas: Mutex::default(),
            state: Mutex::new(SageMakerState::new(settings)),
            outbox,
            changed: Notify::new(),
        }
    }

    /// Does something with the world as it is now, and passes on the events.
    pub(crate) fn with_world<T>(&self, act: impl FnOnce(&mut SageMakerState, Timestamp) -> T) -> T {
        let mut state = lock(&self.state);
        let now = self.clock.now();
        state.advance(now);
        let done = act(&mut state, now);
        // Under the lock, so that events leave in the order of the changes.
        for event in state.take_events() {
            self.publish(event);
        }
        drop(state);
        self.changed.notify_one();
        done
    }

    fn publish(&self, event: Value) {
        if let Some(outbox) = &self.outbox
            && outbox.try_send(event.clone()).is_err()
        {
            tracing::warn!("an event is dropped: the receiver does not keep up");
        }
        lock(&self.journal).published(event);
    }

    /// Lets come about what is due; says how long until more is.
    pub(crate) fn advance(&self) -> Option<Duration> {
        let mut state = lock(&self.state);
        let now = self.clock.now();
        state.advance(now);
        for event in state.take_events() {
            self.publish(event);
        }
        let due = state.next_due()?;
        Some(due.duration_since(now).try_into().unwrap_or_default())
    }

    /// Waits for a change of the world by a call.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }
}
