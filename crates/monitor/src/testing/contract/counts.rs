//! Counters: atomic, and apart by whose they are, what is counted and when.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;

use super::settles;
use crate::counter::CountKey;
use crate::ports::{Clock as _, Store};
use crate::testing::ManualClock;
use crate::time::later;

const WINDOW: Duration = Duration::from_secs(60);

fn key(whose: &str, what: &'static str, clock: &ManualClock) -> CountKey {
    CountKey::at(whose, what, WINDOW, clock.now())
}

/// Each caller is told a number of its own.
pub async fn adds_of_many_at_once_are_all_counted(store: Arc<dyn Store>, clock: Arc<ManualClock>) {
    const MANY: u64 = 20;
    let key = key("111122223333:role/x", "waits", &clock);
    let adds = (0..MANY).map(|_| {
        let (store, key) = (Arc::clone(&store), key.clone());
        tokio::spawn(async move { store.count(&key).await.unwrap() })
    });
    let values: BTreeSet<u64> = join_all(adds).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(values, (1..=MANY).collect());
}

/// Also where names begin alike.
pub async fn whose_what_and_windows_are_counted_apart(
    store: Arc<dyn Store>,
    clock: Arc<ManualClock>,
) {
    let all = |clock: &ManualClock| {
        ["a:role/x", "a:role/x#waits", "a:role/X"]
            .into_iter()
            .flat_map(|who| ["waits", "unseen"].map(|what| key(who, what, clock)))
            .collect::<Vec<_>>()
    };
    for expected in [1, 2] {
        for key in all(&clock) {
            assert_eq!(store.count(&key).await.unwrap(), expected, "{key:?}");
        }
    }
    for key in all(&clock) {
        let next = CountKey::at(key.whose.clone(), key.what, WINDOW, key.until());
        assert_eq!(store.count(&next).await.unwrap(), 1, "{next:?}");
    }
}

/// Purging leaves it there until its time is over.
pub async fn a_counter_is_kept_through_its_window(store: Arc<dyn Store>, clock: Arc<ManualClock>) {
    let key = key("111122223333:role/x", "waits", &clock);
    assert_eq!(store.count(&key).await.unwrap(), 1);
    clock.set(key.until());
    store.purge_expired().await.unwrap();
    assert_eq!(store.count(&key).await.unwrap(), 2);
}

/// It has the counters of its name from its own window on, and no others.
pub async fn a_sum_begins_with_its_window(store: Arc<dyn Store>, clock: Arc<ManualClock>) {
    let at = |window: u64| {
        CountKey::at("us-east-1", "list", WINDOW, later(clock.now(), WINDOW * window as u32))
    };
    for (window, times) in [(0, 1), (1, 2), (2, 4), (11, 8)] {
        for _ in 0..times {
            store.count(&at(window)).await.unwrap();
        }
    }
    for other in [key("us-east-1", "stop", &clock), key("us-east-1#list", "list", &clock)] {
        store.count(&other).await.unwrap();
    }
    for (from, sum) in [(0, 15), (1, 14), (2, 12), (3, 8), (11, 8), (12, 0)] {
        let what = format!("from window {from} on");
        settles(&what, sum, async || store.sum_counts(&at(from)).await.unwrap()).await;
    }
}
