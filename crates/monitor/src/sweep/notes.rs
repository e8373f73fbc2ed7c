//! What a sweep writes down beside its waits, for later sweeps and for people: how far it has read
//! SageMaker's lists, and which waits it gave up.

use std::sync::{Mutex, PoisonError};

use futures::lock;
use jiff::Timestamp;

use crate::compare_and_set::{CompareAndSet, Edit, Written};
use crate::heartbeat::{GivenUp, Heartbeat};
use crate::ports::{Store, StoreError, Versioned};
use crate::wait::{WaitKey, WaitState};

/// The notes, as the store holds them.
pub(super) struct Notes {
    heartbeat: lock::Mutex<Versioned<Heartbeat>>,
    /// What is not written down yet: one write of the sweep tells all of them.
    given_up: Mutex<Vec<GivenUp>>,
}

impl Notes {
    pub(super) fn new(heartbeat: Versioned<Heartbeat>) -> Self {
        Self { heartbeat: lock::Mutex::new(heartbeat), given_up: Mutex::default() }
    }

    /// The notes as they are now.
    pub(super) async fn read(&self) -> Heartbeat {
        self.heartbeat.lock().await.value.clone()
    }

    /// Remembers that the sweep gave up this wait.
    pub(super) fn give_up(&self, key: WaitKey, state: WaitState, at: Timestamp) {
        let WaitKey { arn, id: wait, .. } = key;
        let mut given_up = self.given_up.lock().unwrap_or_else(PoisonError::into_inner);
        given_up.push(GivenUp { at, arn, wait, state });
    }

    /// Writes down which waits the sweep gave up. Of more than [`Heartbeat::GIVEN_UP`] the latest
    /// stay.
    ///
    /// # Errors
    /// The store's. The waits themselves are written already, and announced.
    pub(super) async fn write_given_up(&self, store: &dyn Store) -> Result<(), StoreError> {
        let new = self.given_up.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.edit(store, |heartbeat| {
            let all = &mut heartbeat.given_up;
            all.extend_from_slice(&new);
            all.drain(..all.len().saturating_sub(Heartbeat::GIVEN_UP));
        })
        .await
    }

    /// Changes the notes, and writes them if that makes a difference.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn edit(
        &self,
        store: &dyn Store,
        mut change: impl FnMut(&mut Heartbeat) + Send,
    ) -> Result<(), StoreError> {
        let mut heartbeat = self.heartbeat.lock().await;
        let edit = |found: Option<Versioned<Heartbeat>>| {
            let Some(found) = found else { return Edit::Keep(None) };
            let mut changed = found.value.clone();
            change(&mut changed);
            if changed == found.value { Edit::Keep(Some(found)) } else { Edit::Write(changed) }
        };
        let cas = CompareAndSet { store, pauses: None };
        match cas.run::<_, Option<Versioned<Heartbeat>>>(Some(heartbeat.clone()), edit).await? {
            Written::Stored(stored) => *heartbeat = stored,
            Written::Kept(kept) => *heartbeat = kept.unwrap_or_else(|| heartbeat.clone()),
            Written::Contended => {
                let what = "other sweeps kept changing the heartbeat";
                return Err(StoreError::Retryable(what.to_owned()));
            }
        }
        Ok(())
    }
}
