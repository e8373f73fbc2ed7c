//! A file that 0.1.0 wrote: it knew ARNs as they were spelt, and waits without
//! their owner.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::job::JobRecord;
use sagebell_monitor::ports::{Clock as _, JobFilter, Store as _};
use sagebell_monitor::testing::ManualClock;
use sagebell_monitor::wait::{Wait, WaitKey};
use serde_json::{Value, json};
use tokio_rusqlite::rusqlite::{Connection, params};

use crate::samples::{arn, job, wait};
use crate::{new_path, open};

/// The schema as 0.1.0 made it.
const SCHEMA: &str = include_str!("../../src/schema/1.sql");
const APPLICATION_ID: i64 = 0x5361_6765;

fn old_file(path: &Path) -> Connection {
    let conn = Connection::open(path).unwrap();
    conn.execute_batch(SCHEMA).unwrap();
    conn.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
    conn.pragma_update(None, "user_version", 1).unwrap();
    conn
}

/// A document without the members that 0.1.0 did not write.
fn old_document(document: impl serde::Serialize, newer: &[&str]) -> String {
    let Value::Object(mut members) = json!(document) else { panic!("no object") };
    members.retain(|name, _| !newer.contains(&name.as_str()));
    Value::Object(members).to_string()
}

fn store_job(conn: &Connection, record: &JobRecord) {
    let document = old_document(record, &["named"]);
    let insert = "INSERT INTO jobs VALUES (?1, 1, 'running', 'training', ?2, ?3, ?4)";
    let arn = record.job.arn.as_str();
    let (at, until) = (record.recorded_at.as_microsecond(), record.expires_at.as_microsecond());
    conn.execute(insert, params![arn, at, until, document]).unwrap();
    for run in &record.runs {
        conn.execute("INSERT INTO job_runs VALUES (?1, ?2)", [run, arn]).unwrap();
    }
}

fn store_wait(conn: &Connection, wait: &Wait) {
    let document = old_document(wait, &["keyed_by_owner"]);
    let insert = "INSERT INTO waits VALUES (?1, ?2, 1, ?3, ?4, ?5)";
    let due_at = wait.due_at.map(Timestamp::as_microsecond);
    let until = wait.expires_at.as_microsecond();
    conn.execute(insert, params![wait.arn.as_str(), wait.id.as_str(), due_at, until, document])
        .unwrap();
}

#[tokio::test]
async fn jobs_and_waits_of_0_1_0_are_found_by_their_arn_in_any_case() {
    let (_dir, path) = new_path();
    let clock = Arc::new(ManualClock::default());
    let now = clock.now();
    let (older, newer) = (arn("MY-JOB"), arn("My-Job"));
    let step = "arn:aws:sagemaker:eu-west-1:111122223333:pipeline/P/execution/E/step/Train";
    let step = JobArn::parse(step).unwrap();
    let conn = old_file(&path);
    let mut record = job("My-Job", now);
    (record.revision, record.runs) = (7, vec!["run-1".to_owned()]);
    store_job(&conn, &record);
    let mut before = job("MY-JOB", now);
    before.recorded_at = now.checked_sub(jiff::Span::new().seconds(1)).unwrap();
    assert_eq!((before.job.arn.as_str(), &older), (older.as_str(), &newer));
    store_job(&conn, &before);
    store_job(&conn, &JobRecord::unseen(&step, now, record.expires_at));
    let due = Wait { due_at: Some(now), keyed_by_owner: false, ..wait("My-Job", "w", now) };
    store_wait(&conn, &due);
    drop(conn);

    let store = open(&path, &clock);
    let found = store.load_job(&arn("my-job")).await.unwrap().unwrap().value;
    assert_eq!((found.revision, found.job.arn.as_str()), (7, newer.as_str()));
    assert!(store.load_job(&step).await.unwrap().is_some());
    let filter = JobFilter { run: Some("run-1".to_owned()), ..JobFilter::default() };
    assert_eq!(store.list_jobs(&filter, None, 10).await.unwrap().items, [record.job]);
    assert_eq!(store.list_jobs(&JobFilter::default(), None, 10).await.unwrap().items.len(), 2);
    let waits = store.list_waits(&arn("my-job"), None, 10).await.unwrap().items;
    assert_eq!(waits, std::slice::from_ref(&due));
    let key = WaitKey::of(arn("my-job"), due.owner.clone(), due.id.clone()).before_owners();
    assert_eq!(store.list_due(now, None, 10).await.unwrap().items, std::slice::from_ref(&key));
    let found = store.load_wait(&key).await.unwrap().unwrap();
    assert_eq!(found.value, due);
    let ended = Wait { due_at: None, ..due };
    store.save_wait(&ended, Some(found.version)).await.unwrap();
    assert_eq!(store.list_due(now, None, 10).await.unwrap().items, []);
}

#[tokio::test]
async fn a_wait_of_0_1_0_whose_arn_is_refused_by_now_holds_up_no_other() {
    let (_dir, path) = new_path();
    let clock = Arc::new(ManualClock::default());
    let now = clock.now();
    let conn = old_file(&path);
    let due = Wait { due_at: Some(now), keyed_by_owner: false, ..wait("good", "w", now) };
    store_wait(&conn, &due);
    store_wait(&conn, &Wait { arn: arn("evil"), ..due.clone() });
    let evil = "UPDATE waits SET arn = replace(arn, 'aws', 'evil') WHERE arn LIKE '%evil'";
    assert_eq!(conn.execute(evil, []).unwrap(), 1);
    drop(conn);
    let store = open(&path, &clock);
    for limit in [1, 10] {
        let (mut listed, mut after) = (Vec::new(), None);
        loop {
            let page = store.list_due(now, after.as_ref(), limit).await.unwrap();
            listed.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(listed, [due.key()], "pages of {limit}");
    }
}
