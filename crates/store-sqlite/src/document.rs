//! Items as JSON documents, and the compare half of compare-and-set.

use sagebell_monitor::ports::{Saved, Version, Versioned};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_rusqlite::rusqlite::{OptionalExtension as _, Params, Row, Transaction};

use crate::error::SqliteError;

/// A stored document and its version, as read.
pub(crate) struct Stored {
    version: Version,
    document: String,
}

impl Stored {
    /// From a row that begins with `version, document`.
    pub(crate) fn from_row(row: &Row<'_>) -> tokio_rusqlite::rusqlite::Result<Self> {
        let version: i64 = row.get(0)?;
        Ok(Self { version: Version(version.cast_unsigned()), document: row.get(1)? })
    }

    pub(crate) fn decode<T: DeserializeOwned>(
        self,
        name: &str,
    ) -> Result<Versioned<T>, SqliteError> {
        Ok(Versioned { value: decode(&self.document, name)?, version: self.version })
    }
}

pub(crate) fn decode<T: DeserializeOwned>(document: &str, name: &str) -> Result<T, SqliteError> {
    // serde's message may quote the document, and that may hold a secret.
    serde_json::from_str(document).map_err(|error| {
        SqliteError::terminal(format!(
            "the stored document of {name} can't be read (character {}): was it written by a newer Sagebell?",
            error.column()
        ))
    })
}

pub(crate) fn encode<T: Serialize>(item: &T, name: &str) -> Result<String, SqliteError> {
    serde_json::to_string(item)
        .map_err(|error| SqliteError::terminal(format!("{name} can't be stored: {error}")))
}

/// Says what is there, unless it is at the version expected.
pub(crate) fn conflict<T: DeserializeOwned>(
    found: Option<Stored>,
    expect: Option<Version>,
    name: &str,
) -> Result<Option<Saved<T>>, SqliteError> {
    if found.as_ref().map(|found| found.version) == expect {
        return Ok(None);
    }
    let found = found.map(|found| found.decode(name)).transpose()?;
    Ok(Some(Saved::Conflict(found)))
}

/// The next version: one sequence for all items, so that an item that was deleted and created again
/// never gets an old version.
pub(crate) fn next_version(tx: &Transaction<'_>) -> Result<i64, SqliteError> {
    const NEXT: &str = "UPDATE versions SET last = last + 1 RETURNING last";
    Ok(tx.prepare_cached(NEXT)?.query_row([], |row| row.get(0))?)
}

/// The one row that a query finds, if any.
pub(crate) fn find(
    conn: &tokio_rusqlite::rusqlite::Connection,
    sql: &str,
    params: impl Params,
) -> Result<Option<Stored>, SqliteError> {
    let mut statement = conn.prepare_cached(sql)?;
    Ok(statement.query_row(params, Stored::from_row).optional()?)
}
