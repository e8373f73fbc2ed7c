//! What a waiter does while something else is under way.

use std::sync::Mutex;

use sagebell_monitor::wait::WaitKey;
use sagebell_monitor::wait_registry::{Registration, Stop, WaitRegistry};

/// What the waiter does, once.
pub(crate) enum Act {
    /// Registers so.
    Registers(Box<Registration>),
    /// Cancels.
    Cancels,
}

/// A waiter that has something to do.
pub(crate) struct Waiter {
    waits: WaitRegistry,
    key: WaitKey,
    act: Mutex<Option<Act>>,
}

impl Waiter {
    pub(crate) fn who(act: Act, waits: WaitRegistry, key: WaitKey) -> Self {
        Self { waits, key, act: Mutex::new(Some(act)) }
    }

    /// Does it, unless it is done.
    pub(crate) async fn act(&self) {
        let act = self.act.lock().unwrap().take();
        match act {
            Some(Act::Registers(asked)) => drop(self.waits.register(*asked).await.unwrap()),
            Some(Act::Cancels) => drop(self.waits.cancel(&self.key, Stop::No).await.unwrap()),
            None => {}
        }
    }
}
