//! A waiter like a pipeline step: it registers a wait, listens, and checks each signal.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sagebell_api_types::SignalBody;
use sagebell_api_types::WaitRequest;
use sagebell_client::callback_url;
use sagebell_monitor::phase::Phase;
use sagebell_monitor::wait::WaitId;
use sagebell_system::SystemClock;
use sagebell_webhook::Listener;
use tokio::time::Instant;

use super::lives::Life;
use sagebell_client::client::Client;

/// How long to listen on after the end, for a signal that should not come.
const AFTERMATH: Duration = Duration::from_millis(700);

/// Refusals that mean a wrong callback, and not a broken connection.
const MISTAKES: [&str; 5] = ["body", "headers", "signature", "timestamp", "wait"];

/// The end of a job, as received.
#[derive(Debug, Clone)]
pub struct End {
    /// How it ended.
    pub phase: Phase,
    /// When the verified callback arrived.
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
    listener: Listener,
    life: Life,
}

impl Waiter {
    /// Listens on a free port and registers.
    ///
    /// # Errors
    /// If the port cannot be used or the monitor refuses.
    pub async fn register(
        client: &Client,
        life: &Life,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let (id, secret) = (WaitId::parse(life.title)?, sagebell_client::new_secret()?);
        let address = ([127, 0, 0, 1], 0).into();
        let listener = Listener::bind(address, secret.clone(), id, Arc::new(SystemClock)).await?;
        let request = WaitRequest {
            signal_on: life.signal_on,
            labels: BTreeMap::from([("run".to_owned(), "demo".to_owned())]),
            ..WaitRequest::by_callback(callback_url(&listener)?, secret)
        };
        client.put_wait(&life.arn, life.title, &request).await?;
        Ok(Self { listener, life: life.clone() })
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
        while let Ok(Some(signal)) = tokio::time::timeout_at(until, self.listener.next()).await {
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
        let refused = self.listener.stats().refused;
        let refused: u64 = MISTAKES.iter().filter_map(|reason| refused.get(reason)).sum();
        if refused > 0 {
            received.problem = received.problem.or(Some(format!("{refused} callbacks refused")));
        }
        self.listener.shutdown().await;
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
