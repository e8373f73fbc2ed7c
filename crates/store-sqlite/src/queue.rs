//! [`SqliteQueue`]: the signal queue, modelled on SQS.
//!
//! Promise: a message stays until it is acknowledged. One receiver has it alone, across processes,
//! until its visibility timeout ends. Then anyone can receive it again. Jobs take turns, so ten
//! thousand messages of one job do not delay those of another.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::ports::{Queue, QueueError, StoreError};
use sagebell_monitor::signal::SignalRequest;
use tokio_rusqlite::rusqlite::{Transaction, params};

use crate::database::Database;
use crate::document::{decode, encode};
use crate::error::SqliteError;

/// Nothing is hidden for longer: what seems to be was hidden before the clock jumped
/// back, and is anyone's. It is longer than any answer takes, and as long as a signal may
/// be late because a clock was set.
const LONGEST_HIDDEN: Duration = Duration::from_secs(120);

/// A job's next message comes a turn after its last one, and not before those that
/// are next now: a job that had nothing in the queue is not behind one that fills it. It is
/// visible from the beginning of time, so that no clock hides it.
const PUSH: &str = "
    INSERT INTO queue (visible_at, receives, request, job, turn)
    VALUES (0, 0, ?1, ?2, max(
        coalesce((SELECT min(turn) FROM queue), 0),
        coalesce((SELECT max(turn) + 1 FROM queue WHERE job = ?2), 0)))";

const LOOK: &str = "
    SELECT id, receives, job, request FROM queue INDEXED BY queue_turn
    WHERE (visible_at <= ?1 OR visible_at > ?2) AND job NOT IN (SELECT value FROM json_each(?3))
    ORDER BY turn, id LIMIT ?4";

const TAKE: &str = "
    UPDATE queue SET visible_at = ?1, receives = receives + 1 WHERE id = ?2";

const ACK: &str = "DELETE FROM queue WHERE id = ?1 AND receives = ?2";

const NACK: &str = "UPDATE queue SET visible_at = ?1 WHERE id = ?2 AND receives = ?3";

const DROP: &str = "DELETE FROM queue WHERE id = ?1";

const LEN: &str = "SELECT count(*) FROM queue";

/// The right to acknowledge a message, from receiving it until someone else
/// does: after that it does nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Receipt {
    id: i64,
    receives: u32,
}

/// A message received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// What to acknowledge it by.
    pub id: Receipt,
    /// The message.
    pub request: SignalRequest,
    /// How often it was received, this time included.
    pub receives: u32,
}

/// How many messages of each job a receiver takes.
#[derive(Debug, Clone, Copy)]
pub struct Share<'a> {
    /// The most of one job. At least one.
    pub of_each_job: usize,
    /// Jobs of which it takes none.
    pub without: &'a [JobArn],
}

/// What a receiver took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The messages, in turn.
    pub messages: Vec<Received>,
    /// Whether there may be more for it.
    pub more: bool,
}

/// A queue of signal requests in the store's file. Clones share its connections and
/// wake each other's consumers.
#[derive(Clone)]
pub struct SqliteQueue(Arc<Database>);

impl SqliteQueue {
    pub(crate) fn new(database: Arc<Database>) -> Self {
        Self(database)
    }

    /// Takes up to `max` messages, job by job in turns, and hides them from everyone
    /// for `visibility`, two minutes at most.
    ///
    /// # Errors
    /// The store's.
    pub async fn receive(
        &self,
        max: usize,
        visibility: Duration,
    ) -> Result<Vec<Received>, StoreError> {
        let share = Share { of_each_job: max, without: &[] };
        Ok(self.receive_share(max, share, visibility).await?.messages)
    }

