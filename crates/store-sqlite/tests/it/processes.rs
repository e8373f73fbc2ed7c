//! Several processes on one file, one of them killed in the middle of a write.
//!
//! The other process is this test program again, asked to run [`child`] only.
#![allow(clippy::disallowed_macros, reason = "prints for the developer who runs it")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use sagebell_monitor::ports::{Clock as _, Queue as _, Saved, Store as _};
use sagebell_monitor::testing::ManualClock;
use sagebell_store_sqlite::SqliteStore;
use tokio::task::JoinSet;
use tokio_rusqlite::rusqlite::Connection;

use crate::samples::{arn, key, request, wait};
use crate::{new_path, open};

const ROLE: &str = "SAGEBELL_TEST_CHILD";
const DATABASE: &str = "SAGEBELL_TEST_DATABASE";
/// Before each line that a child says to its parent, among the test harness's.
const SAYS: &str = "child says ";
const COUNTS: u32 = 100;
/// Writers of one process.
const AT_ONCE: usize = 40;

fn spawn(role: &str, path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "processes::child", "--ignored", "--nocapture"])
        .env(ROLE, role)
        .env(DATABASE, path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What the child says, until it ends.
fn received(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.filter_map(|line| {
        let line = line.unwrap();
        let (_, said) = line.split_once(SAYS)?;
        Some(said.to_owned())
    })
}

#[tokio::test]
#[ignore = "is what other tests run as their child process"]
async fn child() {
    let (Ok(role), Some(path)) = (std::env::var(ROLE), std::env::var_os(DATABASE)) else {
        return;
    };
    let path = Path::new(&path);
    let clock = Arc::new(ManualClock::default());
    match role.as_str() {
        "write" => write_for_ever(path, &clock).await,
        "write together" => write_together_for_ever(path, &clock).await,
        "count" => count_to_the_end(path, &clock).await,
        "open" => open_what_is_asked(&clock),
        other => panic!("no role {other}"),
    }
}

/// Waits and messages, each told to the parent when it is stored.
async fn write_for_ever(path: &Path, clock: &Arc<ManualClock>) {
    let store = open(path, clock);
    let queue = store.queue();
    for number in 0.. {
        let id = format!("w-{number}");
        let mut wait = wait("a-job", &id, clock.now());
        wait.due_at = Some(clock.now());
        store.save_wait(&wait, None).await.unwrap();
        queue.push(&[request(&id)]).await.unwrap();
        println!("{SAYS}{id}");
    }
}

/// Waits, many at a time, so that they share transactions.
async fn write_together_for_ever(path: &Path, clock: &Arc<ManualClock>) {
    let store = open(path, clock);
    let mut writers = JoinSet::new();
    for writer in 0..AT_ONCE {
        let (store, now) = (store.clone(), clock.now());
        writers.spawn(async move {
            for number in 0.. {
                let id = format!("w-{writer}-{number}");
                store.save_wait(&wait("a-job", &id, now), None).await.unwrap();
                println!("{SAYS}{id}");
            }
        });
    }
    writers.join_all().await;
}

async fn count_to_the_end(path: &Path, clock: &Arc<ManualClock>) {
    let store = open(path, clock);
    let key = key("a-job", "counter");
    let first = wait("a-job", "counter", clock.now());
    // Another process may have made it.
    store.save_wait(&first, None).await.unwrap();
    for _ in 0..COUNTS {
        let mut found = store.load_wait(&key).await.unwrap().unwrap();
        loop {
            found.value.checks += 1;
            let saved = store.save_wait(&found.value, Some(found.version)).await;
            match saved.unwrap() {
                Saved::Stored(_) => break,
                Saved::Conflict(current) => found = current.unwrap(),
            }
        }
    }
}

fn open_what_is_asked(clock: &Arc<ManualClock>) {
    for path in std::io::stdin().lines() {
        let opened = SqliteStore::open(Path::new(&path.unwrap()), clock.clone());
        println!("{SAYS}{:?}", opened.err());
    }
}

#[test]
fn processes_make_one_new_file_at_once() {
    let (dir, unused) = new_path();
    let mut children: Vec<Child> = (0..6).map(|_| spawn("open", &unused)).collect();
    let mut said: Vec<_> = children.iter_mut().map(received).collect();
    for round in 0..30 {
        let path = dir.path().join(format!("{round}.db"));
        for child in &mut children {
            let stdin = child.stdin.as_mut().unwrap();
            writeln!(stdin, "{}", path.display()).unwrap();
        }
        for said in &mut said {
            assert_eq!(said.next().as_deref(), Some("None"), "round {round}");
        }
    }
    for mut child in children {
        drop(child.stdin.take());
        assert!(child.wait().unwrap().success());
    }
}

#[tokio::test]
async fn processes_that_start_at_once_lose_no_update() {
    let (_dir, path) = new_path();
    let children: Vec<Child> = (0..4).map(|_| spawn("count", &path)).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}");
    }
    let store = open(&path, &Arc::default());
    let found = store.load_wait(&key("a-job", "counter")).await.unwrap();
    assert_eq!(found.unwrap().value.checks, 4 * COUNTS);
}

/// What a child says that does this and is killed once it has said so much.
fn said_until_killed(role: &str, path: &Path, least: usize) -> Vec<String> {
    let mut child = spawn(role, path);
    let mut said = received(&mut child);
    let mut ids: Vec<String> = said.by_ref().take(least).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    // What it said between the last line read and its end counts too.
    ids.extend(said);
    assert!(ids.len() >= least, "the child ended early");
    ids
}

#[tokio::test]
async fn a_process_killed_while_it_writes_loses_nothing_it_was_answered() {
    let (_dir, path) = new_path();
    let clock = Arc::new(ManualClock::default());
    let (mut pushed, mut children) = (0, 0);
    // Each child goes on from an empty job: the database stays, the job is new.
    for heard_before_the_kill in [1, 30, 200] {
        let ids = said_until_killed("write", &path, heard_before_the_kill);
        pushed += ids.len() as u64;
        children += 1;

        let conn = Connection::open(&path).unwrap();
        let sound: String = conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(sound, "ok");
        let store = open(&path, &clock);
        for id in &ids {
            let found = store.load_wait(&key("a-job", id)).await.unwrap();
            assert!(found.is_some(), "{id} was answered and is gone");
        }
        // Both halves of the pair that it was killed in may have been written.
        let queued = store.queue().len().await.unwrap();
        assert!((pushed..=pushed + children).contains(&queued), "{queued}");
        conn.execute_batch("DELETE FROM waits").unwrap();
        let page = store.list_waits(&arn("a-job"), None, 1).await.unwrap();
        assert_eq!(page.items, []);
    }
}

#[tokio::test]
async fn a_process_killed_while_many_write_loses_nothing_it_answered() {
    let (_dir, path) = new_path();
    for heard_before_the_kill in [1, 100, 1_000] {
        let ids = said_until_killed("write together", &path, heard_before_the_kill);
        let store = open(&path, &Arc::default());
        for id in &ids {
            let found = store.load_wait(&key("a-job", id)).await.unwrap();
            assert!(found.is_some(), "{id} was answered and is gone");
        }
        Connection::open(&path).unwrap().execute_batch("DELETE FROM waits").unwrap();
    }
}
