//! Whether waiters can reach the stack.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use async_trait::async_trait;
use sagebell_monitor::causes::with_causes;
use sagebell_monitor::ports::{Failure, Reachability};
use sagebell_monitor::wait::FailureClass;

/// How long the stack may take to answer itself.
const ANSWER: Duration = Duration::from_secs(5);

/// Calls the stack at its own address, as a waiter on this machine does.
pub(crate) struct OwnAddress {
    http: reqwest::Client,
    url: String,
}

impl OwnAddress {
    pub(crate) fn new(address: SocketAddr) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder().no_proxy().timeout(ANSWER).build()?;
        Ok(Self { http, url: format!("http://{}/healthz", reachable(address)) })
    }
}

/// An address to call, of one to listen on.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

#[async_trait]
impl Reachability for OwnAddress {
    async fn check(&self) -> Result<(), Failure> {
        let answer = self.http.get(&self.url).send().await;
        match answer.and_then(reqwest::Response::error_for_status) {
            Ok(_) => Ok(()),
            Err(error) => Err(Failure::new(FailureClass::NoAnswer, with_causes(&error))),
        }
    }
}
