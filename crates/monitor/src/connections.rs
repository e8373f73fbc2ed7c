//! Use case: connections are opened and closed.
//!
//! Promise: no wait is left on a closed connection without anybody knowing. A registration writes
//! the wait and *then* reads the connection; a closing writes the connection and *then* reads its
//! waits. So one of the two sees the other.

use std::sync::Arc;

use jiff::Timestamp;

use crate::compare_and_set::{CompareAndSet, Edit, Written};
use crate::connection::Connection;
use crate::policy::Policy;
use crate::ports::{Clock, Gateway, Store, StoreError, Versioned};
use crate::principal::Principal;
use crate::wait::{Channel, ConnectionId, Wait};

/// The number of waits read at a time.
const PAGE: usize = 100;

/// Why a connection could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store holds one of this id, of somebody else.
    #[error("the connection belongs to another principal")]
    Taken,
    /// The store's.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The use cases about connections.
#[derive(Clone)]
pub struct Connections {
    /// Where connections and waits are.
    pub store: Arc<dyn Store>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Times and limits.
    pub policy: Arc<Policy>,
}

impl Connections {
    /// Records a connection that this principal opened. `opened_at` is the gateway's time.
    ///
    /// # Errors
    /// [`OpenError`]: the connection must be refused.
    pub async fn open(
        &self,
        id: ConnectionId,
        owner: Principal,
        opened_at: Timestamp,
    ) -> Result<(), OpenError> {
        let edit = |found: Option<Versioned<Connection>>| match found {
            None => Edit::Write(Connection::opened(id.clone(), owner.clone(), opened_at)),
            Some(found) => Edit::Keep(found.value.owner == owner),
        };
        match self.compare_and_set().run(None, edit).await? {
            Written::Stored(_) | Written::Kept(true) => Ok(()),
            Written::Kept(false) => Err(OpenError::Taken),
            Written::Contended => Err(contended(&format!("connection {id}")).into()),
        }
    }

    /// The principal that holds a connection. `None`: it is closed or unknown.
    ///
    /// # Errors
    /// The store's.
    pub async fn holder(&self, id: &ConnectionId) -> Result<Option<Principal>, StoreError> {
        let found = self.store.load_connection(id).await?;
        let open = found.map(|found| found.value).filter(Connection::is_open);
        Ok(open.map(|open| open.owner))
    }

    /// Closes the connections of waits that this gateway knows to be closed. A local stack calls
    /// this when it starts: the connections of its last run ended with it. Returns how many waits
    /// it found on them.
    ///
    /// # Errors
    /// The store's.
    pub async fn close_lost(&self, gateway: &dyn Gateway) -> Result<u64, StoreError> {
        let (mut lost, mut after) = (0, None);
        loop {
            let page = self.store.list_due(Timestamp::MAX, after.as_ref(), PAGE).await?;
            for key in page.items {
                let found = self.store.load_wait(&key).await?;
                let Some(id) = found.as_ref().and_then(|found| held(&found.value)) else {
                    continue;
                };
                if gateway.is_open(&id).await == Ok(false) {
                    lost += 1;
                    lose(self.compare_and_set(), found, &id, &*self.clock, &self.policy).await?;
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(lost);
            }
        }
    }

    /// Records that a connection is closed, and that the waiters of the waits on it are without
    /// one. A closing that is reported twice, or late, changes nothing more.
    ///
    /// # Errors
    /// The store's: the closing must be reported again.
    pub async fn close(&self, id: &ConnectionId) -> Result<(), StoreError> {
        let found = self.store.load_connection(id).await?;
        let now = self.clock.now();
        let edit = |found: Option<Versioned<Connection>>| match found.map(|found| found.value) {
            Some(mut connection) if connection.is_open() => {
                connection.closed_at = Some(now);
                Edit::Write(connection)
            }
            // The one that reported it first may not have come any further.
            closed_or_unknown => Edit::Keep(closed_or_unknown),
        };
        let closed = match self.compare_and_set().run(found, edit).await? {
            Written::Stored(closed) => Some(closed.value),
            Written::Kept(closed_or_unknown) => closed_or_unknown,
            Written::Contended => return Err(contended(&format!("connection {id}"))),
        };
        for key in closed.iter().flat_map(|closed| &closed.waits) {
            let found = self.store.load_wait(key).await?;
            lose(self.compare_and_set(), found, id, &*self.clock, &self.policy).await?;
        }
        Ok(())
    }

    fn compare_and_set(&self) -> CompareAndSet<'_> {
        CompareAndSet { store: &*self.store, pauses: None }
    }
}

/// The connection that the waiter holds, as far as the monitor knows.
fn held(wait: &Wait) -> Option<ConnectionId> {
    match &wait.channel {
        Channel::Connection { id, .. } if wait.can_be_signalled() => Some(id.clone()),
        Channel::Connection { .. } | Channel::Callback { .. } | Channel::None => None,
    }
}

/// Notes at a wait that this connection is closed, if the wait is still told through it.
///
/// # Errors
/// The store's.
pub(crate) async fn lose(
    compare_and_set: CompareAndSet<'_>,
    found: Option<Versioned<Wait>>,
    id: &ConnectionId,
    clock: &dyn Clock,
    policy: &Policy,
) -> Result<(), StoreError> {
    let edit = |found: Option<Versioned<Wait>>| {
        let Some(Versioned { value: mut wait, .. }) = found else { return Edit::Keep(()) };
        if !wait.lose(id, clock.now()) {
            return Edit::Keep(());
        }
        wait.reschedule(policy);
        Edit::Write(wait)
    };
    match compare_and_set.run(found, edit).await? {
        Written::Stored(_) | Written::Kept(()) => Ok(()),
        Written::Contended => Err(contended("a wait on a closed connection")),
    }
}

fn contended(what: &str) -> StoreError {
    StoreError::Retryable(format!("others kept changing {what}"))
}
