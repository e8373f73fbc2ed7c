//! What a waiter does while something else is under way.

use std::sync::Mutex;

use sagebell_monitor::ports::WaitKey;
use sagebell_monitor::waits::{Registration, Stop, Waits};

/// What the waiter does, once.
pub(crate) enum Act {
    /// Registers so.
    Registers(Box<Registration>),
    /// Cancels.
    Cancels,
}

/// A waiter that has something to do.
pub(crate) struct Waiter {
    waits: Waits,
    key: WaitKey,
    act: Mutex<Option<Act>>,
}

impl Waiter {
    pub(crate) fn who(act: Act, waits: Waits, key: WaitKey) -> Self {
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
