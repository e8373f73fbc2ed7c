//! One item: compare-and-set, and everything that was put in comes back out.

use std::sync::Arc;

use jiff::Timestamp;

use super::samples::{Item, full_connection, full_job, full_wait};
use super::{all_waits, settles};
use crate::arn::JobArn;
use crate::connection::Connection;
use crate::job::JobRecord;
use crate::ports::{Clock as _, JobFilter, Saved, Store, Version, Versioned};
use crate::principal::Principal;
use crate::testing::ManualClock;
use crate::testing::samples::{arn, connection, job, key, wait};
use crate::wait::{Channel, Wait};

type Any = Arc<dyn Store>;
type Time = Arc<ManualClock>;

/// What was never stored is `None`, and its lists are empty.
pub async fn absent_items_are_none(store: Any, clock: Time) {
    let arn = arn("nowhere");
    assert_eq!(store.load_job(&arn).await.unwrap(), None);
    assert_eq!(store.load_wait(&key(&arn, "w")).await.unwrap(), None);
    assert_eq!(connection("none", clock.now()).load(&store).await, None);
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
    check::<Connection>(&store, clock.now()).await;
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
    check::<Connection>(&store, clock.now()).await;
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
    check::<Connection>(&store, clock.now()).await;
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
    check::<Connection>(&store, clock.now()).await;
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

/// Owner, waits with and without an owner, and nanoseconds survive.
pub async fn every_field_of_a_connection_comes_back(store: Any, clock: Time) {
    let connection = full_connection(clock.now());
    let version = connection.store(&store, None).await;
    let value = connection.clone();
    assert_eq!(connection.load(&store).await, Some(Versioned { value, version }));
}

/// Every channel comes back as it was.
pub async fn a_wait_keeps_its_channel(store: Any, clock: Time) {
    let connected = connection("c=", clock.now()).channel();
    for (id, channel) in [("connection", connected), ("none", Channel::None)] {
        let wait = Wait { channel, ..wait(&arn("a-job"), id, clock.now()) };
        wait.store(&store, None).await;
        assert_eq!(wait.load(&store).await.unwrap().value, wait);
    }
}

/// A name that begins another name is another name.
pub async fn items_of_like_names_do_not_mix(store: Any, clock: Time) {
    let now = clock.now();
    let arns = ["x", "xx", "x-1", "x-10", "x--1", "x1", "1x"].map(arn);
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

/// An ARN in any case names one job and its waits; the spelling that was written
/// comes back.
pub async fn an_arn_in_any_case_names_one_item(store: Any, clock: Time) {
    let now = clock.now();
    let (written, lower) = (arn("My-Job-1"), arn("my-job-1"));
    let version = job(&written, now).with_number(7).store(&store, None).await;
    let waiting = wait(&written, "w", now);
    waiting.store(&store, None).await;
    let found = store.load_job(&lower).await.unwrap().unwrap();
    assert_eq!((found.value.number(), found.version), (7, version));
    assert_eq!(found.value.job.arn.as_str(), written.as_str());
    let found = store.load_wait(&key(&lower, "w")).await.unwrap().unwrap();
    assert_eq!(found.value.arn.as_str(), written.as_str());
    assert_eq!(all_waits(&*store, &lower, 10).await, [waiting]);
    job(&lower, now).with_number(8).store(&store, Some(version)).await;
    assert_eq!(store.load_job(&written).await.unwrap().unwrap().value.number(), 8);
}

/// A pipeline step's name is no part of an ARN of SageMaker's: its case counts.
pub async fn steps_whose_names_differ_in_case_do_not_mix(store: Any, clock: Time) {
    let run = "arn:aws:sagemaker:eu-west-1:111122223333:pipeline/P/execution/E1";
    let run = JobArn::parse(run).unwrap();
    for (number, name) in (1..).zip(["Train", "train"]) {
        let step = run.step(name).unwrap();
        job(&step, clock.now()).with_number(number).store(&store, None).await;
        assert_eq!(job(&step, clock.now()).load(&store).await.unwrap().value.number(), number);
    }
}

/// Two principals' waits of one name on one job are two.
pub async fn two_principals_may_call_their_waits_alike(store: Any, clock: Time) {
    let now = clock.now();
    let arn = arn("shared");
    let names = ["111122223333:role/a", "111122223333:role/a|b#c", "111122223333:user/x"];
    let of = |name: &str| Wait {
        owner: Principal(name.to_owned()),
        due_at: Some(now),
        ..wait(&arn, "w", now)
    };
    for (number, name) in (1..).zip(names) {
        of(name).with_number(number).store(&store, None).await;
    }
    for (number, name) in (1..).zip(names) {
        assert_eq!(of(name).load(&store).await.unwrap().value.number(), number);
    }
    for limit in [1, 2, 3, 10] {
        let listed = all_waits(&*store, &arn, limit).await;
        let owners: Vec<&str> = listed.iter().map(|wait| wait.owner.0.as_str()).collect();
        assert_eq!(owners, names, "pages of {limit}");
        let mut expected: Vec<_> = names.iter().map(|name| of(name).key()).collect();
        expected.sort();
        settles("all are due", expected, async || {
            let mut due = super::all_due(&*store, now, limit).await;
            due.sort();
            due
        })
        .await;
    }
}

/// A wait whose key does not name its owner, as 0.1.0 stored it, stays where it is,
/// beside one of the same name that does.
pub async fn a_wait_of_0_1_0_stays_under_its_key(store: Any, clock: Time) {
    let now = clock.now();
    let mut old = full_wait(now);
    old.keyed_by_owner = false;
    let mut new = old.clone();
    (new.keyed_by_owner, new.due_at) = (true, None);
    let version = old.store(&store, None).await;
    assert_eq!(store.load_wait(&new.key()).await.unwrap(), None);
    new.store(&store, None).await;
    let there = Some(Versioned { value: old.clone(), version });
    assert_eq!(store.load_wait(&new.key().before_owners()).await.unwrap(), there);
    let until = old.due_at.unwrap();
    settles("the old one is due", vec![old.key()], async || {
        super::all_due(&*store, until, 10).await
    })
    .await;
    let due = super::all_due(&*store, until, 10).await;
    assert_eq!(store.load_wait(&due[0]).await.unwrap(), there);
    old.with_number(5).store(&store, Some(version)).await;
    assert_eq!(old.load(&store).await.unwrap().value.number(), 5);
    assert_eq!(new.load(&store).await.unwrap().value, new);
}
