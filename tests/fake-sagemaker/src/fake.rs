//! Starts and stops a fake.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use sagebell_monitor::ports::Clock;
use sagebell_system::SystemClock;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::faults::FaultRule;
use crate::life::Life;
use crate::publish::{self, Target};
use crate::quotas::{Quota, Quotas};
use crate::server;
use crate::shared::{Shared, lock};
use crate::state::Settings;

/// The time between the stages of a life that no script gives.
pub const DEFAULT_STEP: Duration = Duration::from_millis(200);
/// The account in ARNs.
pub const DEFAULT_ACCOUNT: &str = "123456789012";
/// How long requests and events under way may take when the fake stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// What a fake is to be like.
#[derive(Clone)]
pub struct Options {
    /// Where to listen; port 0 is any free one.
    pub listen: SocketAddr,
    /// The account in ARNs, 12 digits.
    pub account: String,
    /// The time between the stages of a life that no script gives.
    pub step: Duration,
    /// Where events go; they can be read from the control API besides.
    pub events: Vec<Target>,
    /// The `source` of events.
    pub events_source: String,
    /// What an account may call; nothing is throttled without one.
    pub quotas: Vec<Quota>,
    /// Whether lists tell ARNs in lower case, as SageMaker's do, whatever the case of
    /// the name is (<https://github.com/boto/boto3/issues/4606>).
    pub lists_in_lower_case: bool,
    /// The time. With a clock whose sleep moves it, lives end as they begin.
    pub clock: Arc<dyn Clock>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            account: DEFAULT_ACCOUNT.to_owned(),
            step: DEFAULT_STEP,
            events: Vec::new(),
            events_source: sagebell_monitor::event::SOURCE.to_owned(),
            quotas: Vec::new(),
            lists_in_lower_case: false,
            clock: Arc::new(SystemClock),
        }
    }
}

/// Why a fake did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The account is not 12 digits.
    #[error("`{0}` is not an account id (12 digits)")]
    Account(String),
    /// The address could not be had.
    #[error("can't listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// A quota is none.
    #[error("the quotas: {0}")]
    Quotas(String),
    /// The HTTP client for events could not be made.
    #[error("the HTTP client for events could not be created: {0}")]
    Client(#[from] reqwest::Error),
}

/// A running fake SageMaker.
pub struct Fake {
    address: SocketAddr,
    stop: CancellationToken,
    tasks: TaskTracker,
    shared: Arc<Shared>,
}

impl Fake {
    /// Listens, and lets time pass for what is made in it.
    ///
    /// # Errors
    /// [`StartError`] says what to mend.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let Options { listen, account, step, events, events_source, clock, .. } = options;
        if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(StartError::Account(account));
        }
        let failed = |source| StartError::Listen { address: listen, source };
        let socket = TcpListener::bind(listen).await.map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;

        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let (outbox, inbox) = mpsc::channel(publish::QUEUE);
        let outbox = (!events.is_empty()).then_some(outbox);
        let lists_in_lower_case = options.lists_in_lower_case;
        let settings = Settings { account, step, source: events_source, lists_in_lower_case };
        let quotas = Quotas::new(options.quotas, clock.now()).map_err(StartError::Quotas)?;
        let shared = Arc::new(Shared::new(settings, clock, outbox));
        *lock(&shared.quotas) = quotas;
        tasks.spawn(publish::run(publish::client()?, events, inbox));
        tasks.spawn(keep_time(Arc::clone(&shared), stop.clone()));
        tasks.spawn(server::run(socket, server::router(Arc::clone(&shared)), stop.clone()));
        tasks.close();
        Ok(Self { address, stop, tasks, shared })
    }

    /// Its URL, to be given to clients as SageMaker's endpoint.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Scripts a life that goes before those there are.
    pub fn add_life(&self, life: Life) {
        self.shared.with_world(|state, _| state.add_life(life));
    }

    /// Lets calls go wrong.
    ///
    /// # Errors
    /// If there are too many faults, or it takes too long.
    pub fn add_fault(&self, rule: FaultRule) -> Result<(), String> {
        lock(&self.shared.faults).add(rule)
    }

    /// How often each operation was called.
    #[must_use]
    pub fn calls(&self) -> serde_json::Value {
        lock(&self.shared.journal).calls()
    }

    /// Takes no more requests, finishes those under way, and ends.
    pub async fn stop(self) {
        let Self { stop, tasks, shared, .. } = self;
        stop.cancel();
        // Events are published for as long as somebody may send some.
        drop(shared);
        if tokio::time::timeout(STOP_TIMEOUT, tasks.wait()).await.is_err() {
            tracing::warn!("stopped with unfinished work");
        }
    }
}

/// Lets come about what is due, when it is due.
async fn keep_time(shared: Arc<Shared>, stop: CancellationToken) {
    loop {
        let pause = shared.advance();
        let due = async {
            match pause {
                Some(pause) => shared.clock.sleep(pause).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = shared.changed() => {}
            () = due => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    /// Time is paused: it moves on only if a task is waited for in vain.
    #[tokio::test(start_paused = true)]
    async fn one_that_publishes_events_stops_as_soon_as_there_is_nothing_to_do() {
        let bus = Target::Post { url: "http://127.0.0.1:9".parse().unwrap() };
        let fake = Fake::start(Options { events: vec![bus], ..Options::default() }).await.unwrap();
        let begun = Instant::now();
        fake.stop().await;
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }
}
