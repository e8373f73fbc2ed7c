//! Receives signal requests from the queue and handles them.
//!
//! Promise: a waiter that hangs does not delay the signals of other waiters, and neither does a
//! job with many waits.

use std::collections::HashMap;
use std::time::Duration;

use sagebell_monitor::arn::JobArn;
use sagebell_monitor::deliver::Deliver;
use sagebell_store_sqlite::{Receipt, Received, SqliteQueue};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long a received signal request is hidden from others. It is longer than its handling can
/// last (four attempts of a probe and a send, and the pauses between them).
const VISIBILITY: Duration = Duration::from_secs(90);
/// The pause after which signal requests of other processes are noticed.
const POLL: Duration = Duration::from_millis(250);
/// The pause before a signal request is received again, if the store failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// The number of signal requests handled at the same time. One whose waiter hangs lasts half a
/// minute, but costs only a socket.
const MOST: usize = 512;
/// The maximum for one job, when another is received. The rest is for other jobs.
const MOST_OF_A_JOB: usize = 32;

/// Handles signal requests until `stop`, then finishes the pending ones.
pub(crate) async fn run(queue: SqliteQueue, deliver: Deliver, stop: CancellationToken) {
    let mut worker =
        QueueWorker { queue, deliver, answers: JoinSet::new(), under_way: HashMap::new() };
    while !stop.is_cancelled() {
        let more = worker.take().await;
        let room = worker.answers.len() < MOST;
        tokio::select! {
            () = stop.cancelled() => break,
            Some(done) = worker.answers.join_next() => worker.settle(done).await,
            () = tokio::time::sleep(POLL), if room && !more => {}
            () = worker.queue.wait_for_push(), if room && !more => {}
            () = std::future::ready(()), if room && more => {}
        }
    }
    while let Some(done) = worker.answers.join_next().await {
        worker.settle(done).await;
    }
}

struct QueueWorker {
    queue: SqliteQueue,
    deliver: Deliver,
    answers: JoinSet<Answered>,
    /// How many signal requests of each job are being handled.
    under_way: HashMap<JobArn, usize>,
}

impl QueueWorker {
    /// Receives some signal requests, but none of a job that has its maximum. Returns whether there
    /// may be more.
    async fn take(&mut self) -> bool {
        let most = MOST_OF_A_JOB.min(MOST.saturating_sub(self.answers.len()));
        let has_its_share = |(_, count): &(&JobArn, &usize)| **count >= MOST_OF_A_JOB;
        let busy = self.under_way.iter().filter(has_its_share).map(|(arn, _)| arn.clone());
        let busy: Vec<JobArn> = busy.collect();
        let taken = match self.queue.receive_of_others(most, VISIBILITY, &busy).await {
            Ok(taken) => taken,
            Err(error) => {
                tracing::error!(%error, "the queue can't be read, trying again");
                return false;
            }
        };
        let more = taken.len() == most;
        for request in taken {
            *self.under_way.entry(request.request.arn.clone()).or_default() += 1;
            self.answers.spawn(answer(self.deliver.clone(), request));
        }
        more
    }

    /// Records every result that is ready, in as few transactions as possible.
    async fn settle(&mut self, first: Joined) {
        let others = std::iter::from_fn(|| self.answers.try_join_next());
        let ready: Vec<Answered> = std::iter::once(first).chain(others).flatten().collect();
        for answered in &ready {
            self.leave(&answered.arn);
        }
        let (done, failed): (Vec<_>, Vec<_>) = ready.into_iter().partition(|one| one.done);
        let done: Vec<Receipt> = done.into_iter().map(|answered| answered.id).collect();
        if let Err(error) = self.queue.ack(&done).await {
            tracing::error!(%error, "signal requests were handled but not deleted from the queue");
        }
        for answered in failed {
            if let Err(error) = self.queue.nack(answered.id, AFTER_FAILURE).await {
                tracing::error!(%error, "a signal request will be repeated late");
            }
        }
    }

    fn leave(&mut self, arn: &JobArn) {
        if let Some(count) = self.under_way.get_mut(arn) {
            *count = count.saturating_sub(1);
        }
        self.under_way.retain(|_, count| *count > 0);
    }
}

/// The result of one signal request: delete it from the queue, or repeat it.
struct Answered {
    id: Receipt,
    arn: JobArn,
    done: bool,
}

/// Never fails and never panics: an error is a result too.
async fn answer(deliver: Deliver, request: Received) -> Answered {
    let (arn, wait) = (request.request.arn.clone(), request.request.wait_id.clone());
    let (id, request) = (request.id, request.request);
    let answer = tokio::spawn(async move { deliver.handle(&request).await });
    let done = match answer.await {
        Ok(Ok(_)) => true,
        Ok(Err(error)) => {
            tracing::warn!(%arn, %wait, %error, "signal request will be repeated");
            false
        }
        Err(error) => {
            tracing::error!(%arn, %wait, %error, "signal request will be repeated");
            false
        }
    };
    Answered { id, arn, done }
}

type Joined = Result<Answered, tokio::task::JoinError>;