    /// The same, with a share of each job.
    ///
    /// # Errors
    /// The store's.
    pub async fn receive_share(
        &self,
        max: usize,
        share: Share<'_>,
        visibility: Duration,
    ) -> Result<Taken, StoreError> {
        let without: Vec<&str> = share.without.iter().map(JobArn::key).collect();
        let without = serde_json::json!(without).to_string();
        let of_each_job = share.of_each_job;
        let take = move |tx: &Transaction<'_>, now| {
            let candidates = look(tx, max, &without, now)?;
            let more = candidates.len() == max;
            let until = after(now, visibility);
            let messages = take(tx, shares(candidates, of_each_job), until)?;
            Ok(Taken { messages, more })
        };
        Ok(self.0.write(take).await?)
    }

    /// Removes messages that were dealt with.
    ///
    /// # Errors
    /// The store's; nothing is removed then.
    pub async fn ack(&self, ids: &[Receipt]) -> Result<(), StoreError> {
        let ids = ids.to_vec();
        let ack = move |tx: &Transaction<'_>, _now| {
            let mut statement = tx.prepare_cached(ACK)?;
            for receipt in ids {
                statement.execute(params![receipt.id, receipt.receives])?;
            }
            Ok(())
        };
        Ok(self.0.write(ack).await?)
    }

    /// Gives a message back: it is visible again after `delay`.
    ///
    /// # Errors
    /// The store's; the message then comes back when its visibility runs out.
    pub async fn nack(&self, id: Receipt, delay: Duration) -> Result<(), StoreError> {
        let nack = move |tx: &Transaction<'_>, now| {
            let values = params![after(now, delay), id.id, id.receives];
            tx.prepare_cached(NACK)?.execute(values)?;
            Ok(())
        };
        self.0.write(nack).await?;
        if delay.is_zero() {
            self.wake();
        }
        Ok(())
    }

    /// How many messages there are, visible or not.
    ///
    /// # Errors
    /// The store's.
    pub async fn len(&self) -> Result<u64, StoreError> {
        let count = self.0.read(|conn, _now| {
            let count: i64 = conn.prepare_cached(LEN)?.query_row([], |row| row.get(0))?;
            Ok(count.cast_unsigned())
        });
        Ok(count.await?)
    }

    /// Whether there is no message, visible or not.
    ///
    /// # Errors
    /// The store's.
    pub async fn is_empty(&self) -> Result<bool, StoreError> {
        Ok(self.len().await? == 0)
    }

    /// Waits for a push in this process; a push since the last time counts. May
    /// return for nothing. What other processes push, and what becomes visible
    /// by the passing of time, does not end the wait: look now and then as well.
    pub async fn wait_for_push(&self) {
        self.0.pushed.notified().await;
    }

    fn wake(&self) {
        // Everyone who waits now, and else the next who will.
        self.0.pushed.notify_waiters();
        self.0.pushed.notify_one();
    }
}

fn after(now: i64, delay: Duration) -> i64 {
    let delay = delay.min(LONGEST_HIDDEN);
    let delay = i64::try_from(delay.as_micros()).unwrap_or(i64::MAX);
    now.saturating_add(delay)
}

/// A message that may be taken.
struct Candidate {
    id: i64,
    receives: u32,
    job: String,
    text: String,
}

/// The next messages in turn that nobody has.
fn look(
    tx: &Transaction<'_>,
    max: usize,
    without: &str,
    now: i64,
) -> Result<Vec<Candidate>, SqliteError> {
    let max = i64::try_from(max).unwrap_or(i64::MAX);
    let mut statement = tx.prepare_cached(LOOK)?;
    let found =
        statement.query_map(params![now, after(now, LONGEST_HIDDEN), without, max], |row| {
            let (id, receives) = (row.get(0)?, row.get(1)?);
            Ok(Candidate { id, receives, job: row.get(2)?, text: row.get(3)? })
        })?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// The first ones of each job.
fn shares(candidates: Vec<Candidate>, of_each_job: usize) -> impl Iterator<Item = Candidate> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    candidates.into_iter().filter(move |candidate| {
        let count = counts.entry(candidate.job.clone()).or_default();
        *count += 1;
        *count <= of_each_job
    })
}

/// Hides these messages from everyone else.
fn take(
    tx: &Transaction<'_>,
    candidates: impl Iterator<Item = Candidate>,
    until: i64,
) -> Result<Vec<Received>, SqliteError> {
    let mut received = Vec::new();
    for Candidate { id, receives, text, .. } in candidates {
        let Ok(request) = decode(&text, "a signal request") else {
            // It would come back for ever. The sweep requests its signal again.
            tracing::error!(message = id, "dropped a message that can't be read");
            tx.prepare_cached(DROP)?.execute([id])?;
            continue;
        };
        tx.prepare_cached(TAKE)?.execute(params![until, id])?;
        let receives = receives.saturating_add(1);
        received.push(Received { id: Receipt { id, receives }, request, receives });
    }
    Ok(received)
}

#[async_trait]
impl Queue for SqliteQueue {
    async fn push(&self, requests: &[SignalRequest]) -> Result<(), QueueError> {
        let requests = requests.to_vec();
        let push = move |tx: &Transaction<'_>, _now| {
            let mut statement = tx.prepare_cached(PUSH)?;
            for request in &requests {
                let text = encode(request, "a signal request")?;
                statement.execute(params![text, request.arn.key()])?;
            }
            Ok(())
        };
        let pushed = self.0.write(push).await.map_err(StoreError::from);
        pushed.map_err(|error| QueueError(error.to_string()))?;
        self.wake();
        Ok(())
    }
}
