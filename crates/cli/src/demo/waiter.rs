//! A waiter like a pipeline step: it opens a connection, registers a wait, and checks each signal.

use std::collections::BTreeMap;
use std::time::Duration;

use sagebell_api_types::{SignalBody, WaitRequest};
use sagebell_client::Connection;
use sagebell_monitor::phase::Phase;
use sagebell_monitor::wait::WaitId;
use tokio::time::{Instant, timeout_at};

use super::lives::Life;
use sagebell_client::client::Client;

/// How long to listen on after the end, for a signal that should not come.
const AFTERMATH: Duration = Duration::from_millis(700);

/// The end of a job, as received.
#[derive(Debug, Clone)]
pub struct End {
    /// How it ended.
    pub phase: Phase,
    /// When the signal arrived.
    pub at: Instant,
}

/// What a waiter received.
#[derive(Debug, Clone, Default)]
pub struct Received {
    /// The end.
    pub end: Option<End>,
    /// Signals, the end included.
    pub signals: usize,
    /// What was wrong with a signal.
    pub problem: Option<String>,
}

/// A registered wait.
pub struct Waiter {
    connection: Connection,
    life: Life,
}

impl Waiter {
    /// Opens a connection and registers.
    ///
    /// # Errors
    /// If there is no connection, or the monitor refuses.
    pub async fn register(
        client: &Client,
        life: &Life,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let connection = Connection::open(client).await?;
        let request = WaitRequest {
            signal_on: life.signal_on,
            labels: BTreeMap::from([("run".to_owned(), "demo".to_owned())]),
            ..WaitRequest::by_renewals()
        };
        connection.register(&life.arn, &WaitId::parse(life.title)?, request).await?;
        Ok(Self { connection, life: life.clone() })
    }

    /// Listens until the end, and a little longer for what should not come;
    /// `on_signal` is shown each signal.
    pub async fn receive(
        mut self,
        patience: Duration,
        on_signal: impl Fn(&SignalBody),
    ) -> Received {
        let mut received = Received::default();
        let mut last_seq = 0;
        let mut until = Instant::now() + patience;
        while let Ok(signal) = timeout_at(until, self.connection.next()).await {
            let Some(signal) = signal else {
                received.problem = Some(self.connection.loss().to_string());
                return received;
            };
            let at = Instant::now();
            on_signal(&signal);
            received.signals += 1;
            let wrong = self.wrong(&signal, last_seq, received.end.is_some());
            received.problem = received.problem.or(wrong);
            last_seq = signal.data.seq;
            if signal.data.job.phase.is_settled() && received.end.is_none() {
                received.end = Some(End { phase: signal.data.job.phase, at });
                until = at + AFTERMATH;
            }
        }
        self.connection.close().await;
        received
    }

    fn wrong(&self, signal: &SignalBody, last_seq: u64, ended: bool) -> Option<String> {
        if signal.data.job.arn != self.life.arn {
            return Some(format!("received a signal about {}", signal.data.job.arn));
        }
        if signal.data.seq <= last_seq {
            return Some(format!("signal {} after {last_seq}", signal.data.seq));
        }
        ended.then(|| "a signal after the end".to_owned())
    }
}
