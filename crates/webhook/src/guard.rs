//! Where callbacks may go: an allow-list of networks, ports and paths.
//!
//! Waiters live at private addresses, so the usual rule is inverted. Promise: link-local, metadata,
//! multicast and reserved addresses are refused, in whatever notation and whatever the allow-list
//! says. Loopback (on Lambda, the runtime API) is also refused outside the local stack.

mod paths;

use std::fmt::Display;
use std::net::IpAddr;
use std::ops::RangeInclusive;

use ipnet::IpNet;
use sagebell_monitor::ports::{CallbackGuard, CallbackRefused};
use sagebell_monitor::wait::CallbackUrl;
use url::{Host, Url};

use crate::networks;
pub use paths::{CallbackPaths, NotPaths};

/// Where callbacks may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardConfig {
    /// The networks of waiters, for example `10.0.0.0/8`.
    pub allow: Vec<IpNet>,
    /// The ports of waiters.
    pub ports: Vec<RangeInclusive<u16>>,
    /// The paths of waiters.
    pub paths: CallbackPaths,
    /// Whether loopback addresses are allowed too: only for the local stack.
    pub allow_loopback: bool,
}

impl GuardConfig {
    /// For the local stack: loopback on any port, and nothing else.
    #[must_use]
    pub fn local_stack() -> Self {
        Self {
            allow: Vec::new(),
            ports: vec![1..=u16::MAX],
            paths: CallbackPaths::default(),
            allow_loopback: true,
        }
    }
}

/// Which part of a callback URL is refused, and what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Neither `http` nor `https`.
    #[error("the scheme `{0}` is not allowed: use http or https")]
    Scheme(String),
    /// A user name or a password, which would hide the host from a reader.
    #[error("user name and password are not allowed: use scheme://host:port/path")]
    UserInfo,
    /// `#…`, which is never sent.
    #[error("the fragment `#…` is not allowed: use scheme://host:port/path?query")]
    Fragment,
    /// A port that is not on the list.
    #[error("port {port} is not allowed: use {allowed}")]
    Port {
        /// The port of the URL.
        port: u16,
        /// What is allowed.
        allowed: String,
    },
    /// A path that is not on the list.
    #[error("the path `{path}` is not allowed: use {allowed}")]
    Path {
        /// The path of the URL.
        path: String,
        /// What is allowed.
        allowed: CallbackPaths,
    },
    /// No host, or a name that always means the machine itself.
    #[error("the host `{host}` is not allowed: use {allowed}")]
    Host {
        /// The host of the URL.
        host: String,
        /// What is allowed.
        allowed: String,
    },
    /// An address that is never allowed.
    #[error("the address {addr} is not allowed, it is {what}: use {allowed}")]
    Never {
        /// The address.
        addr: IpAddr,
        /// What it is.
        what: &'static str,
        /// What is allowed.
        allowed: String,
    },
    /// An address outside the allow-list.
    #[error("the address {addr} is not allowed: use {allowed}")]
    Outside {
        /// The address.
        addr: IpAddr,
        /// What is allowed.
        allowed: String,
    },
}

/// Decides which callback URLs and addresses are allowed.
#[derive(Debug, Clone)]
pub struct Guard {
    config: GuardConfig,
}

impl Guard {
    /// A guard with these rules. Empty lists allow nothing.
    #[must_use]
    pub fn new(config: GuardConfig) -> Self {
        Self { config }
    }

    /// Checks one address: the literal in a URL, or what a name resolved to.
    ///
    /// # Errors
    /// [`Refusal`] if it is outside the allow-list, or never allowed.
    pub fn vet(&self, addr: IpAddr) -> Result<(), Refusal> {
        let canonical = networks::canonical(addr);
        let never = if canonical.is_loopback() {
            if self.config.allow_loopback {
                return Ok(());
            }
            Some("loopback")
        } else {
            networks::never(canonical)
        };
        let allowed = || self.allowed_addresses();
        if let Some(what) = never {
            return Err(Refusal::Never { addr, what, allowed: allowed() });
        }
        if self.config.allow.iter().any(|net| net.contains(&canonical)) {
            return Ok(());
        }
        Err(Refusal::Outside { addr, allowed: allowed() })
    }

    /// Checks everything in a URL that can be checked without DNS. A host name passes: its
    /// addresses are checked when it is resolved.
    ///
    /// # Errors
    /// [`Refusal`] names the first part that is not allowed.
    pub fn vet_url(&self, url: &Url) -> Result<(), Refusal> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refusal::Scheme(url.scheme().to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::UserInfo);
        }
        if url.fragment().is_some() {
            return Err(Refusal::Fragment);
        }
        self.vet_port(url.port_or_known_default().unwrap_or_default())?;
        self.vet_path(url.path())?;
        match url.host() {
            Some(Host::Ipv4(addr)) => self.vet(addr.into()),
            Some(Host::Ipv6(addr)) => self.vet(addr.into()),
            Some(Host::Domain(name)) => self.vet_name(name),
            None => Err(self.refused_host("")),
        }
    }

    fn vet_port(&self, port: u16) -> Result<(), Refusal> {
        if self.config.ports.iter().any(|range| range.contains(&port)) {
            return Ok(());
        }
        let allowed =
            listed(self.config.ports.iter().map(|range| match (range.start(), range.end()) {
                (start, end) if start == end => start.to_string(),
                (start, end) => format!("{start}-{end}"),
            }));
        Err(Refusal::Port { port, allowed })
    }

    fn vet_path(&self, path: &str) -> Result<(), Refusal> {
        if self.config.paths.contain(path) {
            return Ok(());
        }
        Err(Refusal::Path { path: path.to_owned(), allowed: self.config.paths.clone() })
    }

    /// `localhost` is loopback by definition (RFC 6761), so it is refused here and not only after
    /// it is resolved.
    fn vet_name(&self, name: &str) -> Result<(), Refusal> {
        let bare = name.strip_suffix('.').unwrap_or(name);
        let local = bare == "localhost" || bare.ends_with(".localhost");
        if local && !self.config.allow_loopback {
            return Err(self.refused_host(name));
        }
        Ok(())
    }

    fn refused_host(&self, host: &str) -> Refusal {
        Refusal::Host { host: host.to_owned(), allowed: self.allowed_addresses() }
    }

    fn allowed_addresses(&self) -> String {
        let loopback = self.config.allow_loopback.then_some("loopback".to_owned());
        let networks = self.config.allow.iter().map(ToString::to_string);
        listed(networks.chain(loopback))
    }
}

/// `a, b, c`, or a word for nothing.
fn listed(items: impl Iterator<Item = impl Display>) -> String {
    let texts: Vec<String> = items.map(|item| item.to_string()).collect();
    if texts.is_empty() {
        return "nothing, the allow-list is empty".to_owned();
    }
    texts.join(", ")
}

impl CallbackGuard for Guard {
    fn check(&self, url: &CallbackUrl) -> Result<(), CallbackRefused> {
        self.vet_url(url.as_url()).map_err(|refusal| CallbackRefused(refusal.to_string()))
    }
}

#[cfg(test)]
mod tests;
