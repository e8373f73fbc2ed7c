//! The listener for the callback of a test wait, and what the monitor may say about its address.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use sagebell_api_types::WaitRequest;
use sagebell_client::client::Client;
use sagebell_client::{callback_url, new_secret, own_address};
use sagebell_monitor::ports::CallbackRefused;
use sagebell_monitor::wait::{CallbackUrl, Secret, WaitId};
use sagebell_system::SystemClock;
use sagebell_webhook::Listener;

use super::end::{CALLBACK, End, new_id};
use super::grants::{CALLBACKS, CALLBACKS_ON};
use super::report::Check;

/// The template's default of CallbackPorts.
const PORT: u16 = 8080;

/// A listener, with the secret and the id of its wait.
pub(super) struct Callback {
    pub(super) id: WaitId,
    pub(super) listener: Listener,
    /// Whether the user asked for callbacks, so that it is wrong if they are off.
    pub(super) is_asked: bool,
    url: CallbackUrl,
    secret: Secret,
}

impl Callback {
    /// Listens on this address, or where the monitor finds steps. The error says how to do better.
    pub(super) async fn listen(
        client: &Client,
        address: Option<SocketAddr>,
        is_asked: bool,
    ) -> Result<End, Check> {
        let listening = Self::try_listen(client, address, is_asked).await;
        listening.map(|callback| End::Callback(Box::new(callback))).map_err(|error| {
            let how = format!(
                "can't listen on this machine: {error}. Choose another address with --listen"
            );
            Check::unknown(CALLBACK, how, &[])
        })
    }

    async fn try_listen(
        client: &Client,
        address: Option<SocketAddr>,
        is_asked: bool,
    ) -> io::Result<Self> {
        let address = match address {
            Some(address) => address,
            None => SocketAddr::new(own_address(client.base()).await?, PORT),
        };
        let id = new_id().map_err(io::Error::other)?;
        let secret = new_secret().map_err(io::Error::other)?;
        let clock = Arc::new(SystemClock);
        let listener = Listener::bind(address, secret.clone(), id.clone(), clock).await?;
        let url = callback_url(&listener).map_err(io::Error::other)?;
        Ok(Self { id, listener, is_asked, url, secret })
    }

    pub(super) fn url(&self) -> &str {
        self.url.as_url().as_str()
    }

    pub(super) fn request(&self) -> WaitRequest {
        WaitRequest::by_callback(self.url.clone(), self.secret.clone())
    }
}

/// The monitor does not take this URL: it calls nobody, or not there.
pub(super) fn not_allowed(is_asked: bool, url: &str, detail: &str) -> Check {
    if !detail.starts_with(CallbackRefused::OFF) {
        let how = format!("the monitor may not call {url}: {detail}");
        return Check::missing(CALLBACK, how, CALLBACKS);
    }
    if is_asked { Check::missing(CALLBACK, detail, CALLBACKS_ON) } else { off() }
}

/// A deployment without callbacks lacks nothing.
pub(super) fn off() -> Check {
    Check::ok(CALLBACK, "callbacks are off in this deployment: waiters hold connections")
}

#[cfg(test)]
mod tests {
    use super::super::report::Outcome;
    use super::*;

    #[test]
    fn an_address_that_is_not_allowed_names_the_parameter() {
        for is_asked in [true, false] {
            let check =
                not_allowed(is_asked, "http://10.0.0.1/", "callback URL: not in 10.1.0.0/16");
            assert_eq!((check.outcome, check.granted_by), (Outcome::Missing, CALLBACKS));
        }
    }

    #[test]
    fn callbacks_that_are_off_are_missed_only_by_who_asked_for_them() {
        let detail = format!("{}: wait on a connection", CallbackRefused::OFF);
        assert_eq!(not_allowed(false, "http://10.0.0.1/", &detail), off());
        let check = not_allowed(true, "http://10.0.0.1/", &detail);
        assert_eq!((check.outcome, check.granted_by), (Outcome::Missing, CALLBACKS_ON));
    }
}
