//! The embedded default store: jobs, waits, connections and the signal queue in one SQLite file, for the local stack, for tests, and for `cargo lambda watch`.
//!
//! Promises:
//!
//! - Several processes may use one file at once; every write either happened or did not, and reads
//!   see all that were answered. Writes that wait at the same time share one transaction.
//! - A process that is killed, at any time, loses nothing that was answered.
//! - A power loss or a kernel crash may lose the last writes before it (the log is
//!   synced at checkpoints, not at every commit: `synchronous=NORMAL`). The file
//!   stays sound, and the sweep looks again at every wait that is still in it.
//! - The file holds signing secrets: it is created for its owner only (0600), and
//!   so are the log and the index that SQLite keeps beside it.
//!
//! Documents keep every time as it is, to the nanosecond; lists, the due index,
//! the queue and expiry tell times apart by the microsecond.
//!
//! ```
//! use std::sync::Arc;
//!
//! use sagebell_monitor::ports::{Clock as _, Queue as _, Store as _};
//! use sagebell_monitor::testing::{ManualClock, samples};
//! use sagebell_store_sqlite::SqliteStore;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let clock = Arc::new(ManualClock::default());
//! let store = SqliteStore::open(&folder.path().join("sagebell.db"), clock.clone())?;
//!
//! let wait = samples::wait(&samples::arn("mnist"), "my-wait", clock.now());
//! store.save_wait(&wait, None).await?;
//! let stored = store.load_wait(&wait.key()).await?;
//! assert_eq!(stored.map(|stored| stored.value), Some(wait.clone()));
//!
//! let queue = store.queue();
//! queue.push(&[wait.key().into()]).await?;
//! assert_eq!(queue.len().await?, 1);
//! # Ok(())
//! # }
//! ```

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod connections;
mod counts;
mod cursor;
mod database;
mod document;
mod error;
mod heartbeat;
mod jobs;
mod queue;
mod schema;
mod store;
mod waits;
mod writer;

pub use queue::{Receipt, Received, Share, SqliteQueue, Taken};
pub use store::SqliteStore;
