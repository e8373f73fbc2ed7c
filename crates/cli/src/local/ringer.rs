//! Takes doorbells off the queue and has them answered, some at a time.

use std::time::Duration;

use monitor::deliver::Deliver;
use store_sqlite::{Receipt, Received, SqliteQueue};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long a doorbell taken is hidden from others: longer than its answer can
/// take (four attempts of 5 s and the pauses between them).
const VISIBILITY: Duration = Duration::from_secs(60);
/// The pause after which doorbells of other processes are noticed.
const POLL: Duration = Duration::from_millis(250);
/// The pause before a doorbell is taken again when the store failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Answers doorbells until `stop`, then finishes those under way.
pub(super) async fn run(queue: SqliteQueue, deliver: Deliver, stop: CancellationToken) {
    let most = deliver.policy.concurrency;
    let mut answers = JoinSet::new();
    while !stop.is_cancelled() {
        let taken = take(&queue, most - answers.len()).await;
        let idle = taken.is_empty();
        for bell in taken {
            answers.spawn(answer(deliver.clone(), bell));
        }
        tokio::select! {
            () = stop.cancelled() => break,
            Some(done) = answers.join_next() => settle(&queue, done, &mut answers).await,
            () = tokio::time::sleep(POLL), if idle => {}
            () = queue.wait_for_push(), if idle && answers.len() < most => {}
        }
    }
    while let Some(done) = answers.join_next().await {
        settle(&queue, done, &mut answers).await;
    }
}

async fn take(queue: &SqliteQueue, most: usize) -> Vec<Received> {
    if most == 0 {
        return Vec::new();
    }
    match queue.receive(most, VISIBILITY).await {
        Ok(taken) => taken,
        Err(error) => {
            tracing::error!(%error, "the queue can't be read, trying again");
            Vec::new()
        }
    }
}

/// What became of one doorbell: to be taken off the queue, or to come again.
struct Answered {
    id: Receipt,
    done: bool,
}

async fn answer(deliver: Deliver, bell: Received) -> Answered {
    match deliver.ring(&bell.doorbell).await {
        Ok(_) => Answered { id: bell.id, done: true },
        Err(error) => {
            tracing::warn!(arn = %bell.doorbell.arn, %error, "doorbell comes again");
            Answered { id: bell.id, done: false }
        }
    }
}

type Joined = Result<Answered, tokio::task::JoinError>;

/// Writes down every answer that is ready, in as few transactions as possible.
async fn settle(queue: &SqliteQueue, first: Joined, answers: &mut JoinSet<Answered>) {
    let ready = std::iter::once(first).chain(std::iter::from_fn(|| answers.try_join_next()));
    // A task that panicked has no answer: its doorbell shows again by itself.
    let (done, failed): (Vec<_>, Vec<_>) = ready.flatten().partition(|answered| answered.done);
    let done: Vec<Receipt> = done.into_iter().map(|answered| answered.id).collect();
    if let Err(error) = queue.ack(&done).await {
        tracing::error!(%error, "doorbells answered, but not taken off the queue");
    }
    for answered in failed {
        if let Err(error) = queue.nack(answered.id, AFTER_FAILURE).await {
            tracing::error!(%error, "a doorbell comes again later than it should");
        }
    }
}
