//! What is past its keeping is gone, at once and everywhere, whether or not the
//! store has thrown it away yet.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::samples::{Item, millis};
use super::{all_due, all_jobs, all_waits, settles};
use crate::job::JobRecord;
use crate::ports::{Clock as _, JobFilter, Saved, Store, Version, Versioned};
use crate::testing::ManualClock;
use crate::testing::samples::{LIFE, arn, connection, job, key, wait};
use crate::time::later;
use crate::wait::Wait;

type Any = Arc<dyn Store>;
type Time = Arc<ManualClock>;

/// A millisecond less than a sample's life.
fn almost() -> Duration {
    LIFE.checked_sub(millis(1)).unwrap()
}

async fn jobs_are(store: &Any, expected: &[&JobRecord]) {
    let expected: Vec<_> = expected.iter().map(|record| record.job.clone()).collect();
    let run = |run: &str| JobFilter { run: Some(run.to_owned()), ..JobFilter::default() };
    for filter in [JobFilter::default(), run("a-run")] {
        settles(&format!("{filter:?}"), expected.clone(), async || {
            all_jobs(&**store, &filter, 10).await
        })
        .await;
    }
}

fn job_of_a_run(name: &str, now: Timestamp) -> JobRecord {
    let mut record = job(&arn(name), now);
    record.runs = vec!["a-run".to_owned()];
    record
}

/// A job is there to the last, and gone when its `expires_at` has come.
pub async fn an_expired_job_is_gone(store: Any, clock: Time) {
    let brief = job_of_a_run("brief", clock.now());
    let mut lasting = job_of_a_run("lasting", later(clock.now(), millis(1)));
    lasting.expires_at = later(clock.now(), LIFE * 2);
    let version = brief.store(&store, None).await;
    lasting.store(&store, None).await;
    clock.advance(almost());
    assert!(brief.load(&store).await.is_some());
    jobs_are(&store, &[&lasting, &brief]).await;
    clock.advance(millis(1));
    assert_eq!(brief.load(&store).await, None);
    jobs_are(&store, &[&lasting]).await;
    let late = brief.save(&store, Some(version)).await;
    assert_eq!(late, Saved::Conflict(None));
}

/// A connection is there to the last, and gone when its `expires_at` has come.
pub async fn an_expired_connection_is_gone(store: Any, clock: Time) {
    let brief = connection("brief", clock.now());
    let version = brief.store(&store, None).await;
    clock.advance(almost());
    assert!(brief.load(&store).await.is_some());
    clock.advance(millis(1));
    assert_eq!(brief.load(&store).await, None);
    assert_eq!(brief.save(&store, Some(version)).await, Saved::Conflict(None));
    let purged = store.purge_expired().await.unwrap();
    assert!(purged <= 1, "{purged}");
    brief.clone().save(&store, None).await;
}

/// A wait is there to the last, and gone from every list when its `expires_at`
/// has come, due or not.
pub async fn an_expired_wait_is_gone(store: Any, clock: Time) {
    let job = arn("a-job");
    let mut brief = wait(&job, "brief", clock.now());
    let mut lasting = wait(&job, "lasting", clock.now());
    lasting.expires_at = later(clock.now(), LIFE * 2);
    for wait in [&mut brief, &mut lasting] {
        wait.due_at = Some(clock.now());
    }
    let version = brief.store(&store, None).await;
    lasting.store(&store, None).await;
    clock.advance(almost());
    assert!(brief.load(&store).await.is_some());
    assert_eq!(all_waits(&*store, &job, 10).await.len(), 2);
    settles("both are due", 2, async || all_due(&*store, clock.now(), 10).await.len()).await;
    clock.advance(millis(1));
    assert_eq!(brief.load(&store).await, None);
    let only = vec![lasting.clone()];
    assert_eq!(all_waits(&*store, &job, 1).await, only);
    settles("one is due", vec![key(&job, "lasting")], async || {
        all_due(&*store, clock.now(), 1).await
    })
    .await;
    let late = brief.save(&store, Some(version)).await;
    assert_eq!(late, Saved::Conflict(None));
}

/// It counts as absent, purged or not, and never comes back to a version it
/// had: who read it in its former life can't write.
pub async fn an_expired_item_can_be_made_anew(store: Any, clock: Time) {
    async fn check<T: Item>(store: &Any, clock: &Time) {
        let mut versions: Vec<Version> = Vec::new();
        for purged in [false, true, false] {
            let item = T::sample("phoenix", clock.now());
            let first = item.store(store, None).await;
            let value = item.with_number(2);
            let second = value.store(store, Some(first)).await;
            for &old in &versions {
                assert!(old != first && old != second, "{old:?} came back");
                let version = second;
                let value = value.clone();
                let there = Some(Versioned { value, version });
                let late = item.save(store, Some(old)).await;
                assert_eq!(late, Saved::Conflict(there));
            }
            versions.extend([first, second]);
            clock.advance(LIFE);
            assert_eq!(item.load(store).await, None);
            if purged {
                store.purge_expired().await.unwrap();
            }
        }
    }
    check::<JobRecord>(&store, &clock).await;
    check::<Wait>(&store, &clock).await;
}

/// A write with a later `expires_at` keeps the item; one with an earlier ends it.
pub async fn an_item_written_anew_lives_on(store: Any, clock: Time) {
    let mut wait = wait(&arn("a-job"), "w", clock.now());
    let version = wait.store(&store, None).await;
    clock.advance(almost());
    wait.expires_at = later(clock.now(), LIFE);
    let version = wait.store(&store, Some(version)).await;
    clock.advance(almost());
    store.purge_expired().await.unwrap();
    let value = wait.clone();
    assert_eq!(wait.load(&store).await, Some(Versioned { value, version }));
    wait.expires_at = clock.now();
    wait.store(&store, Some(version)).await;
    assert_eq!(wait.load(&store).await, None);
}

/// The count is exact, or 0 where the store has its own way of forgetting.
pub async fn purging_takes_the_expired_and_nothing_else(store: Any, clock: Time) {
    let now = clock.now();
    let lasting = job_of_a_run("lasting", later(now, LIFE));
    lasting.store(&store, None).await;
    let mut kept = wait(&lasting.job.arn, "kept", now);
    kept.expires_at = later(now, LIFE * 2);
    kept.due_at = Some(now);
    kept.store(&store, None).await;
    for number in 0..5 {
        let record = job_of_a_run(&format!("brief-{number}"), now);
        record.store(&store, None).await;
        let id = format!("w-{number}");
        for arn in [&record.job.arn, &lasting.job.arn] {
            wait(arn, &id, now).store(&store, None).await;
        }
    }
    assert_eq!(store.purge_expired().await.unwrap(), 0);
    clock.advance(LIFE);
    let purged = store.purge_expired().await.unwrap();
    assert!(matches!(purged, 0 | 15), "{purged} purged");
    assert_eq!(store.purge_expired().await.unwrap(), 0);
    jobs_are(&store, &[&lasting]).await;
    assert!(lasting.load(&store).await.is_some());
    assert_eq!(all_waits(&*store, &lasting.job.arn, 10).await, [kept.clone()]);
    settles("the kept one is due", vec![kept.key()], async || {
        all_due(&*store, clock.now(), 10).await
    })
    .await;
}
