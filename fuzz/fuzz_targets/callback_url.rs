//! Arbitrary callback URLs at the guard: no panic, and a literal address that
//! passes is allowed and is nobody's metadata.
#![no_main]

use std::net::IpAddr;

use libfuzzer_sys::fuzz_target;
use monitor::ports::CallbackGuard as _;
use monitor::wait::CallbackUrl;
use url::Host;
use webhook::{Guard, GuardConfig};

fuzz_target!(|text: &str| {
    let guard = Guard::new(GuardConfig {
        allow: vec!["10.0.0.0/8".parse().unwrap(), "169.254.0.0/16".parse().unwrap()],
        ports: vec![1..=u16::MAX],
        allow_loopback: false,
    });
    for text in [text.to_owned(), format!("http://{text}"), format!("http://{text}:8080/callback")] {
        let Ok(url) = CallbackUrl::parse(&text) else { continue };
        if guard.check(&url).is_err() {
            continue;
        }
        let url = url.as_url();
        assert!(matches!(url.scheme(), "http" | "https"), "{url}");
        assert!(url.username().is_empty() && url.password().is_none(), "{url}");
        let address: Option<IpAddr> = match url.host() {
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            Some(Host::Domain(_)) | None => None,
        };
        if let Some(address) = address {
            let IpAddr::V4(address) = address.to_canonical() else { panic!("{url}") };
            assert_eq!(address.octets()[0], 10, "{url}");
        }
    }
});
