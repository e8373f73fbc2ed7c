//! Compare-and-set: reads an item of the store, edits it, and writes it, until nobody else wrote in
//! between.
//!
//! Promise: the new item always comes from the stored one, and the number of attempts is limited.

use async_trait::async_trait;

use crate::connection::Connection;
use crate::heartbeat::Heartbeat;
use crate::job::JobRecord;
use crate::policy::Policy;
use crate::ports::{Clock, Entropy, Saved, Store, StoreError, Version, Versioned};
use crate::wait::Wait;

/// An item that the store keeps with a version.
#[async_trait]
pub(crate) trait Item: Sized + Send + Sync {
    /// Writes it, if the store still holds the version `expect` (`None`: no such item).
    async fn save(
        &self,
        store: &dyn Store,
        expect: Option<Version>,
    ) -> Result<Saved<Self>, StoreError>;
}

#[async_trait]
impl Item for Wait {
    async fn save(
        &self,
        to: &dyn Store,
        expect: Option<Version>,
    ) -> Result<Saved<Self>, StoreError> {
        to.save_wait(self, expect).await
    }
}

#[async_trait]
impl Item for JobRecord {
    async fn save(
        &self,
        to: &dyn Store,
        expect: Option<Version>,
    ) -> Result<Saved<Self>, StoreError> {
        to.save_job(self, expect).await
    }
}

#[async_trait]
impl Item for Connection {
    async fn save(
        &self,
        to: &dyn Store,
        expect: Option<Version>,
    ) -> Result<Saved<Self>, StoreError> {
        to.save_connection(self, expect).await
    }
}

#[async_trait]
impl Item for Heartbeat {
    async fn save(
        &self,
        to: &dyn Store,
        expect: Option<Version>,
    ) -> Result<Saved<Self>, StoreError> {
        to.save_heartbeat(self, expect).await
    }
}

/// The decision about an item as it is stored now.
pub(crate) enum Edit<T, R> {
    /// Write this. If others write first, the edit runs again on their version.
    Write(T),
    /// Write nothing, for this reason.
    Keep(R),
}

/// How a compare-and-set ended.
pub(crate) enum Written<T, R> {
    /// The edit was written.
    Stored(Versioned<T>),
    /// There was nothing to write.
    Kept(R),
    /// Others wrote first in each of [`Policy::CAS_TRIES`] attempts.
    Contended,
}

/// Where items are written, and the pauses between two attempts.
#[derive(Clone, Copy)]
pub(crate) struct CompareAndSet<'a> {
    /// The store.
    pub(crate) store: &'a dyn Store,
    /// Random pauses after conflicts. `None`: no pauses.
    pub(crate) pauses: Option<(&'a dyn Clock, &'a dyn Entropy)>,
}

impl CompareAndSet<'_> {
    /// Edits `found`, or what others wrote meanwhile, and writes the result.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn run<T: Item, R>(
        self,
        mut found: Option<Versioned<T>>,
        mut edit: impl FnMut(Option<Versioned<T>>) -> Edit<T, R> + Send,
    ) -> Result<Written<T, R>, StoreError> {
        for tries in 1..=Policy::CAS_TRIES {
            let expect = found.as_ref().map(|found| found.version);
            let value = match edit(found) {
                Edit::Write(value) => value,
                Edit::Keep(reason) => return Ok(Written::Kept(reason)),
            };
            match value.save(self.store, expect).await? {
                Saved::Stored(version) => return Ok(Written::Stored(Versioned { value, version })),
                Saved::Conflict(current) => found = current,
            }
            if let Some((clock, entropy)) = self.pauses {
                clock.sleep(Policy::cas_pause(tries, entropy.unit())).await;
            }
        }
        Ok(Written::Contended)
    }
}
