//! Waits in SQL.

use jiff::Timestamp;
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::ports::{Cursor, Page, Saved, Version, Versioned};
use sagebell_monitor::wait::{Wait, WaitKey};
use tokio_rusqlite::rusqlite::{Connection, Transaction, params};

use crate::cursor::{DuePosition, WaitPosition, page, resume, rows_for};
use crate::database::micros;
use crate::document::{conflict, decode, encode, find, next_version};
use crate::error::SqliteError;

const FIND: &str = "SELECT version, document FROM waits
     WHERE arn = ?1 AND id = ?2 AND owner = ?3 AND expires_at > ?4";

const UPSERT: &str = "
    INSERT INTO waits (arn, id, owner, version, due_at, expires_at, document)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT (arn, id, owner) DO UPDATE SET
        version = excluded.version, due_at = excluded.due_at,
        expires_at = excluded.expires_at, document = excluded.document";

const LIST: &str = "
    SELECT id, owner, document FROM waits
    WHERE arn = ?1 AND (id, owner) > (?2, ?3) AND expires_at > ?4
    ORDER BY id, owner LIMIT ?5";

const LIST_DUE: &str = "
    SELECT due_at, arn, id, owner FROM waits
    WHERE due_at IS NOT NULL AND due_at <= ?1 AND (due_at, arn, id, owner) > (?2, ?3, ?4, ?5)
        AND expires_at > ?6
    ORDER BY due_at, arn, id, owner LIMIT ?7";

const PURGE: &str = "
    DELETE FROM waits WHERE rowid IN
        (SELECT rowid FROM waits WHERE expires_at <= ?1 LIMIT ?2)";

fn name(arn: &str, id: &str) -> String {
    format!("wait {id} on {arn}")
}

/// The owner as the table has it.
fn owner(key: &WaitKey) -> &str {
    key.owner.as_ref().map_or("", |owner| &owner.0)
}

pub(crate) fn load(
    conn: &Connection,
    key: &WaitKey,
    now: i64,
) -> Result<Option<Versioned<Wait>>, SqliteError> {
    let (arn, id) = (key.arn.key(), key.id.as_str());
    let found = find(conn, FIND, params![arn, id, owner(key), now])?;
    found.map(|found| found.decode(&name(arn, id))).transpose()
}

pub(crate) fn save(
    tx: &Transaction<'_>,
    wait: &Wait,
    expect: Option<Version>,
    now: i64,
) -> Result<Saved<Wait>, SqliteError> {
    let key = wait.key();
    let (arn, id) = (key.arn.key(), key.id.as_str());
    let name = name(arn, id);
    let found = find(tx, FIND, params![arn, id, owner(&key), now])?;
    if let Some(conflict) = conflict(found, expect, &name)? {
        return Ok(conflict);
    }
    let version = next_version(tx)?;
    tx.prepare_cached(UPSERT)?.execute(params![
        arn,
        id,
        owner(&key),
        version,
        wait.due_at.map(micros),
        micros(wait.expires_at),
        encode(wait, &name)?,
    ])?;
    Ok(Saved::Stored(Version(version.cast_unsigned())))
}

pub(crate) fn list(
    conn: &Connection,
    arn: &JobArn,
    after: Option<&Cursor>,
    limit: usize,
    now: i64,
) -> Result<Page<Wait>, SqliteError> {
    // Without a cursor: after the empty text, which is no wait's id.
    let WaitPosition(id, owner) =
        resume(after)?.unwrap_or_else(|| WaitPosition(String::new(), String::new()));
    let mut statement = conn.prepare_cached(LIST)?;
    let mut rows = statement.query(params![arn.key(), id, owner, now, rows_for(limit)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let place = WaitPosition(row.get(0)?, row.get(1)?);
        let document: String = row.get(2)?;
        let wait: Wait = decode(&document, &name(arn.as_str(), &place.0))?;
        found.push((place, wait));
    }
    Ok(page(found, limit))
}

pub(crate) fn list_due(
    conn: &Connection,
    until: Timestamp,
    after: Option<&Cursor>,
    limit: usize,
    now: i64,
) -> Result<Page<WaitKey>, SqliteError> {
    let after: Option<DuePosition> = resume(after)?;
    // Without a cursor: after a time before all times.
    let place = after.unwrap_or_else(DuePosition::before_all);
    let mut statement = conn.prepare_cached(LIST_DUE)?;
    let DuePosition { due_at, arn, id, owner } = &place;
    let values = params![micros(until), due_at, arn, id, owner, now, rows_for(limit)];
    let mut rows = statement.query(values)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (arn, id, owner) = (row.get(1)?, row.get(2)?, row.get(3)?);
        let place = DuePosition { due_at: row.get(0)?, arn, id, owner };
        let key = place.key();
        found.push((place, key));
    }
    let page = page(found, limit);
    Ok(Page { items: page.items.into_iter().flatten().collect(), next: page.next })
}

pub(crate) fn purge(tx: &Transaction<'_>, now: i64, most: u32) -> Result<u64, SqliteError> {
    let gone = tx.prepare_cached(PURGE)?.execute(params![now, most])?;
    Ok(gone as u64)
}
