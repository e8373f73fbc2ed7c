//! Jobs in SQL.

use sagebell_monitor::arn::JobArn;
use sagebell_monitor::job::{Job, JobRecord};
use sagebell_monitor::ports::{Cursor, JobFilter, Page, Saved, Version, Versioned};
use serde::Deserialize;
use tokio_rusqlite::rusqlite::{Connection, ToSql, Transaction, params};

use crate::cursor::{JobPosition, page, resume, rows_for};
use crate::database::micros;
use crate::document::{conflict, decode, encode, find, next_version};
use crate::error::SqliteError;

const FIND: &str = "SELECT version, document FROM jobs WHERE arn = ?1 AND expires_at > ?2";

const UPSERT: &str = "
    INSERT INTO jobs (arn, version, phase, kind, recorded_at, expires_at, document)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT (arn) DO UPDATE SET
        version = excluded.version, phase = excluded.phase, kind = excluded.kind,
        recorded_at = excluded.recorded_at, expires_at = excluded.expires_at,
        document = excluded.document";

const DROP_RUNS: &str = "DELETE FROM job_runs WHERE arn = ?1";

const ADD_RUN: &str = "INSERT OR IGNORE INTO job_runs (run, arn) VALUES (?1, ?2)";

const PURGE: &str = "
    DELETE FROM jobs WHERE rowid IN
        (SELECT rowid FROM jobs WHERE expires_at <= ?1 LIMIT ?2)";

/// Of a stored job, what a list shows.
#[derive(Deserialize)]
struct Listed {
    job: Job,
}

fn name(arn: &str) -> String {
    format!("job {arn}")
}

pub(crate) fn load(
    conn: &Connection,
    arn: &JobArn,
    now: i64,
) -> Result<Option<Versioned<JobRecord>>, SqliteError> {
    let found = find(conn, FIND, params![arn.key(), now])?;
    found.map(|found| found.decode(&name(arn.as_str()))).transpose()
}

pub(crate) fn save(
    tx: &Transaction<'_>,
    record: &JobRecord,
    expect: Option<Version>,
    now: i64,
) -> Result<Saved<JobRecord>, SqliteError> {
    let arn = record.job.arn.key();
    let name = name(arn);
    let found = find(tx, FIND, params![arn, now])?;
    if let Some(conflict) = conflict(found, expect, &name)? {
        return Ok(conflict);
    }
    let version = next_version(tx)?;
    tx.prepare_cached(UPSERT)?.execute(params![
        arn,
        version,
        record.job.phase.as_str(),
        record.job.kind.as_str(),
        micros(record.recorded_at),
        micros(record.expires_at),
        encode(record, &name)?,
    ])?;
    tx.prepare_cached(DROP_RUNS)?.execute([arn])?;
    for run in &record.runs {
        tx.prepare_cached(ADD_RUN)?.execute([run, arn])?;
    }
    Ok(Saved::Stored(Version(version.cast_unsigned())))
}

pub(crate) fn list(
    conn: &Connection,
    filter: &JobFilter,
    after: Option<&Cursor>,
    limit: usize,
    now: i64,
) -> Result<Page<Job>, SqliteError> {
    // Without a cursor: before the end of time, which is before this number.
    let JobPosition(recorded_at, arn) =
        resume(after)?.unwrap_or_else(|| JobPosition(i64::MAX, String::new()));
    let rows = rows_for(limit);
    let phases: Vec<(String, &str)> = numbered(":phase", filter.phases.iter().map(|p| p.as_str()));
    let key_parts = filter.key_parts();
    let key_parts: Vec<Vec<(String, &String)>> = (key_parts.iter().enumerate())
        .map(|(part, spellings)| numbered(&format!(":part{part}_"), spellings))
        .collect();
    let kind = filter.kind.map(|kind| kind.as_str());
    let mut values: Vec<(&str, &dyn ToSql)> =
        vec![(":now", &now), (":recorded_at", &recorded_at), (":arn", &arn), (":rows", &rows)];
    let mut sql = "SELECT recorded_at, arn, document FROM jobs
        WHERE expires_at > :now AND (recorded_at, arn) < (:recorded_at, :arn)"
        .to_owned();
    if !phases.is_empty() {
        let names: Vec<&str> = phases.iter().map(|(name, _)| name.as_str()).collect();
        sql.push_str(&format!(" AND phase IN ({})", names.join(", ")));
        values.extend(phases.iter().map(|(name, phase)| (name.as_str(), phase as &dyn ToSql)));
    }
    if let Some(kind) = &kind {
        sql.push_str(" AND kind = :kind");
        values.push((":kind", kind));
    }
    if let Some(run) = &filter.run {
        sql.push_str(" AND arn IN (SELECT arn FROM job_runs WHERE run = :run)");
        values.push((":run", run));
    }
    for spellings in &key_parts {
        let holds = |(name, _): &(String, _)| format!("instr(arn, {name}) > 0");
        let holds: Vec<String> = spellings.iter().map(holds).collect();
        sql.push_str(&format!(" AND ({})", holds.join(" OR ")));
        values.extend(spellings.iter().map(|(name, text)| (name.as_str(), text as &dyn ToSql)));
    }
    sql.push_str(" ORDER BY recorded_at DESC, arn DESC LIMIT :rows");
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query(values.as_slice())?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let place = JobPosition(row.get(0)?, row.get(1)?);
        let document: String = row.get(2)?;
        let listed: Listed = decode(&document, &name(&place.1))?;
        found.push((place, listed.job));
    }
    Ok(page(found, limit))
}

/// Each value with a name of its own in a statement.
fn numbered<T>(name: &str, values: impl IntoIterator<Item = T>) -> Vec<(String, T)> {
    let named = |(number, value)| (format!("{name}{number}"), value);
    values.into_iter().enumerate().map(named).collect()
}

pub(crate) fn purge(tx: &Transaction<'_>, now: i64, most: u32) -> Result<u64, SqliteError> {
    let gone = tx.prepare_cached(PURGE)?.execute(params![now, most])?;
    Ok(gone as u64)
}
