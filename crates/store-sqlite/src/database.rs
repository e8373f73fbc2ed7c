//! The file and its two connections. One thread writes and one reads, so that no reader waits for a
//! writer.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use sagebell_monitor::ports::{Clock, StoreError};
use tokio::sync::Notify;
use tokio_rusqlite::rusqlite::{Connection, Error, ErrorCode, OpenFlags, Transaction};

use crate::error::SqliteError;
use crate::schema;
use crate::writer::Writer;

/// How long a call waits for another process's write before it gives up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The pause between two tries where SQLite itself does not wait.
const BUSY_PAUSE: Duration = Duration::from_millis(10);

/// Statements kept ready per connection: all that there are.
const STATEMENTS: usize = 64;

/// One at a time opens a file in this process. Creating it opens and closes it
/// once more, and closing a file drops every POSIX lock that the process has on
/// it: the locks of a connection that another thread has just opened.
static OPENING: Mutex<()> = Mutex::new(());

/// An open database.
pub(crate) struct Database {
    writer: Writer,
    reader: tokio_rusqlite::Connection,
    clock: Arc<dyn Clock>,
    /// Woken when this process has queued a message.
    pub(crate) pushed: Notify,
}

impl Database {
    pub(crate) fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let named = |what: String| format!("{}: {what}", path.display());
        let opened = open(path).map_err(|fault| match fault.into() {
            StoreError::Retryable(what) => StoreError::Retryable(named(what)),
            StoreError::Terminal(what) => StoreError::Terminal(named(what)),
            bad_cursor @ StoreError::BadCursor(_) => bad_cursor,
        });
        let (writer, reader) = opened?;
        Ok(Self {
            writer: Writer::start(writer),
            reader: reader.into(),
            clock,
            pushed: Notify::new(),
        })
    }

    /// Reads, with the present in microseconds; sees all that was committed.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection, i64) -> Result<T, SqliteError> + Send + 'static,
    ) -> Result<T, SqliteError> {
        let now = micros(self.clock.now());
        Ok(self.reader.call(move |conn| read(conn, now)).await?)
    }

    /// Writes, with the present in microseconds, in a transaction that others may share: nothing
    /// is kept if `write` fails. Who stops waiting does not stop the write.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce(&Transaction<'_>, i64) -> Result<T, SqliteError> + Send + 'static,
    ) -> Result<T, SqliteError> {
        let clock = self.clock.clone();
        // The time of the write: it may have taken seconds to get there.
        self.writer.write(move |tx| write(tx, micros(clock.now()))).await
    }
}

/// A time as the tables have it.
pub(crate) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

fn open(path: &Path) -> Result<(Connection, Connection), SqliteError> {
    let _alone = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
    // SQLite has a meaning of its own for some relative paths, as `:memory:`.
    let path =
        &std::path::absolute(path).map_err(|error| SqliteError::terminal(error.to_string()))?;
    create(path)?;
    let mut writer = connect(path)?;
    schema::check(&writer)?;
    use_write_ahead_log(&writer)?;
    schema::migrate(&mut writer)?;
    let reader = connect(path)?;
    reader.pragma_update(None, "query_only", true)?;
    Ok((writer, reader))
}

/// Makes an empty file for its owner only, unless there is a file; SQLite gives
/// its other files the same mode.
fn create(path: &Path) -> Result<(), SqliteError> {
    let mut new = OpenOptions::new();
    match new.write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(SqliteError::terminal(format!("can't create the file: {error}"))),
    }
}

fn connect(path: &Path) -> Result<Connection, SqliteError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    conn.pragma_update(None, "foreign_keys", true)?;
    conn.pragma_update(None, "synchronous", "NORMAL")?;
    Ok(conn)
}

/// SQLite does not wait here for others that open the new file as well, so this
/// does, as long as elsewhere.
fn use_write_ahead_log(conn: &Connection) -> Result<(), SqliteError> {
    let mut waited = Duration::ZERO;
    let mode: String = loop {
        let switched = conn.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0));
        match switched {
            Err(error) if is_busy(&error) && waited < BUSY_TIMEOUT => {
                std::thread::sleep(BUSY_PAUSE);
                waited += BUSY_PAUSE;
            }
            switched => break switched?,
        }
    };
    if mode == "wal" {
        return Ok(());
    }
    Err(SqliteError::terminal(format!(
        "the database can't keep a write-ahead log here (it says {mode}): use a local disk"
    )))
}

fn is_busy(error: &Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}
