//! The queue: at least once, one consumer at a time, nothing lost.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use sagebell_monitor::ports::{Clock as _, Queue as _};
use sagebell_monitor::signal::SignalRequest;
use sagebell_monitor::testing::ManualClock;
use sagebell_store_sqlite::{Received, Share, SqliteQueue};
use tokio::task::JoinSet;
use tokio_rusqlite::rusqlite::Connection;

use crate::samples::{arn, request};
use crate::{new_path, open};

const VISIBILITY: Duration = Duration::from_secs(30);
const MOMENT: Duration = Duration::from_millis(1);

fn ids(received: &[Received]) -> Vec<&str> {
    received.iter().map(|received| received.request.wait_id.as_str()).collect()
}

async fn push(queue: &SqliteQueue, ids: &[&str]) {
    let requests: Vec<SignalRequest> = ids.iter().map(|id| request(id)).collect();
    queue.push(&requests).await.unwrap();
}

#[tokio::test]
async fn what_is_pushed_is_received_in_turn_and_gone_when_acknowledged() {
    let (_dir, path) = new_path();
    let clock = Arc::new(ManualClock::default());
    let queue = open(&path, &clock).queue();
    assert!(queue.is_empty().await.unwrap());
    assert_eq!(queue.receive(10, VISIBILITY).await.unwrap(), []);
    push(&queue, &["1", "2", "3"]).await;
    push(&queue, &[]).await;
    assert_eq!(queue.len().await.unwrap(), 3);
    let two = queue.receive(2, VISIBILITY).await.unwrap();
    assert_eq!(ids(&two), ["1", "2"]);
    assert!(two.iter().all(|received| received.receives == 1));
    assert_eq!(ids(&queue.receive(2, VISIBILITY).await.unwrap()), ["3"]);
    assert_eq!(queue.receive(2, VISIBILITY).await.unwrap(), []);
    assert_eq!(queue.len().await.unwrap(), 3);
    queue.ack(&[two[0].id, two[1].id]).await.unwrap();
    assert_eq!(queue.len().await.unwrap(), 1);
}

#[tokio::test]
async fn an_unacknowledged_message_comes_back_when_its_visibility_runs_out() {
    let (_dir, path) = new_path();
    let clock = Arc::new(ManualClock::default());
    let queue = open(&path, &clock).queue();
    push(&queue, &["1"]).await;
    queue.receive(1, VISIBILITY).await.unwrap();
    clock.advance(VISIBILITY - MOMENT);
    assert_eq!(queue.receive(1, VISIBILITY).await.unwrap(), []);
    clock.advance(MOMENT);
    let again = queue.receive(1, VISIBILITY).await.unwrap();
    assert_eq!((ids(&again), again[0].receives), (vec!["1"], 2));
}

#[tokio::test]
async fn a_message_given_back_comes_after_its_delay() {
    let (_dir, path) = new_path();
    let clock = Arc::new(ManualClock::default());
    let queue = open(&path, &clock).queue();
    push(&queue, &["1"]).await;
    let first = queue.receive(1, VISIBILITY).await.unwrap();
    let delay = Duration::from_secs(5);
    queue.nack(first[0].id, delay).await.unwrap();
    clock.advance(delay - MOMENT);
    assert_eq!(queue.receive(1, VISIBILITY).await.unwrap(), []);
    clock.advance(MOMENT);
    let second = queue.receive(1, VISIBILITY).await.unwrap();
    assert_eq!(second[0].receives, 2);
    queue.nack(second[0].id, Duration::ZERO).await.unwrap();
    let third = queue.receive(1, VISIBILITY).await.unwrap();
    assert_eq!(third[0].receives, 3);
}

#[tokio::test]
async fn a_late_consumer_neither_removes_nor_returns_what_another_holds() {
    let (_dir, path) = new_path();
    let clock = Arc::new(ManualClock::default());
    let queue = open(&path, &clock).queue();
    push(&queue, &["1"]).await;
    let late = queue.receive(1, VISIBILITY).await.unwrap();
    clock.advance(VISIBILITY);
    let held = queue.receive(1, VISIBILITY).await.unwrap();
    queue.nack(late[0].id, Duration::ZERO).await.unwrap();
    assert_eq!(queue.receive(1, VISIBILITY).await.unwrap(), []);
    queue.ack(&[late[0].id]).await.unwrap();
    assert_eq!(queue.len().await.unwrap(), 1);
    queue.ack(&[held[0].id]).await.unwrap();
    assert!(queue.is_empty().await.unwrap());
}

fn request_of(job: &str, id: &str) -> SignalRequest {
    SignalRequest { arn: arn(job), ..request(id) }
}

#[tokio::test]
async fn jobs_take_turns_however_many_messages_one_has() {
    let (_dir, path) = new_path();
    let queue = open(&path, &Arc::default()).queue();
    let many: Vec<SignalRequest> =
        (0..1_000).map(|n| request_of("large", &format!("l{n}"))).collect();
    queue.push(&many).await.unwrap();
    queue.receive(10, VISIBILITY).await.unwrap();
    for job in ["a", "b"] {
        queue
            .push(&[request_of(job, &format!("{job}1")), request_of(job, &format!("{job}2"))])
            .await
            .unwrap();
    }
    // Each of the small ones comes between two of the large one.
    let next = queue.receive(6, VISIBILITY).await.unwrap();
    let mut small: Vec<_> = ids(&next).into_iter().filter(|id| !id.starts_with('l')).collect();
    small.sort_unstable();
    assert_eq!(small, ["a1", "a2", "b1", "b2"]);
    // The first of a job does not wait for the whole of another, nor does it for ever.
    queue.push(&[request_of("c", "c1")]).await.unwrap();
    assert!(ids(&queue.receive(2, VISIBILITY).await.unwrap()).contains(&"c1"));
}

