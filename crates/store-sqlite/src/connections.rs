//! Connections in SQL.

use sagebell_monitor::connection::Connection as Held;
use sagebell_monitor::ports::{Saved, Version, Versioned};
use sagebell_monitor::wait::ConnectionId;
use tokio_rusqlite::rusqlite::{Connection, Transaction, params};

use crate::database::micros;
use crate::document::{conflict, encode, find, next_version};
use crate::error::SqliteError;

const FIND: &str = "SELECT version, document FROM connections WHERE id = ?1 AND expires_at > ?2";

const UPSERT: &str = "
    INSERT INTO connections (id, version, expires_at, document) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (id) DO UPDATE SET version = excluded.version,
        expires_at = excluded.expires_at, document = excluded.document";

const COUNT_OPEN: &str = "
    SELECT COUNT(*) FROM (SELECT 1 FROM connections
        WHERE expires_at > ?1 AND document ->> 'closed_at' IS NULL LIMIT ?2)";

const PURGE: &str = "
    DELETE FROM connections WHERE rowid IN
        (SELECT rowid FROM connections WHERE expires_at <= ?1 LIMIT ?2)";

fn name(id: &ConnectionId) -> String {
    format!("connection {id}")
}

pub(crate) fn load(
    conn: &Connection,
    id: &ConnectionId,
    now: i64,
) -> Result<Option<Versioned<Held>>, SqliteError> {
    let found = find(conn, FIND, params![id.as_str(), now])?;
    found.map(|found| found.decode(&name(id))).transpose()
}

pub(crate) fn save(
    tx: &Transaction<'_>,
    held: &Held,
    expect: Option<Version>,
    now: i64,
) -> Result<Saved<Held>, SqliteError> {
    let (id, name) = (held.id.as_str(), name(&held.id));
    let found = find(tx, FIND, params![id, now])?;
    if let Some(conflict) = conflict(found, expect, &name)? {
        return Ok(conflict);
    }
    let version = next_version(tx)?;
    let document = encode(held, &name)?;
    tx.prepare_cached(UPSERT)?.execute(params![id, version, micros(held.expires_at), document])?;
    Ok(Saved::Stored(Version(version.cast_unsigned())))
}

pub(crate) fn count_open(conn: &Connection, limit: usize, now: i64) -> Result<usize, SqliteError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let count: i64 =
        conn.prepare_cached(COUNT_OPEN)?.query_row(params![now, limit], |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or_default())
}

pub(crate) fn purge(tx: &Transaction<'_>, now: i64, most: u32) -> Result<u64, SqliteError> {
    let gone = tx.prepare_cached(PURGE)?.execute(params![now, most])?;
    Ok(gone as u64)
}
