//! The instant retry: once, and only for a kept connection found dead.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sagebell_monitor::ports::SendOutcome;
use tokio::task::JoinSet;

use crate::common::{local_sender, patient, reason, soon, webhook};
use crate::server::{Answer, NO_CONTENT, Server};

/// Sends until a connection was used a second time: whether the pool has it
/// back in time for the very next send is up to the scheduler.
const MAX_SENDS: usize = 1_000;

#[tokio::test]
async fn a_stale_connection_costs_no_delivery() {
    let server = Server::start(|seen| match seen.nth {
        0 => NO_CONTENT,
        _ => Answer::Close,
    })
    .await;
    let sender = local_sender(patient());
    for sends in 1..=MAX_SENDS {
        let outcome = soon(sender.post(&webhook(&server.url(), "{}"))).await;
        assert_eq!(outcome, SendOutcome::Delivered);
        let seen = server.seen();
        let Some(stale) = seen.iter().position(|seen| seen.nth == 1) else {
            continue;
        };
        assert_eq!(seen.len(), sends + 1, "one retry, and one only");
        let (first, retry) = (&seen[stale], &seen[stale + 1]);
        assert_ne!(first.connection, retry.connection);
        assert_eq!(first.headers, retry.headers);
        assert_eq!(first.body, retry.body);
        return;
    }
    panic!("no connection was ever used twice");
}

/// A frozen Lambda function wakes up with many dead connections, not one.
#[tokio::test]
async fn the_retry_does_not_meet_the_next_stale_connection() {
    let server = Server::start(|seen| match seen.nth {
        0 => NO_CONTENT,
        _ => Answer::Close,
    })
    .await;
    let sender = Arc::new(local_sender(patient()));
    for _ in 0..MAX_SENDS {
        let mut sends = JoinSet::new();
        for _ in 0..8 {
            let (sender, sent) = (Arc::clone(&sender), webhook(&server.url(), "{}"));
            sends.spawn(async move { sender.post(&sent).await });
        }
        let mut outcomes = soon(sends.join_all()).await;
        // Alone, so that the pool is full of others when it is retried.
        outcomes.push(soon(sender.post(&webhook(&server.url(), "{}"))).await);
        assert_eq!(outcomes, [const { SendOutcome::Delivered }; 9]);
        if server.seen().iter().filter(|seen| seen.nth == 1).count() > 16 {
            return;
        }
    }
    panic!("too few connections were ever used twice");
}

#[tokio::test]
async fn the_retry_is_not_retried() {
    let down = AtomicBool::new(false);
    let server = Server::start(move |seen| {
        if seen.nth > 0 {
            down.store(true, Ordering::SeqCst);
        }
        match down.load(Ordering::SeqCst) {
            true => Answer::Close,
            false => NO_CONTENT,
        }
    })
    .await;
    let sender = local_sender(patient());
    for sends in 1..=MAX_SENDS {
        let outcome = soon(sender.post(&webhook(&server.url(), "{}"))).await;
        if outcome == SendOutcome::Delivered {
            continue;
        }
        assert_eq!(reason(outcome), "the connection broke before an answer");
        assert_eq!(server.seen().len(), sends + 1);
        return;
    }
    panic!("no connection was ever used twice");
}

#[tokio::test]
async fn a_new_connection_that_breaks_is_not_retried() {
    let server = Server::start(|_| Answer::Close).await;
    let outcome = soon(local_sender(patient()).post(&webhook(&server.url(), "{}"))).await;
    assert_eq!(reason(outcome), "the connection broke before an answer");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_server_that_closes_after_each_answer_gets_each_callback_once() {
    let silently = "HTTP/1.1 204 No Content\r\n\r\n";
    let server = Server::start(move |_| Answer::WriteAndClose(silently)).await;
    let sender = local_sender(patient());
    for _ in 0..20 {
        let outcome = soon(sender.post(&webhook(&server.url(), "{}"))).await;
        assert_eq!(outcome, SendOutcome::Delivered);
    }
    let seen = server.seen();
    assert_eq!(seen.len(), 20);
    assert!(seen.iter().all(|seen| seen.nth == 0));
}
