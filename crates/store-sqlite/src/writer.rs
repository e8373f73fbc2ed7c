//! Group commit: the writes that wait are one transaction.
//!
//! Promises: a write is answered after the commit that has it. One that fails is undone alone. No
//! write waits for others to come: a batch is what came while the batch before was written.

#[cfg(test)]
mod tests;

use std::iter::Peekable;

use tokio::sync::{mpsc, oneshot};
use tokio_rusqlite::rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::error::SqliteError;

/// The most writes of one transaction. Other processes write between two transactions.
const BATCH: usize = 256;
/// The most writes that wait. Whoever comes then waits for a place.
const WAITING: usize = 1_024;

// Of SQLite's nested transactions, the one around a write.
const BEFORE: &str = "SAVEPOINT one";
const UNDO: &str = "ROLLBACK TO one";
const AFTER: &str = "RELEASE one";

/// A thread that writes. It ends when its handles are dropped and all writes are answered.
pub(crate) struct Writer(mpsc::Sender<Box<dyn Call>>);

impl Writer {
    /// Starts the thread.
    pub(crate) fn start(conn: Connection) -> Self {
        let (calls, waiting) = mpsc::channel(WAITING);
        std::thread::spawn(move || run(conn, waiting));
        Self(calls)
    }

    /// Runs `write` in a transaction, with others, and returns its result after the commit.
    /// Nothing of it is kept if it fails. Who stops waiting does not stop the write.
    pub(crate) async fn write<T, W>(&self, write: W) -> Result<T, SqliteError>
    where
        T: Send + 'static,
        W: FnOnce(&Transaction<'_>) -> Result<T, SqliteError> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let sent = self.0.send(Box::new(Waiting { write, caller })).await;
        sent.map_err(|_| SqliteError::closed())?;
        answer.await.map_err(|_| SqliteError::closed())?
    }
}

/// A write that waits.
trait Call: Send {
    fn run(self: Box<Self>, tx: &Transaction<'_>) -> Box<dyn Ran>;
    /// Answers without a try.
    fn refuse(self: Box<Self>, why: SqliteError);
}

/// A write that ran, and is not answered yet.
trait Ran {
    /// Why it failed, if it did.
    fn error(&self) -> Option<&SqliteError>;
    fn answer(self: Box<Self>, committed: Result<(), SqliteError>);
}

type Answer<T> = oneshot::Sender<Result<T, SqliteError>>;

struct Waiting<W, T> {
    write: W,
    caller: Answer<T>,
}

struct Done<T> {
    result: Result<T, SqliteError>,
    caller: Answer<T>,
}

impl<W, T> Call for Waiting<W, T>
where
    T: Send + 'static,
    W: FnOnce(&Transaction<'_>) -> Result<T, SqliteError> + Send,
{
    fn run(self: Box<Self>, tx: &Transaction<'_>) -> Box<dyn Ran> {
        let Self { write, caller } = *self;
        Box::new(Done { result: write(tx), caller })
    }

    fn refuse(self: Box<Self>, why: SqliteError) {
        // The caller may have stopped waiting.
        let _ = self.caller.send(Err(why));
    }
}

impl<T> Ran for Done<T> {
    fn error(&self) -> Option<&SqliteError> {
        self.result.as_ref().err()
    }

    fn answer(self: Box<Self>, committed: Result<(), SqliteError>) {
        let Self { result, caller } = *self;
        let _ = caller.send(result.and_then(|result| committed.map(|()| result)));
    }
}

fn run(mut conn: Connection, mut waiting: mpsc::Receiver<Box<dyn Call>>) {
    let mut batch = Vec::new();
    while waiting.blocking_recv_many(&mut batch, BATCH) > 0 {
        commit_together(&mut conn, batch.drain(..));
    }
}

/// Runs these writes in one transaction, and answers all of them.
fn commit_together(conn: &mut Connection, calls: impl Iterator<Item = Box<dyn Call>>) {
    let (mut calls, mut ran) = (calls.peekable(), Vec::new());
    let committed = in_one_transaction(conn, &mut calls, &mut ran);
    for one in ran {
        one.answer(committed.clone());
    }
    // Some are left only after a failure.
    if let Err(why) = committed {
        calls.for_each(|call| call.refuse(why.clone()));
    }
}

fn in_one_transaction(
    conn: &mut Connection,
    calls: &mut Peekable<impl Iterator<Item = Box<dyn Call>>>,
    ran: &mut Vec<Box<dyn Ran>>,
) -> Result<(), SqliteError> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let now = |sql| tx.prepare_cached(sql)?.execute([]);
    while calls.peek().is_some() {
        now(BEFORE)?;
        let Some(call) = calls.next() else { break };
        let one = call.run(&tx);
        let error = one.error().cloned();
        ran.push(one);
        if let Some(why) = error {
            // A full disk, for example, ends the whole transaction.
            // https://www.sqlite.org/lang_transaction.html, 2.3
            if tx.is_autocommit() {
                return Err(why);
            }
            now(UNDO)?;
        }
        now(AFTER)?;
    }
    Ok(tx.commit()?)
}
