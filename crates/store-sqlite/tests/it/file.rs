//! The file: whose it is, which files are refused, and what errors say.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use sagebell_monitor::ports::{Clock as _, Store as _, StoreError};
use sagebell_monitor::testing::ManualClock;
use sagebell_store_sqlite::SqliteStore;
use tokio_rusqlite::rusqlite::Connection;

use crate::samples::{arn, job, key, wait};
use crate::{new_path, open};

fn refusal(path: &Path) -> String {
    match SqliteStore::open(path, Arc::new(ManualClock::default())) {
        Err(StoreError::Terminal(text)) => text,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("opened {}", path.display()),
    }
}

#[tokio::test]
async fn every_file_is_its_owners_only() {
    let (dir, path) = new_path();
    let clock = Arc::new(ManualClock::default());
    let store = open(&path, &clock);
    let wait = wait("j", "w", clock.now());
    store.save_wait(&wait, None).await.unwrap();
    let mut names = Vec::new();
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", entry.path());
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["sagebell.db", "sagebell.db-shm", "sagebell.db-wal"]);
}

#[tokio::test]
async fn what_was_stored_is_there_after_a_restart() {
    let (_dir, path) = new_path();
    let clock = Arc::new(ManualClock::default());
    let job = job("j", clock.now());
    let store = open(&path, &clock);
    store.save_job(&job, None).await.unwrap();
    drop(store);
    let found = open(&path, &clock).load_job(&job.job.arn).await.unwrap();
    assert_eq!(found.unwrap().value, job);
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let (_dir, path) = new_path();
    open(&path, &Arc::default());
    let conn = Connection::open(&path).unwrap();
    conn.pragma_update(None, "user_version", 99).unwrap();
    let text = refusal(&path);
    for part in ["sagebell.db", "version 99", "upgrade Sagebell"] {
        assert!(text.contains(part), "{text}");
    }
    let version: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 99);
}

#[test]
fn what_is_no_database_is_refused_and_left_alone() {
    let (_dir, path) = new_path();
    let text = "Dear diary, today I was mistaken for a database. ".repeat(100);
    std::fs::write(&path, &text).unwrap();
    let refused = refusal(&path);
    assert!(refused.contains("is not a SQLite database"), "{refused}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn another_applications_database_is_refused_and_left_alone() {
    let (dir, path) = new_path();
    let conn = Connection::open(&path).unwrap();
    conn.execute_batch("CREATE TABLE notes (text)").unwrap();
    let refused = refusal(&path);
    assert!(refused.contains("another application"), "{refused}");
    let mode: String = conn.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
    assert_eq!(mode, "delete");
    drop(conn);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn an_empty_file_becomes_a_database() {
    let (_dir, path) = new_path();
    std::fs::write(&path, "").unwrap();
    open(&path, &Arc::default());
    let conn = Connection::open(&path).unwrap();
    let tables: i64 =
        conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
    assert!(tables > 0);
}

#[test]
fn a_path_that_cannot_be_is_refused_with_its_name() {
    let (dir, _) = new_path();
    let missing = dir.path().join("missing").join("sagebell.db");
    assert!(refusal(&missing).contains("can't create the file"));
    assert!(refusal(dir.path()).contains(&dir.path().display().to_string()));
}

#[tokio::test]
async fn an_unreadable_document_is_named_and_not_quoted() {
    let (_dir, path) = new_path();
    let clock = Arc::new(ManualClock::default());
    let store = open(&path, &clock);
    let wait = wait("j", "the-wait", clock.now());
    store.save_wait(&wait, None).await.unwrap();
    store.save_job(&job("j", clock.now()), None).await.unwrap();
    let conn = Connection::open(&path).unwrap();
    conn.execute_batch(r#"UPDATE waits SET document = '{"secret": "hush"}'"#).unwrap();
    conn.execute_batch("UPDATE jobs SET document = '\"hush\"'").unwrap();
    let key = key("j", "the-wait");
    let all = Default::default();
    for (error, name) in [
        (store.load_wait(&key).await.err(), "the-wait"),
        (store.save_wait(&wait, None).await.err(), "the-wait"),
        (store.list_waits(&key.arn, None, 1).await.err(), "the-wait"),
        (store.load_job(&arn("j")).await.err(), "training-job/j"),
        (store.list_jobs(&all, None, 1).await.err(), "training-job/j"),
    ] {
        let Some(StoreError::Terminal(text)) = error else {
            panic!("{error:?}");
        };
        assert!(text.contains(name) && !text.contains("hush"), "{text}");
    }
}
