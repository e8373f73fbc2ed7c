//! Ranges of addresses: the address inside an IPv6 address, and the ranges that no callback may go
//! to, whatever the allow-list says.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// Ranges of <https://www.iana.org/assignments/iana-ipv4-special-registry> that no waiter has. Left
/// out on purpose: 198.18.0.0/15, of which EKS gives 198.19.0.0/16 to pods, and 100.64.0.0/10,
/// which it also gives to pods.
const NEVER_V4: [(Ipv4Net, &str); 8] = [
    (v4([0, 0, 0, 0], 8), "the unspecified network"),
    (v4([169, 254, 0, 0], 16), "link-local: metadata and credentials"),
    (v4([192, 0, 0, 0], 24), "reserved"),
    (v4([192, 0, 2, 0], 24), "for documentation"),
    (v4([198, 51, 100, 0], 24), "for documentation"),
    (v4([203, 0, 113, 0], 24), "for documentation"),
    (v4([224, 0, 0, 0], 4), "multicast"),
    (v4([240, 0, 0, 0], 4), "reserved or broadcast"),
];

/// The same for IPv6; fd00:ec2::/32 is where AWS puts its metadata (`::254`),
/// the EKS credentials agent (`::23`) and the like.
const NEVER_V6: [(Ipv6Net, &str); 9] = [
    (v6([0, 0, 0, 0], 128), "unspecified"),
    (v6([0x64, 0xff9b, 1, 0], 48), "a translation prefix"),
    (v6([0x100, 0, 0, 0], 64), "for discarding"),
    (v6([0x2001, 0, 0, 0], 32), "a tunnel (Teredo)"),
    (v6([0x2001, 0xdb8, 0, 0], 32), "for documentation"),
    (v6([0x3fff, 0, 0, 0], 20), "for documentation"),
    (v6([0xfd00, 0xec2, 0, 0], 32), "AWS's own: metadata and credentials"),
    (v6([0xfe80, 0, 0, 0], 10), "link-local"),
    (v6([0xff00, 0, 0, 0], 8), "multicast"),
];

const fn v4(octets: [u8; 4], prefix: u8) -> Ipv4Net {
    let [a, b, c, d] = octets;
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(head: [u16; 4], prefix: u8) -> Ipv6Net {
    let [a, b, c, d] = head;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), prefix)
}

/// The address a packet ends up at: IPv6 addresses that stand for an IPv4 one
/// (mapped, compatible, translated, NAT64, 6to4) become that one.
pub(crate) fn canonical(addr: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = addr else {
        return addr;
    };
    match v6.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => addr,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => IpAddr::V4(join(high, low)),
        _ => addr,
    }
}

fn join(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))
}

/// What `addr` (canonical) is that it must never be called; loopback is not
/// judged here.
pub(crate) fn never(addr: IpAddr) -> Option<&'static str> {
    match addr {
        IpAddr::V4(v4) => {
            let range = NEVER_V4.iter().find(|(net, _)| net.contains(&v4));
            range.map(|(_, what)| *what)
        }
        IpAddr::V6(v6) => {
            let range = NEVER_V6.iter().find(|(net, _)| net.contains(&v6));
            range.map(|(_, what)| *what)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_in_disguise_is_seen_for_what_it_is() {
        let cases = [
            ("10.0.0.1", "10.0.0.1"),
            ("::ffff:10.0.0.1", "10.0.0.1"),
            ("::ffff:0:10.0.0.1", "10.0.0.1"),
            ("::10.0.0.1", "10.0.0.1"),
            ("64:ff9b::a9fe:a9fe", "169.254.169.254"),
            ("2002:a9fe:a9fe::1", "169.254.169.254"),
            ("::", "::"),
            ("::1", "::1"),
            ("fd12::10.0.0.1", "fd12::a00:1"),
        ];
        for (addr, expected) in cases {
            let seen = canonical(addr.parse().unwrap());
            assert_eq!(seen, expected.parse::<IpAddr>().unwrap(), "{addr}");
        }
    }

    #[test]
    fn pods_networks_are_not_among_the_nevers() {
        for addr in ["10.1.2.3", "172.16.0.9", "192.168.1.1", "100.64.0.1", "198.19.0.1", "fd12::1"]
        {
            assert_eq!(never(addr.parse().unwrap()), None, "{addr}");
        }
    }
}
