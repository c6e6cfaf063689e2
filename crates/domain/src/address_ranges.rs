//! The IP addresses that a key may be used from.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};
use serde::{Serialize, Serializer};

use crate::fault::Fault;

/// As many ranges as a key may have.
pub const RANGES_MAX: usize = 100;
/// The leading bits of `::ffff:0:0/96`, the block in which IPv6 writes IPv4 addresses.
const MAPPED_BITS: u8 = 96;

/// Ranges of addresses, at least one, in order and each once. An IPv4 address that is written as IPv6
/// (`::ffff:192.0.2.1`) is that IPv4 address, in a range and in a request alike; so `::/0` holds no IPv4 address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressRanges(Box<[IpNet]>);

impl AddressRanges {
    /// Reads ranges (`192.0.2.0/24`, `2001:db8::/32`) and single addresses, from one to [`RANGES_MAX`]. Bits of an
    /// address behind the length of its range are dropped.
    pub fn parse<T: AsRef<str>>(texts: &[T]) -> Result<Self, Fault> {
        let mut ranges = texts.iter().map(|text| range(text.as_ref().trim())).collect::<Result<Vec<_>, _>>()?;
        ranges.sort_unstable();
        ranges.dedup();
        if ranges.is_empty() || ranges.len() > RANGES_MAX {
            return Err(Fault::new("out_of_range", format!("Give 1 to {RANGES_MAX} address ranges.")));
        }
        Ok(Self(ranges.into_boxed_slice()))
    }

    /// Reads what [`AddressRanges::to_stored`] wrote.
    pub fn parse_stored(text: &str) -> Result<Self, Fault> {
        Self::parse(&text.split(' ').collect::<Vec<_>>())
    }

    /// One text for the database.
    pub fn to_stored(&self) -> String {
        self.texts().collect::<Vec<_>>().join(" ")
    }

    /// Whether an address is in one of the ranges.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|range| range.contains(&address))
    }

    /// Each as it is written: a range of one address as that address.
    fn texts(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|range| {
            let single = range.prefix_len() == range.max_prefix_len();
            if single { range.addr().to_string() } else { range.to_string() }
        })
    }
}

impl Serialize for AddressRanges {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.texts())
    }
}

fn range(text: &str) -> Result<IpNet, Fault> {
    let refuse = || {
        let words = format!("{text:?} is no address range: write 192.0.2.0/24, 2001:db8::/32 or a single address.");
        Fault::new("bad_address_range", words)
    };
    let read = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => text.parse().map_err(|_| refuse())?,
    };
    unwrapped(read).map(|range| range.trunc()).ok_or_else(refuse)
}

/// The IPv4 range that a mapped one stands for. A block around the mapped ones is refused: it looks as if it held IPv4.
fn unwrapped(range: IpNet) -> Option<IpNet> {
    let IpNet::V6(six) = range else { return Some(range) };
    let Some(four) = six.addr().to_ipv4_mapped() else { return Some(IpNet::V6(six)) };
    let length = six.prefix_len().checked_sub(MAPPED_BITS)?;
    Ipv4Net::new(four, length).ok().map(IpNet::V4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(texts: &[&str]) -> AddressRanges {
        AddressRanges::parse(texts).unwrap()
    }

    fn holds(texts: &[&str], address: &str) -> bool {
        ranges(texts).contains(address.parse().unwrap())
    }

    #[test]
    fn addresses_are_in_or_out_at_the_very_edges() {
        for inside in ["192.0.2.0", "192.0.2.255", "::ffff:192.0.2.7"] {
            assert!(holds(&["192.0.2.0/24"], inside), "{inside}");
        }
        for outside in ["192.0.1.255", "192.0.3.0", "::ffff:192.0.3.0", "2001:db8::1", "::192.0.2.7"] {
            assert!(!holds(&["192.0.2.0/24"], outside), "{outside}");
        }
        assert!(holds(&["2001:db8::/32"], "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"));
        assert!(!holds(&["2001:db8::/32"], "2001:db9::"));
        assert!(holds(&["203.0.113.9"], "203.0.113.9") && !holds(&["203.0.113.9"], "203.0.113.10"));
        assert!(holds(&["::1"], "::1") && !holds(&["::1"], "127.0.0.1"));
        assert!(holds(&["0.0.0.0/0"], "::ffff:1.2.3.4") && !holds(&["::/0"], "::ffff:1.2.3.4"));
    }

    #[test]
    fn mapped_forms_are_the_addresses_that_they_stand_for() {
        assert_eq!(ranges(&["::ffff:192.0.2.0/120"]), ranges(&["192.0.2.0/24"]));
        assert_eq!(ranges(&["::ffff:192.0.2.1"]), ranges(&["192.0.2.1"]));
        assert_eq!(ranges(&["::ffff:0:0/96"]), ranges(&["0.0.0.0/0"]));
        assert!(AddressRanges::parse(&["::ffff:192.0.2.1/95"]).is_err());
    }

    #[test]
    fn what_is_stored_is_read_back_in_one_order() {
        let kept = ranges(&["2001:db8::5/32", "192.0.2.77/24", "192.0.2.0/24", " 10.0.0.1 "]);
        assert_eq!(kept.to_stored(), "10.0.0.1 192.0.2.0/24 2001:db8::/32");
        assert_eq!(AddressRanges::parse_stored(&kept.to_stored()), Ok(kept));
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in ["", "localhost", "192.0.2.0/33", "192.0.2", "2001:db8::/129", "fe80::1%eth0", "192.0.2.0-9", "1"] {
            assert_eq!(AddressRanges::parse(&[text]).unwrap_err().code, "bad_address_range", "{text:?}");
        }
        let many: Vec<String> = (0..=RANGES_MAX).map(|number| format!("10.0.{number}.0/24")).collect();
        assert_eq!(AddressRanges::parse(&many).unwrap_err().code, "out_of_range");
        assert!(AddressRanges::parse(&many[1..]).is_ok());
        assert!(AddressRanges::parse::<&str>(&[]).is_err());
    }
}
