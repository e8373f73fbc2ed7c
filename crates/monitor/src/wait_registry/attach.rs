//! Puts a wait on a connection that its waiter holds.

use super::{ChannelAsked, Registration, WaitError, WaitRegistry};
use crate::compare_and_set::{Edit, Written};
use crate::connection::Connection;
use crate::connections;
use crate::policy::Policy;
use crate::ports::{StoreError, Versioned};
use crate::wait::{Channel, ConnectionId, Wait, WaitKey};

impl WaitRegistry {
    /// The channel of the wait. If it is a connection, its record names the wait before the wait is
    /// written: who closes the connection then finds every wait on it.
    ///
    /// # Errors
    /// `ConnectionNotOpen`, `ConnectionFull`, or the store's.
    pub(super) async fn channel_of(
        &self,
        asked: &Registration,
        found: Option<&Versioned<Wait>>,
    ) -> Result<Channel, WaitError> {
        match &asked.channel {
            ChannelAsked::None => Ok(Channel::None),
            ChannelAsked::Callback { url, secret } => {
                Ok(Channel::Callback { url: url.clone(), secret: secret.clone() })
            }
            ChannelAsked::Connection(id) => {
                let attached = self.attach(id, &asked.key()).await;
                if matches!(attached, Err(WaitError::ConnectionNotOpen)) {
                    // The wait may be on it: an earlier registration, or the closing, may have died
                    // before it could note the loss.
                    let (store, clock) = (self.compare_and_set(), &*self.clock);
                    connections::lose(store, found.cloned(), id, clock, &self.policy).await?;
                }
                attached
            }
        }
    }

    async fn attach(&self, id: &ConnectionId, key: &WaitKey) -> Result<Channel, WaitError> {
        let found = self.store.load_connection(id).await?;
        let edit = |found: Option<Versioned<Connection>>| {
            let Some(mut connection) = found.map(|found| found.value) else {
                return Edit::Keep(Err(WaitError::ConnectionNotOpen));
            };
            if !connection.is_open() || Some(&connection.owner) != key.owner.as_ref() {
                return Edit::Keep(Err(WaitError::ConnectionNotOpen));
            }
            if connection.waits.contains(key) {
                return Edit::Keep(Ok(connection));
            }
            if connection.waits.len() >= Policy::CONNECTION_WAITS {
                return Edit::Keep(Err(WaitError::ConnectionFull));
            }
            connection.waits.push(key.clone());
            Edit::Write(connection)
        };
        match self.compare_and_set().run(found, edit).await? {
            Written::Stored(stored) => Ok(stored.value.channel()),
            Written::Kept(kept) => Ok(kept?.channel()),
            Written::Contended => {
                Err(StoreError::Retryable(format!("others kept changing connection {id}")).into())
            }
        }
    }

    /// Reads the connection of a wait after the wait was written. If it was closed meanwhile, this
    /// is noted at the wait, since the closing may have come too early to see it.
    ///
    /// # Errors
    /// `ConnectionNotOpen`, or the store's.
    pub(super) async fn check_connection(&self, wait: &Versioned<Wait>) -> Result<(), WaitError> {
        let Channel::Connection { id, .. } = &wait.value.channel else {
            return Ok(());
        };
        let found = self.store.load_connection(id).await?;
        if found.is_some_and(|found| found.value.is_open()) {
            return Ok(());
        }
        let (store, clock) = (self.compare_and_set(), &*self.clock);
        connections::lose(store, Some(wait.clone()), id, clock, &self.policy).await?;
        Err(WaitError::ConnectionNotOpen)
    }
}
