//! Connections: how many are open.

use std::sync::Arc;
use std::time::Duration;

use super::samples::Item as _;
use super::settles;
use crate::connection::Connection;
use crate::policy::Policy;
use crate::ports::{Clock as _, Store};
use crate::principal::Principal;
use crate::testing::ManualClock;
use crate::wait::ConnectionId;

/// Not those that are closed or expired, and never more than it was asked for.
pub async fn only_open_connections_are_counted(store: Arc<dyn Store>, clock: Arc<ManualClock>) {
    const MANY: usize = 30;
    let count = async |limit| store.count_connections(limit).await.unwrap();
    assert_eq!(count(MANY).await, 0);
    let mut versions = Vec::new();
    for place in 0..MANY {
        clock.advance(Duration::from_secs(1));
        let connection = opened(&format!("connection-{place}"), &clock);
        let version = connection.store(&store, None).await;
        versions.push((connection, version));
    }
    settles("all are open", MANY, async || count(MANY * 2).await).await;
    settles("some are enough", 4, async || count(4).await).await;
    for (connection, version) in versions.drain(..10) {
        let closed = Connection { closed_at: Some(clock.now()), ..connection };
        closed.store(&store, Some(version)).await;
    }
    settles("ten are closed", MANY - 10, async || count(MANY).await).await;
    clock.advance(Policy::CONNECTION_KEPT);
    settles("none is left", 0, async || count(MANY).await).await;
}

fn opened(id: &str, clock: &ManualClock) -> Connection {
    let owner = Principal("111122223333:role/x".to_owned());
    Connection::opened(ConnectionId::parse(id).unwrap(), owner, clock.now())
}
