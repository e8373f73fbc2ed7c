//! The tables, and which files the program opens: a new file, or a Sagebell file that is not newer
//! than this program.

use tokio_rusqlite::rusqlite::{Connection, TransactionBehavior};

use crate::error::SqliteError;

/// Marks the file as ours (`PRAGMA application_id`): "Sage" in ASCII.
const APPLICATION_ID: i64 = 0x5361_6765;

/// Each brings the schema one version on (`PRAGMA user_version`). Never edit one
/// that was released: add the next.
const MIGRATIONS: [&str; 6] = [
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
    include_str!("schema/4.sql"),
    include_str!("schema/5.sql"),
    include_str!("schema/6.sql"),
];

/// What the file says of itself.
struct Identity {
    application_id: i64,
    version: usize,
    is_empty: bool,
}

impl Identity {
    fn read(conn: &Connection) -> Result<Self, SqliteError> {
        let pragma = |name| conn.pragma_query_value(None, name, |row| row.get(0));
        let version: i64 = pragma("user_version")?;
        let tables = "SELECT count(*) FROM sqlite_schema";
        let tables: i64 = conn.query_row(tables, [], |row| row.get(0))?;
        Ok(Self {
            application_id: pragma("application_id")?,
            // A negative version is nobody's we know: as good as newer.
            version: usize::try_from(version).unwrap_or(usize::MAX),
            is_empty: tables == 0 && version == 0,
        })
    }

    fn check(&self) -> Result<(), SqliteError> {
        let fresh = self.is_empty && self.application_id == 0;
        if self.application_id != APPLICATION_ID && !fresh {
            return Err(SqliteError::terminal(
                "the file is another application's database: choose another path",
            ));
        }
        if self.version > MIGRATIONS.len() {
            return Err(SqliteError::terminal(format!(
                "the database has schema version {}, this Sagebell knows versions up to {}: \
                 upgrade Sagebell, or choose another path to start with an empty database",
                self.version,
                MIGRATIONS.len()
            )));
        }
        Ok(())
    }
}

/// Refuses a file that is not ours or too new, without changing it.
pub(crate) fn check(conn: &Connection) -> Result<(), SqliteError> {
    Identity::read(conn)?.check()
}

/// Brings the schema up to date; others may be at it at the same time.
pub(crate) fn migrate(conn: &mut Connection) -> Result<(), SqliteError> {
    if Identity::read(conn)?.version == MIGRATIONS.len() {
        return Ok(());
    }
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Read again: another process may have been first.
    let found = Identity::read(&tx)?;
    found.check()?;
    for migration in MIGRATIONS.iter().skip(found.version) {
        tx.execute_batch(migration)?;
    }
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
    Ok(tx.commit()?)
}
