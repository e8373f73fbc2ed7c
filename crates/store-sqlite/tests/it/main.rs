//! The SQLite store against the contract, and what it promises of its own: one
//! file for several processes, killed at any time, for its owner only.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sagebell_monitor::ports::{Clock, Store};
use sagebell_monitor::testing::ManualClock;
use sagebell_store_sqlite::SqliteStore;
use tempfile::TempDir;

mod file;
mod processes;
mod queue;
mod samples;
mod sharing;
mod upgrade;

async fn fresh(clock: Arc<dyn Clock>) -> (Arc<dyn Store>, TempDir) {
    let (dir, path) = new_path();
    (Arc::new(SqliteStore::open(&path, clock).unwrap()), dir)
}

sagebell_monitor::store_contract!(fresh);

/// A place for a database that is not there yet.
fn new_path() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sagebell.db");
    (dir, path)
}

fn open(path: &Path, clock: &Arc<ManualClock>) -> SqliteStore {
    SqliteStore::open(path, clock.clone()).unwrap()
}
