//! Waits for a job by callback: finds the address of this pod, and connects to the monitor.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use jiff::Timestamp;
use sagebell_client::{CallbackReceiver, Client, ClientError, Terms, Waiting, own_address};
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::ports::Clock;
use sagebell_monitor::wait::{InvalidText, OnAbandon, SignalOn, WaitId};
use sagebell_system::say;
use url::Url;

use crate::options::Options;

/// Why the step cannot wait by callback.
#[derive(Debug, thiserror::Error)]
pub enum CallbackError {
    /// The step could not listen on the address.
    #[error("can't listen for callbacks on {address}: {source}. Set --host and --port")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's error.
        source: io::Error,
    },
    /// The address at which the monitor can reach this pod is not known.
    #[error(
        "can't find the address at which {api} reaches this pod: {source}. Set --host or POD_IP"
    )]
    NoAddress {
        /// The monitor.
        api: Url,
        /// The system's error.
        source: io::Error,
    },
    /// The monitor did not answer, or refused.
    #[error("{0}\n  with --wait poll the step calls SageMaker itself instead")]
    Client(#[from] ClientError),
    /// The id of the wait is not valid.
    #[error("the wait's id: {0}")]
    Id(#[from] InvalidText),
}

/// A step that is ready to wait, before its job exists: the monitor answers and accepts its calls,
/// and its listener is open.
pub struct Ready {
    client: Client,
    receiver: CallbackReceiver,
    principal: Option<String>,
}

/// The address of the listener.
#[derive(Debug, Clone)]
pub struct CallbackAddress {
    /// The monitor.
    pub api: Url,
    /// The address of this pod, if it is given.
    pub host: Option<IpAddr>,
    /// The port. 0: any.
    pub port: u16,
}

impl CallbackAddress {
    /// Checks that the monitor answers, and opens the listener.
    ///
    /// # Errors
    /// [`CallbackError`]. No job exists yet.
    pub async fn ready(
        &self,
        options: &Options,
        clock: Arc<dyn Clock>,
    ) -> Result<Ready, CallbackError> {
        let client = Client::new(self.api.clone())?;
        let principal = client.principal(ClientError::is_outage, warn_of_outage).await?;
        let host = match self.host {
            Some(host) => host,
            None => own_address(&self.api)
                .await
                .map_err(|source| CallbackError::NoAddress { api: self.api.clone(), source })?,
        };
        let address = SocketAddr::new(host, self.port);
        let id = WaitId::parse(&options.task.fresh_name().with("step"))?;
        let receiver = CallbackReceiver::open(address, id, clock).await;
        let receiver = receiver.map_err(|source| CallbackError::Listen { address, source })?;
        Ok(Ready { client, receiver, principal })
    }
}

impl Ready {
    /// The principal of this step. `None`: the monitor is too old to say.
    #[must_use]
    pub fn principal(&self) -> Option<&str> {
        self.principal.as_deref()
    }

    /// The wait for this job. `until` is its deadline, by the monitor's clock.
    #[must_use]
    pub fn wait(
        self,
        arn: JobArn,
        options: &Options,
        not_before: Option<Timestamp>,
        until: Option<Timestamp>,
    ) -> Waiting {
        // What can't be stopped is kept, whatever was asked.
        let stops = arn.kind().stop().is_some();
        let terms = Terms {
            signal_on: SignalOn::Progress,
            on_abandon: if stops { options.on_abandon } else { OnAbandon::Keep },
            lease_seconds: options.lease_seconds,
            deadline: until,
            not_before,
            labels: BTreeMap::from([("run".to_owned(), options.task.run().to_owned())]),
        };
        Waiting::new(self.client, self.receiver, arn, terms)
    }
}

fn warn_of_outage(error: &ClientError) {
    say::err(format_args!("sagebell-step: {error}"));
}
