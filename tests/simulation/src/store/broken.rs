//! Rules that are broken in what the store takes and gives.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sagebell_monitor::connection::Connection;
use sagebell_monitor::heartbeat::Heartbeat;
use sagebell_monitor::policy::Policy;
use sagebell_monitor::ports::{Page, Store as _, Version, Versioned};
use sagebell_monitor::search::Search;
use sagebell_monitor::wait::{Channel, ConnectionId, Wait, WaitKey};

use super::{COPY_TRAILS, SimStore};
use crate::functions::Function;
use crate::lock;
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
    /// Notes which connection is being closed.
    pub(super) fn note_closing(&self, id: &ConnectionId) {
        self.closes.iter().for_each(|closes| *lock(closes) = Some(id.clone()));
    }

    /// Misreads the channel of a wait: as the one that is being closed, or as one that is older than
    /// any; or takes a waiter that was lost for one that was looked for.
    pub(super) fn misread(&self, wait: &mut Wait) {
        let closing = self.closes.as_ref().and_then(|closes| lock(closes).clone());
        let Channel::Connection { id, opened_at } = &mut wait.channel else { return };
        if let Some(closing) = closing.filter(|_| self.world.breaks(Mutation::LateClosingCounts)) {
            *id = closing;
        }
        if self.world.breaks(Mutation::LateFrameCounts) && self.caller == Function::Api {
            *opened_at = Timestamp::MIN;
        }
        let is_lost = wait.gone_since.is_some() && self.caller == Function::Sweep;
        if is_lost && self.world.breaks(Mutation::NoReconnectGrace) {
            wait.search.unanswered = Policy::CHANCES;
        }
    }

    /// A connection as it is read: nobody sees that it was closed, or whose it is.
    pub(super) fn known(&self, mut found: Versioned<Connection>) -> Versioned<Connection> {
        if self.closes.is_none() && self.world.breaks(Mutation::AttachUnchecked) {
            found.value.closed_at = None;
        }
        let asks =
            lock(&self.world.asks).filter(|_| self.world.breaks(Mutation::ForeignConnection));
        if let Some(ask) = asks {
            found.value.owner = ask.who.principal(&self.world);
        }
        found
    }

    /// Names the waits of a connection long after they were written.
    pub(super) fn name_later(&self, connection: &Connection, expect: Option<Version>) {
        let (connection, inner) = (connection.clone(), Arc::clone(&self.inner));
        // A new one is written at once.
        let pause = if expect.is_none() { 0 } else { COPY_TRAILS };
        let sleep = self.world.time.sleep(pause);
        self.world.time.spawn(async move {
            sleep.await;
            let found = inner.load_connection(&connection.id).await.unwrap();
            let closed_at = found.as_ref().and_then(|found| found.value.closed_at);
            let named = Connection { closed_at, ..connection };
            inner.save_connection(&named, found.map(|found| found.version)).await.unwrap();
        });
    }

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
        if self.world.breaks(Mutation::ListsForgotten) {
            last.lists.clear();
        }
        last
    }

    /// What is listed of a job's waits. Nobody waits any more by one whose waiter was
    /// looked for in vain.
    pub(super) fn listed(&self, page: Page<Wait>) -> Page<Wait> {
        let stops = matches!(self.caller, Function::Api | Function::Sweep);
        let ignored = stops && self.world.breaks(Mutation::OthersIgnored);
        let is_left = self.caller == Function::Sweep && self.world.breaks(Mutation::LeftToOthers);
        let listed = |mut wait: Wait| {
            if is_left {
                wait.search = Search::default();
            }
            wait.keyed_by_owner = true;
            if ignored {
                wait.search.unanswered = Policy::PROBES;
            }
            wait
        };
        Page { items: page.items.into_iter().map(listed).collect(), ..page }
    }
}
