//! The attempts to open the next connection: at once after a loss, then ever more slowly.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use sagebell_monitor::ports::Entropy as _;
use sagebell_system::RandomEntropy;
use tokio::time::{Instant, sleep_until};

use crate::backoff::Backoff;
use crate::connection::{Open, OpenError, Socket};

/// The longest pause between two attempts, before jitter.
const LONGEST_PAUSE: Duration = Duration::from_secs(1_800);

/// When the next attempt is, and how the last one ended.
pub(super) struct Attempts {
    opener: Arc<dyn Open>,
    /// The attempt under way. It is stored here so that it is not broken off.
    opening: Option<BoxFuture<'static, Result<Socket, OpenError>>>,
    at: Instant,
    backoff: Backoff,
    trouble: Option<OpenError>,
}

impl Attempts {
    /// The first attempt is now.
    pub(super) fn new(opener: Arc<dyn Open>) -> Self {
        let backoff = Backoff::up_to(LONGEST_PAUSE);
        Self { opener, opening: None, at: Instant::now(), backoff, trouble: None }
    }

    /// There is a connection now. The next one is opened at `at`.
    pub(super) fn from(&mut self, at: Instant) {
        (self.at, self.backoff) = (at, Backoff::up_to(LONGEST_PAUSE));
    }

    /// The connection is lost. The next attempt is at once.
    pub(super) fn afresh(&mut self, why: OpenError) {
        self.backoff = Backoff::up_to(LONGEST_PAUSE);
        self.again(why);
    }

    /// An attempt failed. The next one is later.
    pub(super) fn again(&mut self, why: OpenError) {
        if why.is_lasting() {
            self.backoff = Backoff::constant(LONGEST_PAUSE);
        }
        self.at = Instant::now() + self.backoff.pause(RandomEntropy.unit(), None);
        self.trouble = Some(why);
    }

    /// Why there is no connection.
    pub(super) fn trouble(&self) -> Option<&OpenError> {
        self.trouble.as_ref()
    }

    /// The same, to be told.
    pub(super) fn take_trouble(&mut self) -> Option<OpenError> {
        self.trouble.take()
    }

    /// Makes the next attempt when it is time. `None`: it failed. Cancel safe.
    pub(super) async fn opened(&mut self) -> Option<Socket> {
        if self.opening.is_none() {
            sleep_until(self.at).await;
        }
        let opening = self.opening.get_or_insert_with(|| {
            let opener = Arc::clone(&self.opener);
            Box::pin(async move { opener.open().await })
        });
        let opened = opening.await;
        self.opening = None;
        opened.map_err(|why| self.again(why)).ok()
    }
}
