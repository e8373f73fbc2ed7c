//! Resolves the name of a waiter once, and passes on only checked addresses. So a name cannot mean
//! one address when it is checked and another when it is called (DNS rebinding).

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use sagebell_monitor::wait::FailureClass;

use crate::guard::{Guard, Refusal};

/// Finds the addresses of a host name.
#[async_trait]
pub trait Lookup: Send + Sync {
    /// The addresses `host` has now.
    ///
    /// # Errors
    /// What the resolver met.
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// Resolves as the machine does (`getaddrinfo`).
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((host, 0)).await?;
        Ok(found.map(|addr| addr.ip()).collect())
    }
}

/// A name that leads nowhere, or nowhere allowed.
#[derive(Debug, thiserror::Error)]
pub(super) enum NameError {
    #[error("`{host}` does not resolve: {error}")]
    Unresolved { host: String, error: io::Error },
    #[error("`{host}` has no address")]
    Empty { host: String },
    #[error("`{host}` resolves to an address that is not allowed: {refusal}")]
    Refused { host: String, refusal: Refusal },
}

impl NameError {
    pub(super) fn class(&self) -> FailureClass {
        match self {
            Self::Unresolved { .. } | Self::Empty { .. } => FailureClass::NoConnection,
            Self::Refused { .. } => FailureClass::NotAllowed,
        }
    }
}

/// The resolver of the sender's HTTP client.
pub(super) struct VettingResolver {
    lookup: Arc<dyn Lookup>,
    guard: Arc<Guard>,
}

impl VettingResolver {
    pub(super) fn new(lookup: Arc<dyn Lookup>, guard: Arc<Guard>) -> Self {
        Self { lookup, guard }
    }
}

impl Resolve for VettingResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let lookup = Arc::clone(&self.lookup);
        let guard = Arc::clone(&self.guard);
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let addrs = match lookup.lookup(&host).await {
                Ok(found) => vetted(host, found, &guard)?,
                Err(error) => return Err(NameError::Unresolved { host, error }.into()),
            };
            Ok(Box::new(addrs.into_iter()) as Addrs)
        })
    }
}

/// Those of `found` that may be called; port 0 stands for the URL's own.
fn vetted(host: String, found: Vec<IpAddr>, guard: &Guard) -> Result<Vec<SocketAddr>, NameError> {
    let mut allowed = Vec::new();
    let mut refusal = None;
    for addr in found {
        match guard.vet(addr) {
            Ok(()) => allowed.push(SocketAddr::new(addr, 0)),
            Err(why) => refusal = Some(why),
        }
    }
    match refusal {
        _ if !allowed.is_empty() => Ok(allowed),
        Some(refusal) => Err(NameError::Refused { host, refusal }),
        None => Err(NameError::Empty { host }),
    }
}
