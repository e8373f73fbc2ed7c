use std::net::IpAddr;

use sagebell_monitor::ports::CallbackGuard as _;
use sagebell_monitor::wait::CallbackUrl;
use sagebell_webhook::{CallbackPaths, Guard, GuardConfig};
use url::Host;

/// Arbitrary callback URLs at the guard: no panic, and a literal address that
/// passes is allowed and is nobody's metadata.
pub fn callback_url(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let guard = Guard::new(GuardConfig {
        allow: vec!["10.0.0.0/8".parse().unwrap(), "169.254.0.0/16".parse().unwrap()],
        ports: vec![1..=u16::MAX],
        paths: CallbackPaths::Any,
        allow_loopback: false,
    });
    for text in [text.to_owned(), format!("http://{text}"), format!("http://{text}:8080/callback")]
    {
        let Ok(url) = CallbackUrl::parse(&text) else { continue };
        if guard.check(&url).is_ok() {
            check(&url);
        }
    }
}

fn check(url: &CallbackUrl) {
    let url = url.as_url();
    assert!(matches!(url.scheme(), "http" | "https"), "{url}");
    assert!(url.username().is_empty() && url.password().is_none(), "{url}");
    let address: Option<IpAddr> = match url.host() {
        Some(Host::Ipv4(address)) => Some(address.into()),
        Some(Host::Ipv6(address)) => Some(address.into()),
        Some(Host::Domain(_)) | None => None,
    };
    if let Some(address) = address {
        assert!(first_octets(address).contains(&10), "{url}");
    }
}

/// Where the first octet of an IPv4 address can be: in one, or in an IPv6 address
/// that carries one at its end (mapped, compatible, NAT64) or after `2002:`.
fn first_octets(address: IpAddr) -> [u8; 2] {
    match address {
        IpAddr::V4(address) => [address.octets()[0]; 2],
        IpAddr::V6(address) => [address.octets()[12], address.octets()[2]],
    }
}
