//! What a key may be limited by, beyond its scopes: addresses, requests per minute, and days without use. None by default.

use std::net::IpAddr;

use serde::Serialize;

use crate::address_ranges::AddressRanges;
use crate::fault::Fault;
use crate::retention::Days;

/// Requests that a key may make in a minute, 1 to 1,000,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct PerMinute(u32);

impl PerMinute {
    /// The most that a key may be limited to.
    pub const MAX: u32 = 1_000_000;

    /// The limit of a number, if it is in the range.
    pub fn new(number: i64) -> Result<Self, Fault> {
        let read = u32::try_from(number).ok().filter(|number| (1..=Self::MAX).contains(number));
        read.map(Self).ok_or_else(|| Fault::new("out_of_range", "Give a number of requests from 1 to 1000000."))
    }

    /// A limit that is written down in the code.
    ///
    /// # Panics
    /// At compile time, when the number is out of the range.
    pub const fn literal(number: u32) -> Self {
        assert!(number >= 1 && number <= Self::MAX, "a limit in the range");
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// The limits of a key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct KeyLimits {
    /// Where it may be used from; everywhere when absent.
    pub address_ranges: Option<AddressRanges>,
    /// Requests that it may make in a minute.
    pub requests_per_minute: Option<PerMinute>,
    /// Days without use after which it is refused.
    pub idle_days: Option<Days>,
}

/// Whether ranges let an address in. An address that is not known is outside every range.
pub fn lets_in(ranges: Option<&AddressRanges>, address: Option<IpAddr>) -> bool {
    ranges.is_none_or(|ranges| address.is_some_and(|address| ranges.contains(address)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_per_minute_are_in_range() {
        assert_eq!(PerMinute::new(1).unwrap().get(), 1);
        assert_eq!(PerMinute::new(1_000_000).unwrap().get(), PerMinute::MAX);
        for number in [0, -1, 1_000_001, i64::MAX] {
            assert_eq!(PerMinute::new(number).unwrap_err().code, "out_of_range", "{number}");
        }
    }

    #[test]
    fn an_unknown_address_is_outside_every_range() {
        let all = AddressRanges::parse(&["0.0.0.0/0", "::/0"]).unwrap();
        assert!(!lets_in(Some(&all), None));
        assert!(lets_in(Some(&all), "192.0.2.1".parse().ok()));
        assert!(lets_in(None, None));
    }
}
