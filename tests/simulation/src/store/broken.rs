//! Rules that are broken in what the store takes and gives.

use jiff::SignedDuration;
use sagebell_monitor::heartbeat::Heartbeat;
use sagebell_monitor::policy::Policy;
use sagebell_monitor::ports::{Page, Versioned};
use sagebell_monitor::wait::{Wait, WaitKey};

use super::SimStore;
use crate::functions::Function;
use crate::mutation::Mutation;
use crate::world::instant;

/// Takes an answer that renewed the lease for one more probe that was not answered.
pub(super) fn ignore_answer(wait: &mut Wait, found: Wait) {
    if wait.lease_until > found.lease_until {
        (wait.lease_until, wait.due_at, wait.search) =
            (found.lease_until, found.due_at, found.search);
        wait.search.unanswered += 1;
    }
}

/// A wait as it was before it was [put away](SimStore::put_away).
pub(super) fn taken_out(mut found: Versioned<Wait>) -> Versioned<Wait> {
    found.value.keyed_by_owner = true;
    found
}

impl SimStore {
    /// Where a wait is kept.
    pub(super) fn place(&self, key: &WaitKey) -> WaitKey {
        if self.world.breaks(Mutation::SharedKeys) { key.before_owners() } else { key.clone() }
    }

    /// A wait as it is kept there.
    pub(super) fn put_away(&self, wait: &Wait) -> Wait {
        Wait { keyed_by_owner: !self.world.breaks(Mutation::SharedKeys), ..wait.clone() }
    }

    /// What is known of earlier sweeps.
    pub(super) fn remembered(&self, mut last: Heartbeat) -> Heartbeat {
        let now = self.world.time.now();
        if self.world.breaks(Mutation::GapForgotten) {
            // As if it had always run, by a clock that was never set.
            last.at = instant(now) + SignedDuration::from_millis(self.world.faults.jump.ahead(now));
        }
        if self.world.breaks(Mutation::BreaksForgotten) {
            last.breaks.clear();
        }
        last
    }

    /// What is listed of a job's waits. Nobody waits any more by one whose waiter was
    /// looked for in vain.
    pub(super) fn listed(&self, page: Page<Wait>) -> Page<Wait> {
        let stops = matches!(self.caller, Function::Api | Function::Sweep);
        let ignored = stops && self.world.breaks(Mutation::OthersIgnored);
        let listed = |mut wait: Wait| {
            wait.keyed_by_owner = true;
            if ignored {
                wait.search.unanswered = Policy::PROBES;
            }
            wait
        };
        Page { items: page.items.into_iter().map(listed).collect(), ..page }
    }
}
