//! No channel: the answers to the renewals tell the state.

use std::time::Duration;

use async_trait::async_trait;
use sagebell_monitor::ports::Entropy as _;
use sagebell_monitor::wait::WaitId;
use sagebell_system::RandomEntropy;

use super::{Accepted, Answer, Call, ChannelEnd, News, Registration};
use crate::pace::{READS_PER_LEASE, lease, read_pause};

/// The end of a wait without a channel.
pub struct Renewals {
    id: WaitId,
    reads: Reads,
}

impl Renewals {
    /// The end for this wait.
    #[must_use]
    pub fn new(id: WaitId) -> Self {
        Self { id, reads: Reads::default() }
    }
}

/// Registers without a channel, and knows when to do it again.
#[derive(Default)]
pub(super) struct Reads {
    age: Duration,
}

impl Reads {
    pub(super) fn register(&mut self, put: &Call, wait: Registration) -> Answer {
        self.age = wait.age;
        // A lease lasts for some reads, all but one of which may be lost.
        let shortest = READS_PER_LEASE * read_pause(wait.age, 1.0);
        let lease = lease(wait.age, wait.asked_lease()).max(shortest);
        put(wait.leased(lease).request)
    }

    pub(super) fn renew_after(&self) -> Duration {
        read_pause(self.age, RandomEntropy.unit())
    }
}

#[async_trait]
impl ChannelEnd for Renewals {
    fn id(&self) -> &WaitId {
        &self.id
    }

    async fn news(&mut self) -> News {
        std::future::pending().await
    }

    fn register(&mut self, put: &Call, wait: Registration) -> Answer {
        self.reads.register(put, wait)
    }

    fn accepted(&mut self) -> Accepted {
        Accepted { renew_after: Some(self.reads.renew_after()), is_back: false }
    }

    async fn close(self: Box<Self>) {}
}
