//! Which certificates AWS's servers are trusted by.
//!
//! Reading the hundred and more root certificates of a machine took five times as many instructions
//! as everything else that a function does before its first event (`docs/footprint.md`). The servers
//! of AWS need five of them, those of Amazon Trust Services. They are compiled in.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use rustls_native_certs::{CertificateResult, load_certs_from_paths, load_native_certs};
use sagebell_monitor::partition::Partition;
use sagebell_system::Env;
use tokio::sync::OnceCell;

/// "We recommend that all five of the above roots be included in the trust store."
/// <https://www.amazontrust.com/repository/>
const AMAZON: [&[u8]; 5] = [
    include_bytes!("roots/amazon-root-ca-1.der"),
    include_bytes!("roots/amazon-root-ca-2.der"),
    include_bytes!("roots/amazon-root-ca-3.der"),
    include_bytes!("roots/amazon-root-ca-4.der"),
    include_bytes!("roots/starfield-services-root-g2.der"),
];
/// The partition whose servers are known to have their certificates from Amazon Trust Services.
/// Those of other partitions may have them from others, as in China, or from none that is public.
const AMAZONS: &str = "aws";
/// What hosts of AWS end in there: those of services (botocore's `partitions.json`), and those of
/// function URLs ("Creating and managing Lambda function URLs", Lambda developer guide).
const HOSTS: [&str; 3] = [".amazonaws.com", ".api.aws", ".on.aws"];
/// The file of certificates that AWS's SDKs and tools trust instead of the machine's
/// ("General configuration settings", AWS SDKs and tools reference guide).
const BUNDLE: &str = "AWS_CA_BUNDLE";
/// Where the machine's certificates are, for those who name a place of their own
/// (`rustls_native_certs`, and OpenSSL's `SSL_CTX_set_default_verify_paths`).
const PLACES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// The TLS configuration for each server.
#[derive(Debug)]
pub(super) struct Trust {
    known: Known,
    provider: Arc<CryptoProvider>,
    /// With the machine's certificates. They are read when first needed.
    machines: OnceCell<Arc<ClientConfig>>,
}

/// What is there without asking the machine.
#[derive(Debug)]
enum Known {
    /// The certificates of [`BUNDLE`], for every server.
    Bundle(Arc<ClientConfig>),
    /// Amazon's, for the hosts of AWS.
    Amazon(Arc<ClientConfig>),
    Nothing,
}

impl Trust {
    /// What functions in `region` trust.
    ///
    /// # Errors
    /// If [`BUNDLE`] names a file without certificates: what is wrong, and what to do.
    pub(super) fn new(env: &impl Env, region: &str) -> Result<Self, String> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let known = if let Some(path) = env.get(BUNDLE) {
            let found = load_certs_from_paths(Some(Path::new(&path)), None);
            let roots = parsed(found)
                .map_err(|reason| format!("{BUNDLE}: no certificates in {path}: {reason}"))?;
            Known::Bundle(config(&provider, roots)?)
        } else if PLACES.iter().any(|name| env.get(name).is_some())
            || Partition::of_region(region).id != AMAZONS
        {
            Known::Nothing
        } else {
            Known::Amazon(config(&provider, amazons()?)?)
        };
        Ok(Self { known, provider, machines: OnceCell::new() })
    }

    /// The configuration for this server.
    ///
    /// # Errors
    /// If the machine has no certificates.
    pub(super) async fn of(&self, host: &str) -> Result<Arc<ClientConfig>, String> {
        match &self.known {
            Known::Bundle(config) => Ok(Arc::clone(config)),
            Known::Amazon(config) if is_of_aws(host) => Ok(Arc::clone(config)),
            _ => {
                let read = async || config(&self.provider, parsed(load_native_certs())?);
                self.machines.get_or_try_init(read).await.cloned().map_err(|reason| {
                    format!("{reason}; set {BUNDLE} to a file with those that {host} needs")
                })
            }
        }
    }
}

fn is_of_aws(host: &str) -> bool {
    HOSTS.iter().any(|end| host.ends_with(end))
}

fn amazons() -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for der in AMAZON {
        roots.add(CertificateDer::from_slice(der)).map_err(|error| error.to_string())?;
    }
    Ok(roots)
}

/// What can be used of the certificates that were found. One bad certificate among good ones is
/// passed over, as everywhere.
fn parsed(found: CertificateResult) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let (valid, _) = roots.add_parsable_certificates(found.certs);
    if valid == 0 {
        let reasons: Vec<_> = found.errors.iter().map(ToString::to_string).collect();
        return Err(format!("no root certificates were found: {}", reasons.join(", ")));
    }
    Ok(roots)
}

/// HTTP/1.1 is all that is offered, because it is all that the client speaks.
fn config(
    provider: &Arc<CryptoProvider>,
    roots: RootCertStore,
) -> Result<Arc<ClientConfig>, String> {
    let config = ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests;
