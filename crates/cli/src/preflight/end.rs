//! The ends of test waits, where their signals arrive: a connection, or a listener for callbacks.

use jiff::Timestamp;
use sagebell_api_types::{CALLBACK_URL, ErrorCode, WaitRequest};
use sagebell_client::Connection;
use sagebell_client::client::{Client, ClientError};
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::wait::{InvalidText, WaitId};

use super::callback::{self, Callback};
use super::grants::{CALLERS, FRAMES, Grant, PUSH, SIGNALS, WAY_BACK};
use super::report::Check;

/// The check of a signal that comes down a connection.
pub(super) const SIGNAL: &str = "signal";
/// The check of one that comes by a callback.
pub(super) const CALLBACK: &str = "callback";

/// The end of a test wait.
pub(super) enum End {
    /// A connection that is open.
    Connection(WaitId, Connection),
    /// A listener.
    Callback(Box<Callback>),
}

/// How a report speaks of an end.
pub(super) struct Words {
    /// The name of its check.
    pub(super) name: &'static str,
    /// That the signals fail.
    pub(super) failing: String,
    /// That nothing was sent.
    pub(super) silent: String,
    /// What a signal needs on its way.
    pub(super) way: &'static [Grant],
    /// Who sends.
    pub(super) senders: &'static [Grant],
}

impl Words {
    fn connection() -> Self {
        Self {
            name: SIGNAL,
            failing: "pushes down the connection fail".to_owned(),
            silent: "the signals function pushed nothing down the connection".to_owned(),
            way: PUSH,
            senders: SIGNALS,
        }
    }

    pub(super) fn callback(url: &str) -> Self {
        Self {
            name: CALLBACK,
            failing: format!("callbacks to {url} fail"),
            silent: format!("the callbacks function did not call {url}"),
            way: WAY_BACK,
            senders: CALLERS,
        }
    }
}

impl End {
    /// The end at this connection.
    ///
    /// # Errors
    /// None in practice.
    pub(super) fn connection(connection: Connection) -> Result<Self, InvalidText> {
        Ok(Self::Connection(new_id()?, connection))
    }

    pub(super) fn words(&self) -> Words {
        match self {
            Self::Connection(..) => Words::connection(),
            Self::Callback(callback) => Words::callback(callback.url()),
        }
    }

    /// The name of its check.
    pub(super) fn name(&self) -> &'static str {
        self.words().name
    }

    /// The wait.
    pub(super) fn id(&self) -> &WaitId {
        match self {
            Self::Connection(id, _) => id,
            Self::Callback(callback) => &callback.id,
        }
    }

    /// Registers the wait.
    pub(super) async fn register(
        &self,
        client: &Client,
        arn: &JobArn,
        lease_seconds: u32,
        deadline: Timestamp,
    ) -> Result<(), ClientError> {
        let terms = |request| WaitRequest { lease_seconds, deadline: Some(deadline), ..request };
        match self {
            Self::Connection(id, connection) => {
                let request = terms(WaitRequest::by_renewals());
                connection.register(arn, id, request).await.map(drop)
            }
            Self::Callback(callback) => {
                let request = terms(callback.request());
                client.put_wait(arn, callback.id.as_str(), &request).await.map(drop)
            }
        }
    }

    /// Waits for the signal. False: none can come any more. Cancel safe.
    pub(super) async fn next(&mut self) -> bool {
        match self {
            Self::Connection(id, connection) => loop {
                match connection.next().await {
                    Some(signal) if signal.data.wait_id == *id => return true,
                    Some(_) => {}
                    None => return false,
                }
            },
            Self::Callback(callback) => callback.listener.next().await.is_some(),
        }
    }

    /// The signal came.
    pub(super) fn told(&self) -> Check {
        match self {
            Self::Connection(..) => Check::ok(SIGNAL, "a signal came down the connection"),
            Self::Callback(callback) => {
                Check::ok(CALLBACK, format!("a signed callback came to {}", callback.url()))
            }
        }
    }

    /// The wait was not registered.
    pub(super) fn refused(&self, error: &ClientError) -> Check {
        match (self, error) {
            (Self::Callback(own), ClientError::Problem { field: Some(field), detail, .. })
                if field == CALLBACK_URL =>
            {
                callback::not_allowed(own.is_asked, own.url(), detail)
            }
            (Self::Connection(..), ClientError::ConnectionLost | ClientError::Gateway { .. }) => {
                let how = format!(
                    "the API did not take a wait on the connection: {error}. Read the log of `api`"
                );
                Check::missing(SIGNAL, how, FRAMES)
            }
            _ => unregistered(self.name(), error),
        }
    }

    /// Closes it, within a few seconds.
    pub(super) async fn close(self) {
        match self {
            Self::Connection(_, connection) => connection.close().await,
            Self::Callback(callback) => callback.listener.shutdown().await,
        }
    }
}

fn unregistered(name: &'static str, error: &ClientError) -> Check {
    match error {
        ClientError::Problem { code, detail, .. } if code == ErrorCode::JobOutOfScope.as_str() => {
            let how = format!("the monitor accepts no jobs of this account or region: {detail}");
            Check::missing(name, how, &[])
        }
        other => Check::unknown(name, format!("no wait was registered: {other}"), &[]),
    }
}

/// An id for a test wait.
///
/// # Errors
/// None in practice.
pub(super) fn new_id() -> Result<WaitId, InvalidText> {
    WaitId::parse(&format!("preflight-{}", uuid::Uuid::new_v4()))
}

#[cfg(test)]
mod tests {
    use super::super::report::Outcome;
    use super::*;

    fn problem(code: &str) -> ClientError {
        let (code, detail) = (code.to_owned(), String::new());
        ClientError::Problem { code, field: None, detail, retry_after: None }
    }

    #[test]
    fn a_monitor_that_is_busy_is_not_one_that_takes_no_such_jobs() {
        let outcome = |code| unregistered(SIGNAL, &problem(code)).outcome;
        assert_eq!(outcome("job_out_of_scope"), Outcome::Missing);
        assert_eq!(outcome("try_again"), Outcome::Unknown);
    }
}
