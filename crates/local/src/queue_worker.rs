//! Receives signal requests from the queue and handles them.
//!
//! Promise: a waiter that hangs does not delay the signals of other waiters, and neither does a
//! job with many waits.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Duration;

use futures::future::join_all;
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::deliver::Deliver;
use sagebell_store_sqlite::{Receipt, Received, Share, SqliteQueue, Taken};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
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
    let mut worker = QueueWorker {
        queue,
        deliver,
        answers: JoinSet::new(),
        ready: Vec::new(),
        under_way: HashMap::new(),
        look: true,
    };
    let mut poll = tokio::time::interval(POLL);
    poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !stop.is_cancelled() {
        worker.settle_and_take().await;
        let room = worker.room() > 0;
        tokio::select! {
            () = stop.cancelled() => break,
            Some(done) = worker.answers.join_next() => worker.note(done),
            _ = poll.tick(), if room && !worker.look => worker.look = true,
            () = worker.queue.wait_for_push(), if room && !worker.look => worker.look = true,
            () = std::future::ready(()), if room && worker.look => {}
        }
    }
    loop {
        worker.settle().await;
        let Some(done) = worker.answers.join_next().await else { break };
        worker.note(done);
    }
}

struct QueueWorker {
    queue: SqliteQueue,
    deliver: Deliver,
    answers: JoinSet<Answered>,
    /// Handled, and still in the queue.
    ready: Vec<Answered>,
    /// How many signal requests of each job are being handled.
    under_way: HashMap<JobArn, usize>,
    /// Whether the queue may have some for this worker.
    look: bool,
}

impl QueueWorker {
    fn room(&self) -> usize {
        MOST.saturating_sub(self.answers.len())
    }

    /// Deletes what was handled from the queue and receives more: together, so that both are in one
    /// transaction of the store.
    async fn settle_and_take(&mut self) {
        let done = self.finished();
        let (taken, ()) = tokio::join!(self.receive(), record(&self.queue, done));
        let Some(Taken { messages, more }) = taken else { return };
        self.look = more;
        for request in messages {
            *self.under_way.entry(request.request.arn.clone()).or_default() += 1;
            self.answers.spawn(answer(self.deliver.clone(), request));
        }
    }

    /// Deletes what was handled from the queue.
    async fn settle(&mut self) {
        let done = self.finished();
        record(&self.queue, done).await;
    }

    /// Receives some signal requests, but none of a job that has its maximum. `None`: nothing was
    /// asked for.
    async fn receive(&self) -> Option<Taken> {
        if !self.look || self.room() == 0 {
            return None;
        }
        let has_its_share = |(_, count): &(&JobArn, &usize)| **count >= MOST_OF_A_JOB;
        let busy = self.under_way.iter().filter(has_its_share).map(|(arn, _)| arn.clone());
        let busy: Vec<JobArn> = busy.collect();
        let share = Share { of_each_job: MOST_OF_A_JOB, without: &busy };
        let taken = self.queue.receive_share(self.room(), share, VISIBILITY).await;
        Some(taken.unwrap_or_else(|error| {
            tracing::error!(%error, "the queue can't be read, trying again");
            Taken { messages: Vec::new(), more: false }
        }))
    }

    /// What was handled since the last time, this included.
    fn finished(&mut self) -> Vec<Answered> {
        while let Some(done) = self.answers.try_join_next() {
            self.note(done);
        }
        std::mem::take(&mut self.ready)
    }

    fn note(&mut self, done: Joined) {
        // A result is never an error: see `answer`.
        let Ok(done) = done else { return };
        if let Entry::Occupied(mut count) = self.under_way.entry(done.arn.clone()) {
            *count.get_mut() -= 1;
            // Where it had its maximum, there may be more of it.
            self.look |= *count.get() == MOST_OF_A_JOB / 2;
            if *count.get() == 0 {
                count.remove();
            }
        }
        self.ready.push(done);
    }
}

/// Deletes from the queue what is done, and gives back what failed.
async fn record(queue: &SqliteQueue, answered: Vec<Answered>) {
    if answered.is_empty() {
        return;
    }
    let (done, failed): (Vec<_>, Vec<_>) = answered.into_iter().partition(|one| one.done);
    let done: Vec<Receipt> = done.into_iter().map(|answered| answered.id).collect();
    let done = async {
        if let Err(error) = queue.ack(&done).await {
            tracing::error!(%error, "signal requests were handled but not deleted from the queue");
        }
    };
    let failed = failed.into_iter().map(|answered| async move {
        if let Err(error) = queue.nack(answered.id, AFTER_FAILURE).await {
            tracing::error!(%error, "a signal request will be repeated late");
        }
    });
    tokio::join!(done, join_all(failed));
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
