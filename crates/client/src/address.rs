//! The address at which the monitor can reach a waiter.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::{UdpSocket, lookup_host};
use tokio::time::timeout;
use url::Url;

/// The time limit for resolving the monitor's name.
const LOOKUP: Duration = Duration::from_secs(10);

/// The address of the local interface that routes to the monitor at `api`. It only resolves the
/// name, for 10 s at most, and sends nothing else.
///
/// # Errors
/// If the name has no address, or no interface routes there.
pub async fn own_address(api: &Url) -> io::Result<IpAddr> {
    let host = api.host_str().unwrap_or_default();
    let port = api.port_or_known_default().unwrap_or(443);
    let found = timeout(LOOKUP, lookup_host((host, port))).await??.next();
    let there = found.ok_or_else(|| io::Error::other(format!("{host} has no address")))?;
    let any: IpAddr = match there {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(there).await?;
    Ok(socket.local_addr()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_address_is_the_one_on_the_way_to_the_monitor() {
        let api = Url::parse("http://127.0.0.1:9000").unwrap();
        assert_eq!(own_address(&api).await.unwrap(), IpAddr::from([127, 0, 0, 1]));
    }
}