#[tokio::test]
async fn a_share_of_each_job_can_be_asked_for() {
    let (_dir, path) = new_path();
    let queue = open(&path, &Arc::default()).queue();
    let requests = [("A", "a1"), ("b", "b1"), ("A", "a2"), ("A", "a3"), ("b", "b2"), ("c", "c1")];
    queue.push(&requests.map(|(job, id)| request_of(job, id))).await.unwrap();
    let without = [arn("b")];
    let share = |of_each_job, without| Share { of_each_job, without };
    let first = queue.receive_share(3, share(1, &without), VISIBILITY).await.unwrap();
    assert_eq!((ids(&first.messages), first.more), (vec!["a1", "c1"], true));
    let without = [arn("b"), arn("A")];
    let second = queue.receive_share(3, share(1, &without), VISIBILITY).await.unwrap();
    assert_eq!((ids(&second.messages), second.more), (vec![], false));
    let third = queue.receive_share(9, share(2, &[]), VISIBILITY).await.unwrap();
    assert_eq!((ids(&third.messages), third.more), (vec!["b1", "a2", "b2", "a3"], false));
}

#[tokio::test]
async fn a_clock_that_jumps_back_hides_no_message_for_more_than_two_minutes() {
    for back in [60, 600, 3_600] {
        let (_dir, path) = new_path();
        let clock = Arc::new(ManualClock::default());
        let queue = open(&path, &clock).queue();
        push(&queue, &["taken", "waits"]).await;
        assert_eq!(ids(&queue.receive(1, VISIBILITY).await.unwrap()), ["taken"]);
        clock.set(clock.now() - jiff::SignedDuration::from_secs(back));
        let at_once = queue.receive(9, VISIBILITY).await.unwrap();
        assert!(ids(&at_once).contains(&"waits"), "{back} s: what nobody took is never hidden");
        let ids_of: Vec<_> = at_once.iter().map(|one| one.id).collect();
        queue.ack(&ids_of).await.unwrap();
        clock.advance(Duration::from_secs(120));
        let left = queue.receive(9, VISIBILITY).await.unwrap();
        assert_eq!(at_once.len() + left.len(), 2, "{back} s");
    }
}

#[tokio::test]
async fn messages_outlast_a_restart() {
    let (_dir, path) = new_path();
    let clock = Arc::new(ManualClock::default());
    let queue = open(&path, &clock).queue();
    push(&queue, &["1", "2"]).await;
    queue.receive(1, VISIBILITY).await.unwrap();
    drop(queue);
    let queue = open(&path, &clock).queue();
    assert_eq!(ids(&queue.receive(9, VISIBILITY).await.unwrap()), ["2"]);
    clock.advance(VISIBILITY);
    assert_eq!(queue.receive(9, VISIBILITY).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn consumers_never_share_a_message() {
    const MESSAGES: usize = 300;
    let (_dir, path) = new_path();
    let clock = Arc::new(ManualClock::default());
    let queue = open(&path, &clock).queue();
    let names: Vec<String> = (0..MESSAGES).map(|number| number.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    push(&queue, &names).await;
    let mut consumers = JoinSet::new();
    for number in 0..4 {
        // Two on one store, two with stores of their own on the same file.
        let queue = if number < 2 { queue.clone() } else { open(&path, &clock).queue() };
        consumers.spawn(async move {
            let mut all = Vec::new();
            loop {
                let some = queue.receive(7, VISIBILITY).await.unwrap();
                if some.is_empty() {
                    return all;
                }
                all.extend(some.into_iter().map(|one| one.request.wait_id.to_string()));
            }
        });
    }
    let all = consumers.join_all().await.concat();
    assert_eq!(all.len(), MESSAGES);
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), MESSAGES);
}

#[tokio::test]
async fn a_push_wakes_who_waits_and_who_is_about_to() {
    let (_dir, path) = new_path();
    let clock = Arc::new(ManualClock::default());
    let store = open(&path, &clock);
    let (producer, consumer) = (store.queue(), store.clone().queue());
    let mut waiting = [(); 2].map(|()| Box::pin(consumer.wait_for_push()));
    for wait in &mut waiting {
        assert!(wait.now_or_never().is_none());
    }
    push(&producer, &["1"]).await;
    for wait in waiting {
        assert!(wait.now_or_never().is_some());
    }
    push(&producer, &["2"]).await;
    assert!(consumer.wait_for_push().now_or_never().is_some());
}

#[tokio::test]
async fn a_message_that_cannot_be_read_is_dropped_and_holds_nothing_up() {
    let (_dir, path) = new_path();
    let clock = Arc::new(ManualClock::default());
    let queue = open(&path, &clock).queue();
    push(&queue, &["1", "2"]).await;
    let conn = Connection::open(&path).unwrap();
    conn.execute_batch("UPDATE queue SET request = '{}' WHERE id = 1").unwrap();
    assert_eq!(ids(&queue.receive(9, VISIBILITY).await.unwrap()), ["2"]);
    assert_eq!(queue.len().await.unwrap(), 1);
}
