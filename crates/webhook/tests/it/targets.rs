//! Where the sender goes: names, addresses, and what hides behind them.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use sagebell_monitor::ports::SendOutcome;
use sagebell_webhook::{CallbackPaths, Guard, GuardConfig, Lookup, Timeouts, WebhookSender};

use crate::common::{clock, local_guard, local_sender, patient, reason, soon, webhook};
use crate::server::{NO_CONTENT, Server};

/// A DNS of a few names; a name without addresses is one that hangs.
#[derive(Default)]
struct Names {
    addrs: HashMap<&'static str, Vec<IpAddr>>,
    asked: AtomicUsize,
}

impl Names {
    fn of(name: &'static str, addrs: &[&str]) -> Arc<Self> {
        let addrs = addrs.iter().map(|addr| addr.parse().unwrap()).collect();
        Arc::new(Self { addrs: HashMap::from([(name, addrs)]), asked: AtomicUsize::new(0) })
    }
}

#[async_trait]
impl Lookup for Names {
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let found = self.addrs.get(host).cloned();
        found.ok_or_else(|| io::Error::other("no such name"))
    }
}

struct Hangs;

#[async_trait]
impl Lookup for Hangs {
    async fn lookup(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        std::future::pending().await
    }
}

/// Everything but the nevers.
fn open_guard() -> Arc<Guard> {
    Arc::new(Guard::new(GuardConfig {
        allow: vec!["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()],
        ports: vec![1..=u16::MAX],
        paths: CallbackPaths::Any,
        allow_loopback: false,
    }))
}

fn sender(guard: Arc<Guard>, lookup: Arc<dyn Lookup>) -> WebhookSender {
    WebhookSender::with_lookup(guard, clock(), patient(), lookup).unwrap()
}

fn named(host: &str, server: &Server) -> String {
    format!("http://{host}:{}/callback", server.addr.port())
}

#[tokio::test]
async fn a_name_is_resolved_once_and_called_at_its_vetted_address() {
    let server = Server::start(|_| NO_CONTENT).await;
    let names = Names::of("waiter.test", &["127.0.0.1"]);
    let sender = sender(local_guard(), Arc::clone(&names) as _);
    let outcome = soon(sender.post(&webhook(&named("waiter.test", &server), "{}"))).await;
    assert_eq!(outcome, SendOutcome::Delivered);
    assert_eq!(names.asked.load(Ordering::SeqCst), 1);
    let host = format!("waiter.test:{}", server.addr.port());
    assert_eq!(server.seen()[0].headers["host"], host);
}

#[tokio::test]
async fn localhost_resolves_really() {
    let server = Server::start(|_| NO_CONTENT).await;
    let url = named("localhost", &server);
    let outcome = soon(local_sender(patient()).post(&webhook(&url, "{}"))).await;
    assert_eq!(outcome, SendOutcome::Delivered);

    let guarded = WebhookSender::new(open_guard(), clock(), patient()).unwrap();
    let reason = reason(soon(guarded.post(&webhook(&url, "{}"))).await);
    assert!(reason.starts_with("the host `localhost` is not allowed"), "{reason}");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_name_that_leads_to_a_denied_address_is_refused() {
    let server = Server::start(|_| NO_CONTENT).await;
    for addr in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "169.254.169.254", "fd00:ec2::254"] {
        let sender = sender(open_guard(), Names::of("evil.test", &[addr]));
        let reason = reason(soon(sender.post(&webhook(&named("evil.test", &server), "{}"))).await);
        let expected = format!(
            "`evil.test` resolves to an address that is not allowed: the address {addr} is not allowed"
        );
        assert!(reason.starts_with(&expected), "{reason}");
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn denied_addresses_among_others_are_left_out() {
    let server = Server::start(|_| NO_CONTENT).await;
    let names = Names::of("mixed.test", &["169.254.169.254", "10.0.0.1", "127.0.0.1"]);
    let sender = sender(local_guard(), names);
    let outcome = soon(sender.post(&webhook(&named("mixed.test", &server), "{}"))).await;
    assert_eq!(outcome, SendOutcome::Delivered);
}

#[tokio::test]
async fn a_name_that_leads_nowhere_is_named() {
    let server = Server::start(|_| NO_CONTENT).await;
    let cases = [
        (Names::of("other.test", &[]), "`waiter.test` does not resolve: no such name"),
        (Names::of("waiter.test", &[]), "`waiter.test` has no address"),
    ];
    for (names, expected) in cases {
        let sender = sender(local_guard(), names);
        let outcome = soon(sender.post(&webhook(&named("waiter.test", &server), "{}"))).await;
        assert_eq!(reason(outcome), expected);
    }
}

#[tokio::test]
async fn a_name_that_takes_too_long_is_given_up_on() {
    let connect = Duration::from_millis(100);
    let timeouts = Timeouts { connect, ..patient() };
    let sender =
        WebhookSender::with_lookup(local_guard(), clock(), timeouts, Arc::new(Hangs)).unwrap();
    let outcome = soon(sender.post(&webhook("http://waiter.test:8080/callback", "{}"))).await;
    assert_eq!(reason(outcome), "no connection within 100ms");
}

#[tokio::test]
async fn literal_addresses_are_checked_at_every_send() {
    let server = Server::start(|_| NO_CONTENT).await;
    let port = server.addr.port();
    let names = Names::of("unused.test", &[]);
    let sender = sender(open_guard(), Arc::clone(&names) as _);
    for host in ["127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "[::1]"] {
        let url = format!("http://{host}:{port}/callback");
        let reason = reason(soon(sender.post(&webhook(&url, "{}"))).await);
        assert!(reason.contains("is not allowed, it is loopback"), "{host}: {reason}");
    }
    let url = format!("http://user:pw@10.0.0.1:{port}/");
    let reason = reason(soon(sender.post(&webhook(&url, "{}"))).await);
    assert!(reason.starts_with("user name and password"), "{reason}");
    assert!(server.seen().is_empty());
    assert_eq!(names.asked.load(Ordering::SeqCst), 0);
}
