//! Counters in SQL.

use sagebell_monitor::counter::CountKey;
use tokio_rusqlite::rusqlite::{Connection, Transaction, params};

use crate::database::micros;
use crate::error::SqliteError;

const ADD: &str = "
    INSERT INTO counts (principal, what, since, count, expires_at) VALUES (?1, ?2, ?3, 1, ?4)
    ON CONFLICT (principal, what, since) DO UPDATE SET count = count + 1
    RETURNING count";

const SUM: &str = "
    SELECT COALESCE(SUM(count), 0) FROM counts WHERE principal = ?1 AND what = ?2 AND since >= ?3";

const PURGE: &str = "
    DELETE FROM counts WHERE rowid IN
        (SELECT rowid FROM counts WHERE expires_at <= ?1 LIMIT ?2)";

/// Adds one and says what the counter then is.
pub(crate) fn add(tx: &Transaction<'_>, key: &CountKey) -> Result<u64, SqliteError> {
    let row = params![key.whose, key.what, micros(key.since), micros(key.expires_at())];
    let count: i64 = tx.prepare_cached(ADD)?.query_row(row, |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

/// Adds up a counter and those of later windows.
pub(crate) fn sum(conn: &Connection, from: &CountKey) -> Result<u64, SqliteError> {
    let row = params![from.whose, from.what, micros(from.since)];
    let sum: i64 = conn.prepare_cached(SUM)?.query_row(row, |row| row.get(0))?;
    Ok(sum.unsigned_abs())
}

pub(crate) fn purge(tx: &Transaction<'_>, now: i64, most: u32) -> Result<u64, SqliteError> {
    let gone = tx.prepare_cached(PURGE)?.execute(params![now, most])?;
    Ok(gone as u64)
}
