//! What SQLite's errors mean for the callers of a store.

use sagebell_monitor::ports::{Cursor, StoreError};
use tokio_rusqlite::rusqlite::{Error, ErrorCode};

/// A failed call, on its way to become a [`StoreError`].
#[derive(Debug, Clone)]
pub(crate) struct SqliteError(StoreError);

impl SqliteError {
    pub(crate) fn terminal(text: impl Into<String>) -> Self {
        Self(StoreError::Terminal(text.into()))
    }

    /// The thread of the connection has ended.
    pub(crate) fn closed() -> Self {
        Self::terminal("the connection to the database is closed")
    }

    pub(crate) fn cursor(cursor: &Cursor) -> Self {
        Self(StoreError::BadCursor(cursor.0.clone()))
    }
}

impl From<Error> for SqliteError {
    fn from(error: Error) -> Self {
        let Error::SqliteFailure(failure, _) = &error else {
            return Self::terminal(format!("the database has unexpected content: {error}"));
        };
        Self(match failure.code {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
                StoreError::Retryable("another process is writing to the database".to_owned())
            }
            ErrorCode::DiskFull => {
                StoreError::Retryable("the disk that holds the database is full".to_owned())
            }
            ErrorCode::SystemIoFailure => {
                StoreError::Retryable(format!("the disk that holds the database failed: {error}"))
            }
            ErrorCode::OutOfMemory | ErrorCode::OperationInterrupted => {
                StoreError::Retryable(error.to_string())
            }
            ErrorCode::DatabaseCorrupt => StoreError::Terminal(
                "the database file is damaged: move it away and start with a new one".to_owned(),
            ),
            ErrorCode::NotADatabase => {
                StoreError::Terminal("the file is not a SQLite database".to_owned())
            }
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied => {
                StoreError::Terminal("the database file can't be written to".to_owned())
            }
            _ => StoreError::Terminal(error.to_string()),
        })
    }
}

impl From<SqliteError> for StoreError {
    fn from(fault: SqliteError) -> Self {
        fault.0
    }
}

impl From<tokio_rusqlite::Error<SqliteError>> for SqliteError {
    fn from(error: tokio_rusqlite::Error<SqliteError>) -> Self {
        match error {
            tokio_rusqlite::Error::Error(fault) => fault,
            _ => Self::closed(),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio_rusqlite::ffi;

    use super::*;

    fn mapped(code: i32) -> StoreError {
        SqliteError::from(Error::SqliteFailure(ffi::Error::new(code), None)).into()
    }

    #[test]
    fn what_may_pass_is_retryable() {
        for code in [
            ffi::SQLITE_BUSY,
            ffi::SQLITE_BUSY_SNAPSHOT,
            ffi::SQLITE_BUSY_RECOVERY,
            ffi::SQLITE_LOCKED,
            ffi::SQLITE_FULL,
            ffi::SQLITE_IOERR,
            ffi::SQLITE_IOERR_WRITE,
            ffi::SQLITE_NOMEM,
        ] {
            assert!(matches!(mapped(code), StoreError::Retryable(_)), "{code}: {:?}", mapped(code));
        }
    }

    #[test]
    fn what_stays_wrong_is_terminal() {
        for code in [
            ffi::SQLITE_CORRUPT,
            ffi::SQLITE_NOTADB,
            ffi::SQLITE_READONLY,
            ffi::SQLITE_CONSTRAINT,
            ffi::SQLITE_ERROR,
            ffi::SQLITE_CANTOPEN,
        ] {
            assert!(matches!(mapped(code), StoreError::Terminal(_)), "{code}: {:?}", mapped(code));
        }
    }
}
