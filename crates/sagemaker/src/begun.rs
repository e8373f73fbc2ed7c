//! When a client was created, by the service's clock. The clock of a pod can be wrong by hours,
//! and can be set while the process runs. But the uptime of the process is always known.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use sagebell_monitor::ports::Clock;
use sagebell_monitor::time::later;

/// What an HTTP date leaves off (RFC 9110, 5.6.7): it may be older by this.
const DATE_STEP: Duration = Duration::from_secs(1);

/// The time at which a client was created. It is known after the first answer.
pub(crate) struct Begun {
    clock: Arc<dyn Clock>,
    created_at: Duration,
    sent_at: Mutex<Duration>,
    by_service: OnceLock<Timestamp>,
}

impl Begun {
    /// A client that is created now.
    pub(crate) fn now(clock: Arc<dyn Clock>) -> Self {
        let created_at = clock.uptime();
        Self { clock, created_at, sent_at: Mutex::new(created_at), by_service: OnceLock::new() }
    }

    /// An attempt goes out.
    pub(crate) fn sent(&self) {
        *self.sent_at.lock().unwrap_or_else(PoisonError::into_inner) = self.clock.uptime();
    }

    /// The service answered an attempt, at this time by its clock: after the attempt
    /// went out. So what is reckoned back from it is never too early.
    pub(crate) fn answered(&self, date: Timestamp) {
        let sent_at = *self.sent_at.lock().unwrap_or_else(PoisonError::into_inner);
        let since = sent_at.saturating_sub(self.created_at);
        let begun = later(date, DATE_STEP).checked_sub(since).unwrap_or(date);
        self.by_service.get_or_init(|| begun);
    }

    /// `None` before the first answer.
    pub(crate) fn by_service(&self) -> Option<Timestamp> {
        self.by_service.get().copied()
    }
}

impl std::fmt::Debug for Begun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Begun").field("by_service", &self.by_service).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use sagebell_monitor::testing::ManualClock;

    use super::*;

    #[test]
    fn it_is_reckoned_back_from_the_first_answer_by_the_services_clock() {
        let clock = Arc::new(ManualClock::default());
        let begun = Begun::now(clock.clone());
        clock.advance(Duration::from_secs(90));
        clock.jump(-1);
        begun.sent();
        assert_eq!(begun.by_service(), None);
        let theirs: Timestamp = "2020-02-02T02:02:00Z".parse().unwrap();
        begun.answered(theirs);
        let wanted: Timestamp = "2020-02-02T02:00:31Z".parse().unwrap();
        assert_eq!(begun.by_service(), Some(wanted));
        clock.advance(Duration::from_secs(90));
        begun.sent();
        begun.answered(later(theirs, Duration::from_secs(500)));
        assert_eq!(begun.by_service(), Some(wanted), "the first answer counts");
    }
}
