//! The whole monitor in one process: API, queue, deliveries, sweep, SQLite, and EventBridge's
//! `PutEvents` on the same port.
//!
//! Promise: everything that was acknowledged is on disk. After a crash, the next start signals
//! every wait that needs a signal.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod gateway;
pub mod origin_check;
mod put_events;
mod queue_worker;
mod reachability;
mod server;

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use metrics_exporter_prometheus::PrometheusHandle;
use sagebell_monitor::kfp_ui::KfpUi;
use sagebell_monitor::policy::Policy;
use sagebell_monitor::sweep::{RecoverError, Sweep};
use sagebell_runtime::{StartError, Wiring};
use sagebell_webhook::CallbackPaths;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use gateway::ConnectionLimits;
use gateway::{Connecting, LocalGateway};
use reachability::OwnAddress;
pub use sagebell_http_api::same_origin;

/// How long requests and callbacks under way may take when the stack stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// The options of a local stack.
#[derive(Debug, Clone)]
pub struct Options {
    /// The SQLite file.
    pub store: PathBuf,
    /// The address to listen on. Port 0 is any free port.
    pub listen: SocketAddr,
    /// The paths that callbacks may have.
    pub callback_paths: CallbackPaths,
    /// The pause between sweeps.
    pub sweep_every: Duration,
    /// How long connections last.
    pub connections: ConnectionLimits,
    /// Where KFP's user interface is, which the dashboard links to.
    pub kfp_ui: Option<KfpUi>,
    /// The text of `/metrics`, if metrics are recorded.
    pub metrics: Option<PrometheusHandle>,
}

/// Why a local stack did not start.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// The adapters could not be opened.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The address could not be used.
    #[error("can't listen on {address}: {source}; choose another with --listen")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's error.
        source: std::io::Error,
    },
    /// The client that checks the stack's own address could not be created.
    #[error("the HTTP client cannot be created: {0}")]
    Client(#[source] reqwest::Error),
    /// The waits of an earlier run could not be resumed.
    #[error("the waits of the last run could not be resumed: {0}")]
    Recover(#[source] RecoverError),
}

/// A running local stack.
pub struct LocalStack {
    address: SocketAddr,
    recovered: u64,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl LocalStack {
    /// Opens the store, resumes the waits of an earlier run, and listens.
    ///
    /// # Errors
    /// [`LocalError`] says what to mend.
    pub async fn start(options: Options) -> Result<Self, LocalError> {
        let (wiring, queue) = Wiring::local(&options.store, options.callback_paths)?;
        let listen = |source| LocalError::Listen { address: options.listen, source };
        let socket = TcpListener::bind(options.listen).await.map_err(listen)?;
        let address = socket.local_addr().map_err(listen)?;
        let gateway = LocalGateway::new(address, options.connections);
        let reachability = OwnAddress::new(address).map_err(LocalError::Client)?;
        let wiring = wiring.with_connections(gateway.clone(), Arc::new(reachability));
        let (deliver, mut sweep) = (wiring.deliver()?, wiring.sweep()?);
        // Sweeps that are to be far apart make no break.
        let sweep_gap = sweep.policy.sweep_gap.max(options.sweep_every * 3);
        sweep.policy = Arc::new(Policy { sweep_gap, ..Policy::clone(&sweep.policy) });
        let lost = wiring.connections().close_lost(&*gateway).await;
        lost.map_err(|error| LocalError::Recover(error.into()))?;
        let recovered = sweep.recover().await.map_err(LocalError::Recover)?;

        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let api = server::api(&wiring, options.kfp_ui, options.metrics.clone())?;
        let (held, ended) = (tasks.clone(), stop.clone());
        let connecting = Connecting { api, gateway, stop: ended, tasks: held };
        let routes = server::routes(address, &wiring, connecting, options.metrics)?;
        tasks.spawn(queue_worker::run(queue, deliver, stop.clone()));
        tasks.spawn(sweep_every(options.sweep_every, sweep, stop.clone()));
        tasks.spawn(server::run(socket, routes, stop.clone()));
        tasks.close();
        Ok(Self { address, recovered, stop, tasks })
    }

    /// The address on which it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many waits of an earlier run got a signal request at the start.
    #[must_use]
    pub fn recovered(&self) -> u64 {
        self.recovered
    }

    /// Accepts no more requests, finishes the pending ones, and ends.
    pub async fn stop(self) {
        self.stop.cancel();
        if tokio::time::timeout(STOP_TIMEOUT, self.tasks.wait()).await.is_err() {
            tracing::warn!("stopped with unfinished work; the next start resumes it");
        }
    }
}

/// Serves these routes on a socket until `stop`, then finishes what is under way.
pub async fn serve(socket: TcpListener, routes: Router, stop: CancellationToken) {
    server::run(socket, routes, stop).await;
}

/// Runs a local stack until `until` completes.
///
/// # Errors
/// [`LocalError`] if it did not start.
pub async fn run(options: Options, until: impl Future<Output = ()>) -> Result<(), LocalError> {
    let store = options.store.clone();
    let stack = LocalStack::start(options).await?;
    let (address, recovered) = (stack.address(), stack.recovered());
    tracing::info!(store = %store.display(), recovered, "sagebell listens on http://{address}");
    until.await;
    tracing::info!("stopping");
    stack.stop().await;
    Ok(())
}

async fn sweep_every(pause: Duration, sweep: Sweep, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_some() {
        match sweep.sweep().await {
            Ok(report) if report.due > 0 => tracing::info!(?report, "sweep"),
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "sweep failed, the next one tries again"),
        }
    }
}
