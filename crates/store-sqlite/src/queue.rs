//! [`SqliteQueue`]: the signal queue, modelled on SQS.
//!
//! Promise: a message stays until it is acknowledged. One receiver has it alone, across processes,
//! until its visibility timeout ends. Then anyone can receive it again. Jobs take turns, so ten
//! thousand messages of one job do not delay those of another.

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

const RECEIVE: &str = "
    UPDATE queue SET visible_at = ?1, receives = receives + 1
    WHERE id IN (
        SELECT id FROM queue INDEXED BY queue_turn
        WHERE (visible_at <= ?2 OR visible_at > ?4) AND job NOT IN (SELECT value FROM json_each(?5))
        ORDER BY turn, id LIMIT ?3)
    RETURNING id, receives, turn, request";

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
        self.receive_of_others(max, visibility, &[]).await
    }

    /// The same, without messages of these jobs.
    ///
    /// # Errors
    /// The store's.
    pub async fn receive_of_others(
        &self,
        max: usize,
        visibility: Duration,
        jobs: &[JobArn],
    ) -> Result<Vec<Received>, StoreError> {
        let jobs: Vec<&str> = jobs.iter().map(JobArn::as_str).collect();
        let without = serde_json::json!(jobs).to_string();
        let claim = move |tx: &Transaction<'_>, now| claim(tx, max, visibility, &without, now);
        Ok(self.0.write(claim).await?)
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

fn claim(
    tx: &Transaction<'_>,
    max: usize,
    visibility: Duration,
    without: &str,
    now: i64,
) -> Result<Vec<Received>, SqliteError> {
    let max = i64::try_from(max).unwrap_or(i64::MAX);
    let mut statement = tx.prepare_cached(RECEIVE)?;
    let times = (after(now, visibility), after(now, LONGEST_HIDDEN));
    let claimed = statement.query_map(params![times.0, now, max, times.1, without], |row| {
        let (id, receives, turn) = (row.get(0)?, row.get(1)?, row.get::<_, i64>(2)?);
        let text: String = row.get(3)?;
        Ok((turn, Receipt { id, receives }, text))
    })?;
    let mut claimed = claimed.collect::<Result<Vec<_>, _>>()?;
    claimed.sort_by_key(|(turn, id, _)| (*turn, id.id));
    let mut received = Vec::new();
    for (_, id, text) in claimed {
        match decode(&text, "a signal request") {
            Ok(request) => received.push(Received { id, request, receives: id.receives }),
            // It would come back for ever. The sweep requests its signal again.
            Err(_) => {
                tracing::error!(message = id.id, "dropped a message that can't be read");
                tx.prepare_cached(DROP)?.execute([id.id])?;
            }
        }
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
