//! When the sweep last ran: one item, by compare-and-set, that nothing forgets.

use std::sync::Arc;
use std::time::Duration;

use crate::heartbeat::Heartbeat;
use crate::ports::{Clock as _, Saved, Store, Version, Versioned};
use crate::testing::ManualClock;
use crate::time::later;

/// Only who read the latest one writes the next, and no time makes it go away.
pub async fn a_heartbeat_is_written_at_its_version_and_kept_for_ever(
    store: Arc<dyn Store>,
    clock: Arc<ManualClock>,
) {
    async fn save(store: &dyn Store, beat: &Heartbeat, expect: Option<Version>) -> Version {
        match store.save_heartbeat(beat, expect).await.unwrap() {
            Saved::Stored(version) => version,
            Saved::Conflict(found) => panic!("{found:?} is there"),
        }
    }
    assert_eq!(store.load_heartbeat().await.unwrap(), None);
    let first = Heartbeat::begun(clock.now());
    let old = save(&*store, &first, None).await;
    let value = Heartbeat { at: later(clock.now(), Duration::from_nanos(1)), ..first.clone() };
    let version = save(&*store, &value, Some(old)).await;
    let there = Some(Versioned { value, version });
    for expect in [None, Some(old)] {
        let late = store.save_heartbeat(&first, expect).await.unwrap();
        assert_eq!(late, Saved::Conflict(there.clone()));
    }
    clock.advance(Duration::from_secs(100 * 365 * 86_400));
    store.purge_expired().await.unwrap();
    assert_eq!(store.load_heartbeat().await.unwrap(), there);
}
