//! When the sweep last ran, in SQL.

use sagebell_monitor::heartbeat::Heartbeat;
use sagebell_monitor::ports::{Saved, Version, Versioned};
use tokio_rusqlite::rusqlite::{Connection, Transaction, params};

use crate::document::{conflict, encode, find, next_version};
use crate::error::SqliteError;

const FIND: &str = "SELECT version, document FROM heartbeat";

const UPSERT: &str = "
    INSERT INTO heartbeat (only_one, version, document) VALUES (1, ?1, ?2)
    ON CONFLICT (only_one) DO UPDATE SET version = excluded.version, document = excluded.document";

const NAME: &str = "the sweep's heartbeat";

pub(crate) fn load(conn: &Connection) -> Result<Option<Versioned<Heartbeat>>, SqliteError> {
    find(conn, FIND, [])?.map(|found| found.decode(NAME)).transpose()
}

pub(crate) fn save(
    tx: &Transaction<'_>,
    heartbeat: &Heartbeat,
    expect: Option<Version>,
) -> Result<Saved<Heartbeat>, SqliteError> {
    if let Some(conflict) = conflict(find(tx, FIND, [])?, expect, NAME)? {
        return Ok(conflict);
    }
    let version = next_version(tx)?;
    let document = encode(heartbeat, NAME)?;
    tx.prepare_cached(UPSERT)?.execute(params![version, document])?;
    Ok(Saved::Stored(Version(version.cast_unsigned())))
}
