//! One file, opened several times over: by stores of one process, which SQLite
//! keeps apart as it does processes.

use std::sync::Arc;

use sagebell_monitor::ports::{
    Clock as _, Cursor, JobFilter, Saved, Store as _, StoreError, Version, Versioned,
};
use sagebell_monitor::testing::ManualClock;
use sagebell_store_sqlite::SqliteStore;
use tokio::task::JoinSet;
use tokio_rusqlite::rusqlite::Connection;

use crate::samples::{job, key, wait};
use crate::{new_path, open};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_open_a_new_file_at_once() {
    let (_dir, path) = new_path();
    let clock = Arc::new(ManualClock::default());
    let mut openers = JoinSet::new();
    for _ in 0..8 {
        let (path, clock) = (path.clone(), clock.clone());
        openers.spawn_blocking(move || open(&path, &clock));
    }
    let stores = openers.join_all().await;
    let job = job("j", clock.now());
    stores[0].save_job(&job, None).await.unwrap();
    for store in &stores {
        let found = store.load_job(&job.job.arn).await.unwrap();
        assert_eq!(found.unwrap().value, job);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn stores_on_one_file_lose_no_update() {
    const COUNTS: u32 = 60;
    let (_dir, path) = new_path();
    let clock = Arc::new(ManualClock::default());
    let first = wait("j", "counter", clock.now());
    let store = open(&path, &clock);
    store.save_wait(&first, None).await.unwrap();
    let mut counters = JoinSet::new();
    for store in [store, open(&path, &clock), open(&path, &clock)] {
        counters.spawn(async move {
            for _ in 0..COUNTS {
                count(&store).await;
            }
            store
        });
    }
    for store in counters.join_all().await {
        let found = store.load_wait(&first.key()).await.unwrap().unwrap();
        assert_eq!(found.value.checks, 3 * COUNTS);
    }
}

async fn count(store: &SqliteStore) {
    let key = key("j", "counter");
    let mut found = store.load_wait(&key).await.unwrap().unwrap();
    loop {
        found.value.checks += 1;
        let saved = store.save_wait(&found.value, Some(found.version)).await;
        match saved.unwrap() {
            Saved::Stored(_) => return,
            Saved::Conflict(current) => found = current.unwrap(),
        }
    }
}

#[tokio::test]
async fn what_one_store_writes_another_sees_at_once() {
    let (_dir, path) = new_path();
    let clock = Arc::new(ManualClock::default());
    let (one, other) = (open(&path, &clock), open(&path, &clock));
    let mut expect: Option<Version> = None;
    for number in 0..50 {
        let mut wait = wait("j", "w", clock.now());
        wait.checks = number;
        let Saved::Stored(version) = one.save_wait(&wait, expect).await.unwrap() else {
            panic!("nobody else writes");
        };
        let listed = other.list_waits(&wait.arn, None, 10).await.unwrap();
        assert_eq!(listed.items, [wait.clone()]);
        let found = other.load_wait(&wait.key()).await.unwrap();
        let value = wait;
        assert_eq!(found, Some(Versioned { value, version }));
        expect = Some(version);
    }
}

#[tokio::test]
async fn readers_do_not_wait_for_a_writer_and_writers_say_that_it_is_busy() {
    let (_dir, path) = new_path();
    let clock = Arc::new(ManualClock::default());
    let store = open(&path, &clock);
    let job = job("j", clock.now());
    store.save_job(&job, None).await.unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(store.load_job(&job.job.arn).await.unwrap().is_some());
    // This takes the five seconds of the store's patience.
    let busy = store.save_job(&job, None).await;
    assert!(matches!(busy, Err(StoreError::Retryable(_))), "{busy:?}");
    other.execute_batch("ROLLBACK").unwrap();
    let saved = store.save_job(&job, None).await.unwrap();
    assert!(matches!(saved, Saved::Conflict(Some(_))));
}

#[tokio::test]
async fn due_waits_come_the_longest_due_first() {
    let (_dir, path) = new_path();
    let clock = Arc::new(ManualClock::default());
    let store = open(&path, &clock);
    let now = clock.now();
    for number in 0..60 {
        let mut wait = wait(&format!("j-{}", number % 7), &format!("w-{number}"), now);
        let micros = std::time::Duration::from_micros(number * 7 % 60);
        wait.due_at = Some(now.checked_sub(micros).unwrap());
        store.save_wait(&wait, None).await.unwrap();
    }
    let (mut times, mut after) = (Vec::new(), None::<Cursor>);
    loop {
        let page = store.list_due(now, after.as_ref(), 7).await.unwrap();
        for key in &page.items {
            let found = store.load_wait(key).await.unwrap().unwrap();
            times.push(found.value.due_at.unwrap());
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(times.len(), 60);
    assert!(times.is_sorted());
}

#[tokio::test]
async fn the_cursor_of_another_list_is_refused() {
    let (_dir, path) = new_path();
    let clock = Arc::new(ManualClock::default());
    let store = open(&path, &clock);
    let all = JobFilter::default();
    for id in ["1", "2"] {
        let mut wait = wait("j", id, clock.now());
        wait.due_at = Some(clock.now());
        store.save_wait(&wait, None).await.unwrap();
        store.save_job(&job(id, clock.now()), None).await.unwrap();
    }
    let arn = key("j", "1").arn;
    let jobs = store.list_jobs(&all, None, 1).await.unwrap().next;
    let waits = store.list_waits(&arn, None, 1).await.unwrap().next;
    let due = store.list_due(clock.now(), None, 1).await.unwrap().next;
    for wrong in [&waits, &due] {
        let list = store.list_jobs(&all, wrong.as_ref(), 1).await;
        assert!(matches!(list, Err(StoreError::BadCursor(_))), "{wrong:?}");
    }
    for wrong in [&jobs, &due] {
        let list = store.list_waits(&arn, wrong.as_ref(), 1).await;
        assert!(matches!(list, Err(StoreError::BadCursor(_))), "{wrong:?}");
    }
    for wrong in [&jobs, &waits] {
        let list = store.list_due(clock.now(), wrong.as_ref(), 1).await;
        assert!(matches!(list, Err(StoreError::BadCursor(_))), "{wrong:?}");
    }
}

#[tokio::test]
async fn more_is_purged_than_one_transaction_takes() {
    let (_dir, path) = new_path();
    let clock = Arc::new(ManualClock::default());
    let store = open(&path, &clock);
    let conn = Connection::open(&path).unwrap();
    conn.execute_batch(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)
         INSERT INTO waits SELECT 'an-arn', 'w-' || i, 'me', i, NULL, 1, '' FROM n",
    )
    .unwrap();
    assert_eq!(store.purge_expired().await.unwrap(), 1_200);
    assert_eq!(store.purge_expired().await.unwrap(), 0);
}
