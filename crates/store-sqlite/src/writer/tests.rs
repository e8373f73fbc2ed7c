//! Writes that share a transaction. The first one holds the thread, so that the others wait.

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use futures::FutureExt as _;
use sagebell_monitor::ports::StoreError;
use tempfile::TempDir;

use super::*;

type Written = Pin<Box<dyn Future<Output = Result<(), SqliteError>> + Send>>;

/// A file with one table, its writer, and somebody else who reads it.
struct File {
    _folder: TempDir,
    writer: Arc<Writer>,
    other: Connection,
}

impl File {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f.db");
        let writer = Arc::new(Writer::start(connection(&path)));
        Self { writer, other: connection(&path), _folder: folder }
    }

    /// Sends a write, and lets it wait for its turn.
    fn send(
        &self,
        write: impl FnOnce(&Transaction<'_>) -> Result<(), SqliteError> + Send + 'static,
    ) -> Written {
        let writer = Arc::clone(&self.writer);
        let mut sent: Written = Box::pin(async move { writer.write(write).await });
        assert!((&mut sent).now_or_never().is_none());
        sent
    }

    /// Holds the thread until the sender is dropped. Returns once the thread is held.
    fn hold(&self) -> (mpsc::Sender<()>, Written) {
        let (release, held) = mpsc::channel();
        let (say, begun) = mpsc::channel();
        let holds = self.send(move |_| {
            say.send(()).unwrap();
            assert!(held.recv().is_err());
            Ok(())
        });
        begun.recv().unwrap();
        (release, holds)
    }

    fn rows(&self) -> Vec<i64> {
        let mut rows = self.other.prepare("SELECT id FROM rows ORDER BY id").unwrap();
        let rows = rows.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }
}

fn connection(path: &Path) -> Connection {
    let conn = Connection::open(path).unwrap();
    conn.busy_timeout(Duration::ZERO).unwrap();
    conn.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA foreign_keys = ON;
         CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, below INTEGER REFERENCES rows (id));
         CREATE TABLE IF NOT EXISTS texts (text TEXT)",
    )
    .unwrap();
    conn
}

/// Writes a row.
fn row(id: i64) -> impl FnOnce(&Transaction<'_>) -> Result<(), SqliteError> + Send {
    move |tx| Ok(tx.execute("INSERT INTO rows (id) VALUES (?1)", [id]).map(drop)?)
}

/// Writes a row, and then fails.
fn row_and_failure(id: i64) -> impl FnOnce(&Transaction<'_>) -> Result<(), SqliteError> + Send {
    move |tx| {
        row(id)(tx)?;
        Err(SqliteError::terminal("its own failure"))
    }
}

#[tokio::test]
async fn writes_that_wait_are_committed_together_and_answered_after_that() {
    let file = File::new();
    let (release, holds) = file.hold();
    let mut first = file.send(row(1));
    let (let_go, waits) = mpsc::channel::<()>();
    let (say, begun) = mpsc::channel();
    let second = file.send(move |tx| {
        say.send(()).unwrap();
        assert!(waits.recv().is_err());
        row(2)(tx)
    });
    drop(release);
    holds.await.unwrap();
    begun.recv().unwrap();
    // The first was written by now, in the same transaction as the second.
    assert!((&mut first).now_or_never().is_none());
    assert!(file.rows().is_empty());
    drop(let_go);
    first.await.unwrap();
    assert_eq!(file.rows(), [1, 2]);
    second.await.unwrap();
}

#[tokio::test]
async fn a_write_that_fails_is_undone_alone() {
    let file = File::new();
    let (release, holds) = file.hold();
    let good = [1, 3].map(|id| file.send(row(id)));
    let bad = file.send(row_and_failure(2));
    let twice = file.send(row(1));
    let last = file.send(row(4));
    drop(release);
    holds.await.unwrap();
    for written in good.into_iter().chain([last]) {
        written.await.unwrap();
    }
    let failure = StoreError::from(bad.await.unwrap_err()).to_string();
    assert!(failure.contains("its own failure"), "{failure}");
    let failure = StoreError::from(twice.await.unwrap_err()).to_string();
    assert!(failure.contains("UNIQUE"), "{failure}");
    assert_eq!(file.rows(), [1, 3, 4]);
}

