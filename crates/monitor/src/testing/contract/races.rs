//! Many at once: one writer wins, no write is lost, and of two that write first
//! and read then, one sees the other.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::samples::Item;
use crate::job::JobRecord;
use crate::ports::{Clock as _, Saved, Store, Version, Versioned};
use crate::testing::ManualClock;
use crate::testing::samples::{arn, job, wait};
use crate::wait::Wait;

type Any = Arc<dyn Store>;
type Time = Arc<ManualClock>;

const WRITERS: u32 = 12;
const COUNTERS: u32 = 6;
const COUNTS: u32 = 20;
const REGISTRATIONS: u32 = 150;

/// Of many that create one item, one does; the others are told of it.
pub async fn one_of_many_creators_wins(store: Any, clock: Time) {
    for round in 0..5 {
        let name = format!("created-{round}");
        race(&store, &JobRecord::sample(&name, clock.now()), None).await;
        race(&store, &Wait::sample(&name, clock.now()), None).await;
    }
}

/// Of many that change one version, one does; the others are told of it.
pub async fn one_of_many_writers_wins(store: Any, clock: Time) {
    async fn check<T: Item>(store: &Any, now: Timestamp) {
        let item = T::sample("changed", now);
        let mut version = item.store(store, None).await;
        for _ in 0..5 {
            version = race(store, &item, Some(version)).await;
        }
    }
    check::<JobRecord>(&store, clock.now()).await;
    check::<Wait>(&store, clock.now()).await;
}

/// Lets all write at once; the winner's version.
async fn race<T: Item>(store: &Any, item: &T, expect: Option<Version>) -> Version {
    let start = Arc::new(Barrier::new(WRITERS as usize));
    let mut writers = JoinSet::new();
    for number in 1..=WRITERS {
        let (store, start) = (store.clone(), start.clone());
        let item = item.with_number(number);
        writers.spawn(async move {
            start.wait().await;
            let saved = item.save(&store, expect).await;
            (item, saved)
        });
    }
    let (mut won, mut lost) = (Vec::new(), Vec::new());
    for (value, saved) in writers.join_all().await {
        match saved {
            Saved::Stored(version) => won.push(Versioned { value, version }),
            Saved::Conflict(found) => lost.push(found),
        }
    }
    assert_eq!(won.len(), 1, "{won:?}");
    let winner = won.remove(0);
    assert!(lost.iter().all(|found| found.as_ref() == Some(&winner)));
    assert_eq!(item.load(store).await.as_ref(), Some(&winner));
    winner.version
}

/// Read, add one, write, again on conflict: not one count is lost or doubled.
pub async fn a_counter_counted_by_many_is_exact(store: Any, clock: Time) {
    async fn check<T: Item>(store: &Any, now: Timestamp) {
        let item = T::sample("counter", now).with_number(0);
        item.store(store, None).await;
        let mut counters = JoinSet::new();
        for _ in 0..COUNTERS {
            let (store, item) = (store.clone(), item.clone());
            counters.spawn(async move {
                for _ in 0..COUNTS {
                    count(&store, &item).await;
                }
            });
        }
        counters.join_all().await;
        let counted = item.load(store).await.unwrap().value;
        assert_eq!(counted.number(), COUNTERS * COUNTS);
    }
    check::<JobRecord>(&store, clock.now()).await;
    check::<Wait>(&store, clock.now()).await;
}

async fn count<T: Item>(store: &Any, item: &T) {
    let mut found = item.load(store).await.unwrap();
    // Every conflict is another's success, so there can be only so many.
    for _ in 0..=COUNTERS * COUNTS {
        let next = found.value.with_number(found.value.number() + 1);
        match next.save(store, Some(found.version)).await {
            Saved::Stored(_) => return,
            Saved::Conflict(current) => found = current.unwrap(),
        }
    }
    panic!("conflicts without a winner");
}

/// Register writes the wait and then reads the job; record writes the job and
/// then reads the waits: whatever the order, one of them sees the other.
pub async fn a_registration_and_a_record_never_miss_each_other(store: Any, clock: Time) {
    let now = clock.now();
    for round in 0..REGISTRATIONS {
        let arn = arn(&format!("race-{round}"));
        let start = Arc::new(Barrier::new(2));
        let register = {
            let (store, arn, start) = (store.clone(), arn.clone(), start.clone());
            tokio::spawn(async move {
                start.wait().await;
                wait(&arn, "w", now).store(&store, None).await;
                store.load_job(&arn).await.unwrap().is_some()
            })
        };
        let record = tokio::spawn({
            let store = store.clone();
            async move {
                start.wait().await;
                job(&arn, now).store(&store, None).await;
                let page = store.list_waits(&arn, None, 10).await.unwrap();
                !page.items.is_empty()
            }
        });
        let (saw_job, saw_wait) = (register.await.unwrap(), record.await.unwrap());
        assert!(saw_job || saw_wait, "round {round}: neither saw the other");
    }
}
