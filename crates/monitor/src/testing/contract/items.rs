//! One item: compare-and-set, and everything that was put in comes back out.

use std::sync::Arc;

use jiff::Timestamp;

use super::samples::{Item, full_job, full_wait};
use super::{all_waits, settles};
use crate::job::JobRecord;
use crate::ports::{Clock as _, JobFilter, Saved, Store, Version, Versioned};
use crate::testing::ManualClock;
use crate::testing::samples::{arn, job, key, wait};
use crate::wait::Wait;

type Any = Arc<dyn Store>;
type Time = Arc<ManualClock>;

/// What was never stored is `None`, and its lists are empty.
pub async fn absent_items_are_none(store: Any, clock: Time) {
    let arn = arn("nowhere");
    assert_eq!(store.load_job(&arn).await.unwrap(), None);
    assert_eq!(store.load_wait(&key(&arn, "w")).await.unwrap(), None);
    assert_eq!(all_waits(&*store, &arn, 10).await, []);
    let all = JobFilter::default();
    assert_eq!(super::all_jobs(&*store, &all, 10).await, []);
    assert_eq!(super::all_due(&*store, clock.now(), 10).await, []);
    assert_eq!(store.purge_expired().await.unwrap(), 0);
}

/// A second create is told what is there and changes nothing.
pub async fn an_item_is_created_once(store: Any, clock: Time) {
    async fn check<T: Item>(store: &Any, now: Timestamp) {
        let first = T::sample("once", now).with_number(1);
        let version = first.store(store, None).await;
        let there = Some(Versioned { value: first.clone(), version });
        assert_eq!(first.load(store).await, there);
        let second = first.with_number(2);
        assert_eq!(second.save(store, None).await, Saved::Conflict(there.clone()));
        assert_eq!(first.load(store).await, there);
    }
    check::<JobRecord>(&store, clock.now()).await;
    check::<Wait>(&store, clock.now()).await;
}

/// Every write gives the item a version it never had.
pub async fn a_save_at_the_current_version_changes_it(store: Any, clock: Time) {
    async fn check<T: Item>(store: &Any, now: Timestamp) {
        let item = T::sample("changing", now);
        let mut versions = vec![item.store(store, None).await];
        for number in 1..=20 {
            let item = item.with_number(number);
            let version = item.store(store, versions.last().copied()).await;
            assert!(!versions.contains(&version), "{version:?} came back");
            versions.push(version);
            let value = item.clone();
            assert_eq!(item.load(store).await, Some(Versioned { value, version }));
        }
        // The same value again is a write like any other.
        let last = item.with_number(20);
        let again = last.store(store, versions.last().copied()).await;
        assert!(!versions.contains(&again));
    }
    check::<JobRecord>(&store, clock.now()).await;
    check::<Wait>(&store, clock.now()).await;
}

/// A write at an older version is told what is there and changes nothing.
pub async fn a_stale_version_conflicts_and_writes_nothing(store: Any, clock: Time) {
    async fn check<T: Item>(store: &Any, now: Timestamp) {
        let item = T::sample("stale", now);
        let old = item.store(store, None).await;
        let value = item.with_number(1);
        let version = value.store(store, Some(old)).await;
        let there = Some(Versioned { value, version });
        for expect in [Some(old), Some(Version(u64::MAX)), None] {
            let lost = item.with_number(2).save(store, expect).await;
            assert_eq!(lost, Saved::Conflict(there.clone()), "{expect:?}");
            assert_eq!(item.load(store).await, there);
        }
    }
    check::<JobRecord>(&store, clock.now()).await;
    check::<Wait>(&store, clock.now()).await;
}

/// A write that expects a version where nothing is conflicts with nothing.
pub async fn an_absent_item_has_no_version(store: Any, clock: Time) {
    async fn check<T: Item>(store: &Any, now: Timestamp) {
        let item = T::sample("absent", now);
        for version in [0, 1, u64::MAX].map(Version) {
            assert_eq!(item.save(store, Some(version)).await, Saved::Conflict(None));
            assert_eq!(item.load(store).await, None);
        }
    }
    check::<JobRecord>(&store, clock.now()).await;
    check::<Wait>(&store, clock.now()).await;
}

/// Timeline, reasons, Unicode, control characters and nanoseconds survive.
pub async fn every_field_of_a_job_comes_back(store: Any, clock: Time) {
    let record = full_job(clock.now());
    let version = record.store(&store, None).await;
    let value = record.clone();
    assert_eq!(record.load(&store).await, Some(Versioned { value, version }));
    settles("the listed job", vec![record.job.clone()], async || {
        super::all_jobs(&*store, &JobFilter::default(), 10).await
    })
    .await;
    for run in &record.runs {
        let filter = JobFilter { run: Some(run.clone()), ..JobFilter::default() };
        settles("the job by its run", vec![record.job.clone()], async || {
            super::all_jobs(&*store, &filter, 10).await
        })
        .await;
    }
}

/// Secret, labels, delivery, Unicode and nanoseconds survive.
pub async fn every_field_of_a_wait_comes_back(store: Any, clock: Time) {
    let wait = full_wait(clock.now());
    let version = wait.store(&store, None).await;
    let value = wait.clone();
    assert_eq!(wait.load(&store).await, Some(Versioned { value, version }));
    assert_eq!(all_waits(&*store, &wait.arn, 10).await, [wait]);
}

/// A name that begins another name is another name; so is another case of it.
pub async fn items_of_like_names_do_not_mix(store: Any, clock: Time) {
    let now = clock.now();
    let arns = ["x", "X", "x-1", "x-10", "x%", "x_1", "x|1", "x#1"].map(arn);
    for (number, arn) in (1..).zip(&arns) {
        job(arn, now).with_number(number).store(&store, None).await;
        for id in ["w", "W", "w-1"] {
            wait(arn, id, now).with_number(number).store(&store, None).await;
        }
    }
    for (number, arn) in (1..).zip(&arns) {
        let found = job(arn, now).load(&store).await.unwrap().value;
        assert_eq!((&found.job.arn, found.number()), (arn, number));
        let waits = all_waits(&*store, arn, 2).await;
        let ids: Vec<_> = waits.iter().map(|wait| wait.id.as_str()).collect();
        assert_eq!(ids, ["W", "w", "w-1"]);
        assert!(waits.iter().all(|wait| wait.number() == number));
    }
}
