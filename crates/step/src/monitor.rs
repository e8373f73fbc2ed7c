//! Gets ready to wait through the monitor, before there is a job.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use jiff::Timestamp;
use sagebell_client::{
    ChannelChoice, ChannelEnd, Client, ClientError, ListenError, OpenError, Terms, Waiting,
    own_address,
};
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::ports::Clock;
use sagebell_monitor::wait::{InvalidText, OnAbandon, SignalOn, WaitId};
use sagebell_system::say;
use url::Url;

use crate::options::{Options, StepChannel};

/// Why the step cannot wait through the monitor.
#[derive(Debug, thiserror::Error)]
pub enum MonitorError {
    /// The step could not listen on the address.
    #[error("{0}. Set --host and --port")]
    Listen(#[from] ListenError),
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
/// and this end of the channel is open.
pub struct Ready {
    client: Client,
    channel: Box<dyn ChannelEnd>,
    principal: Option<String>,
}

/// The monitor, and how it tells the step.
#[derive(Debug, Clone)]
pub struct Monitor {
    /// Its URL.
    pub api: Url,
    /// How it tells the step.
    pub channel: StepChannel,
}

impl Monitor {
    /// Checks that the monitor answers, and opens the channel. A connection that cannot be opened is
    /// reported: the step begins without a channel, and continues to try.
    ///
    /// # Errors
    /// [`MonitorError`]. No job exists yet.
    pub async fn ready(
        &self,
        options: &Options,
        clock: Arc<dyn Clock>,
    ) -> Result<Ready, MonitorError> {
        let client = Client::new(self.api.clone())?;
        let principal = client.principal(ClientError::is_outage, warn_of_outage).await?;
        let id = WaitId::parse(&options.task.fresh_name().with("step"))?;
        let choice = match self.channel {
            StepChannel::Connection => ChannelChoice::Connection,
            StepChannel::None => ChannelChoice::None,
            StepChannel::Callback { host, port } => {
                ChannelChoice::Callback(SocketAddr::new(self.host(host).await?, port))
            }
        };
        let channel = choice.open(&client, id, clock).await?;
        say::err(format_args!("sagebell-step: {}", described(choice, channel.trouble())));
        Ok(Ready { client, channel, principal })
    }

    async fn host(&self, given: Option<IpAddr>) -> Result<IpAddr, MonitorError> {
        let no_address = |source| MonitorError::NoAddress { api: self.api.clone(), source };
        match given {
            Some(host) => Ok(host),
            None => own_address(&self.api).await.map_err(no_address),
        }
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
        Waiting::new(self.client, self.channel, arn, terms)
    }
}

/// How the step is told.
fn described(choice: ChannelChoice, trouble: Option<&OpenError>) -> String {
    match (choice, trouble) {
        (ChannelChoice::Connection, Some(why)) => without_connection(why),
        (ChannelChoice::Connection, None) => "connected to the monitor".to_owned(),
        (ChannelChoice::Callback(address), _) => {
            format!("listening on {address} for the monitor's callbacks")
        }
        (ChannelChoice::None, _) => {
            "no channel: the step asks the monitor for the state from time to time".to_owned()
        }
    }
}

/// Why the step is told without a connection.
pub(crate) fn without_connection(why: &OpenError) -> String {
    format!("no connection to the monitor: {why}. The step asks it for the state from time to time")
}

fn warn_of_outage(error: &ClientError) {
    say::err(format_args!("sagebell-step: {error}"));
}