#[tokio::test]
async fn whoever_stops_waiting_neither_stops_the_write_nor_the_others() {
    let file = File::new();
    let (release, holds) = file.hold();
    drop(file.send(row(1)));
    let second = file.send(row(2));
    drop(release);
    holds.await.unwrap();
    second.await.unwrap();
    assert_eq!(file.rows(), [1, 2]);
}

#[tokio::test]
async fn if_the_commit_fails_nobody_is_told_otherwise() {
    let file = File::new();
    let (release, holds) = file.hold();
    let one = file.send(row(1));
    // What it refers to is missing when the transaction ends.
    let broken = file.send(|tx| {
        tx.execute_batch("PRAGMA defer_foreign_keys = ON")?;
        Ok(tx.execute("INSERT INTO rows (id, below) VALUES (2, 99)", []).map(drop)?)
    });
    let own = file.send(row_and_failure(3));
    let last = file.send(row(4));
    drop(release);
    holds.await.unwrap();
    for written in [one, broken, last] {
        let failure = StoreError::from(written.await.unwrap_err()).to_string();
        assert!(failure.contains("FOREIGN KEY"), "{failure}");
    }
    let failure = StoreError::from(own.await.unwrap_err()).to_string();
    assert!(failure.contains("its own failure"), "{failure}");
    assert!(file.rows().is_empty());
    file.writer.write(row(5)).await.unwrap();
    assert_eq!(file.rows(), [5]);
}

#[tokio::test]
async fn a_full_disk_fails_those_before_and_behind_and_all_may_try_again() {
    let file = File::new();
    let full = "PRAGMA max_page_count = 3";
    file.writer.write(|tx| Ok(tx.query_row(full, [], |_| Ok(()))?)).await.unwrap();
    let (release, holds) = file.hold();
    let one = file.send(row(1));
    let large = file.send(|tx| {
        let text = "x".repeat(100_000);
        Ok(tx.execute("INSERT INTO texts VALUES (?1)", [text]).map(drop)?)
    });
    let last = file.send(row(2));
    drop(release);
    holds.await.unwrap();
    for written in [one, large, last] {
        let failure = StoreError::from(written.await.unwrap_err());
        assert!(matches!(failure, StoreError::Retryable(_)), "{failure:?}");
        assert!(failure.to_string().contains("full"), "{failure}");
    }
    assert!(file.rows().is_empty());
    file.writer.write(row(1)).await.unwrap();
    assert_eq!(file.rows(), [1]);
}

#[tokio::test]
async fn a_transaction_that_does_not_begin_refuses_all_that_wait() {
    let file = File::new();
    file.other.execute_batch("BEGIN IMMEDIATE").unwrap();
    for written in [1, 2].map(|id| file.send(row(id))) {
        let failure = StoreError::from(written.await.unwrap_err());
        assert!(matches!(failure, StoreError::Retryable(_)), "{failure:?}");
    }
    file.other.execute_batch("ROLLBACK").unwrap();
    file.writer.write(row(3)).await.unwrap();
    assert_eq!(file.rows(), [3]);
}

#[tokio::test]
async fn more_than_one_batch_waits_and_all_is_written() {
    let file = File::new();
    let (release, holds) = file.hold();
    let many = i64::try_from(BATCH).unwrap() * 2 + 1;
    let waiting: Vec<Written> = (0..many).map(|id| file.send(row(id))).collect();
    drop(release);
    holds.await.unwrap();
    for written in waiting {
        written.await.unwrap();
    }
    assert_eq!(file.rows(), Vec::from_iter(0..many));
}
