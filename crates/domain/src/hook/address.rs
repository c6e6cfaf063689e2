//! Which addresses the server connects to on somebody's word: those that anybody on the internet may be reached by.
//!
//! An address inside an address (an IPv4 one mapped, translated or tunnelled in IPv6) is judged as what it leads to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// IPv4 blocks that are not globally routable unicast, by the registry of special-purpose addresses (RFC 6890).
const CLOSED_V4: [Ipv4Net; 16] = [
    v4([0, 0, 0, 0], 8),
    v4([10, 0, 0, 0], 8),
    v4([100, 64, 0, 0], 10),
    v4([127, 0, 0, 0], 8),
    // Link-local, with the metadata service of clouds.
    v4([169, 254, 0, 0], 16),
    v4([172, 16, 0, 0], 12),
    v4([192, 0, 0, 0], 24),
    v4([192, 0, 2, 0], 24),
    // Anycast relays of 6to4: what they lead to is not known.
    v4([192, 88, 99, 0], 24),
    v4([192, 168, 0, 0], 16),
    v4([198, 18, 0, 0], 15),
    v4([198, 51, 100, 0], 24),
    v4([203, 0, 113, 0], 24),
    v4([224, 0, 0, 0], 4),
    v4([240, 0, 0, 0], 4),
    // Metadata of a cloud that answers on a public number.
    v4([168, 63, 129, 16], 32),
];

/// Global unicast of IPv6: everything outside it is loopback, link-local, unique local, multicast or not given out.
const GLOBAL_V6: Ipv6Net = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// Blocks inside it that are not for everybody: protocols with Teredo, benchmarks, documentation.
const CLOSED_V6: [Ipv6Net; 3] = [
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
    v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
];

const fn v4(octets: [u8; 4], length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(octets[0], octets[1], octets[2], octets[3]), length)
}

const fn v6(s: [u16; 8], length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]), length)
}

/// Whether an address is globally routable unicast, whatever form it is written in.
pub fn is_public(address: IpAddr) -> bool {
    match unwrapped(address) {
        IpAddr::V4(address) => !CLOSED_V4.iter().any(|block| block.contains(&address)),
        IpAddr::V6(address) => GLOBAL_V6.contains(&address) && !CLOSED_V6.iter().any(|block| block.contains(&address)),
    }
}

/// Whether the operator allows an address by a range.
pub fn is_allowed(ranges: &[IpNet], address: IpAddr) -> bool {
    let address = unwrapped(address);
    ranges.iter().any(|range| range.contains(&address))
}

/// The address that one inside another leads to.
fn unwrapped(address: IpAddr) -> IpAddr {
    let IpAddr::V6(outer) = address else { return address };
    let of = |high: u16, low: u16| IpAddr::V4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)));
    match outer.segments() {
        // Mapped, and translated by SIIT: ::ffff:a.b.c.d and ::ffff:0:a.b.c.d.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0, 0, 0, 0, 0xffff, 0, high, low] => of(high, low),
        // Compatible, which nobody uses any more: ::a.b.c.d, but for :: and ::1.
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => of(high, low),
        // NAT64.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => of(high, low),
        // 6to4.
        [0x2002, high, low, ..] => of(high, low),
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use super::{is_allowed, is_public};

    #[test]
    fn what_anybody_may_be_reached_by_is_public() {
        for address in ["1.1.1.1", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1"] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
        for wrapped in ["::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2002:101:101::1"] {
            assert!(is_public(wrapped.parse().unwrap()), "{wrapped}");
        }
    }

    #[test]
    fn what_is_near_the_server_or_nowhere_is_not() {
        let v4 = [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "192.88.99.1",
        ];
        for address in v4 {
            assert!(!is_public(address.parse().unwrap()), "{address}");
            for prefix in ["::ffff:", "::ffff:0:", "64:ff9b::"] {
                let wrapped = format!("{prefix}{address}");
                assert!(!is_public(wrapped.parse().unwrap()), "{wrapped}");
            }
        }
        let v6 = [
            "::",
            "::1",
            "::127.0.0.1",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2001:10::1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::",
            "64:ff9b:1::1",
            "100::1",
            "fec0::1",
            "3fff::1",
            "4000::1",
        ];
        for address in v6 {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn the_operator_allows_ranges_in_any_form() {
        let ranges = ["127.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        for address in ["127.0.0.1", "::ffff:127.0.0.1", "fd00::7"] {
            assert!(is_allowed(&ranges, address.parse().unwrap()), "{address}");
        }
        for address in ["10.0.0.1", "::1", "1.1.1.1"] {
            assert!(!is_allowed(&ranges, address.parse().unwrap()), "{address}");
        }
    }
}
