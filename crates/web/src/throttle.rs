//! Sign-ins that fail make the next one wait, longer each time: per address, and per pair of address and e-mail. A person is
//! never locked out: from another address the e-mail is as free as before.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Failures that cost nothing: of one e-mail from an address, and of an address in all.
const FREE_OF_PAIR: u32 = 5;
const FREE_OF_ADDRESS: u32 = 20;
/// The longest wait.
const LONGEST: Duration = Duration::from_mins(5);
/// Failures that are forgotten.
const FORGOTTEN: Duration = Duration::from_hours(1);
/// How many are remembered before the old ones are looked through.
const MANY: usize = 20_000;

/// What failed of late.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    known: Mutex<Known>,
    /// An e-mail is as long as whoever types it likes: what is remembered of it is not.
    hasher: RandomState,
}

#[derive(Debug, Default)]
struct Known {
    failures: HashMap<Key, Failures>,
    /// How many there were when the old ones were last thrown away.
    swept: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Address(IpAddr),
    Pair(IpAddr, u64),
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
}

impl Key {
    fn free(&self) -> u32 {
        match self {
            Self::Address(_) => FREE_OF_ADDRESS,
            Self::Pair(..) => FREE_OF_PAIR,
        }
    }
}

impl Failures {
    /// The wait that is left after so many failures: a second, then twice as long each time.
    fn wait(self, free: u32, now: Instant) -> Duration {
        let Some(over) = self.count.checked_sub(free) else { return Duration::ZERO };
        let whole = Duration::from_secs(1u64 << over.min(20)).min(LONGEST);
        whole.saturating_sub(now.duration_since(self.last))
    }
}

impl Throttle {
    /// Begins an attempt, or says how long whoever asks has to wait. It counts as failed from here on, not from its end:
    /// guesses that are made at the same moment count one another.
    pub(crate) fn begin(
        &self,
        address: Option<IpAddr>,
        email: &str,
        now: Instant,
    ) -> std::result::Result<Attempt<'_>, Duration> {
        let keys = keys(address, self.hasher.hash_one(email));
        let mut known = self.lock();
        let waits = keys.iter().filter_map(|key| Some(known.failures.get(key)?.wait(key.free(), now)));
        let wait = waits.max().unwrap_or_default();
        if !wait.is_zero() {
            return Err(wait);
        }
        known.sweep(now);
        for key in keys {
            let failures = known.failures.entry(key).or_insert(Failures { count: 0, last: now });
            let old = now.duration_since(failures.last) >= FORGOTTEN;
            *failures = Failures { count: if old { 1 } else { failures.count + 1 }, last: now };
        }
        Ok(Attempt { throttle: self, keys })
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Throws away what is forgotten whenever there is twice as much as was left the last time: to look at each attempt would
    /// cost more the more are made.
    fn sweep(&mut self, now: Instant) {
        if self.failures.len() > (2 * self.swept).max(MANY) {
            self.failures.retain(|_, failures| now.duration_since(failures.last) < FORGOTTEN);
            self.swept = self.failures.len();
        }
    }
}

/// An attempt that was let through.
#[derive(Debug)]
#[must_use]
pub(crate) struct Attempt<'t> {
    throttle: &'t Throttle,
    keys: [Key; 2],
}

impl Attempt<'_> {
    /// The pair is free again. Of the address this attempt alone is taken back: whoever has one account does not free
    /// guesses at others by it.
    pub(crate) fn succeeded(self) {
        let (mut known, [address, pair]) = (self.throttle.lock(), self.keys);
        known.failures.remove(&pair);
        if let Some(failures) = known.failures.get_mut(&address) {
            failures.count = failures.count.saturating_sub(1);
        }
    }
}

fn keys(address: Option<IpAddr>, email: u64) -> [Key; 2] {
    let address = network(address.unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED)).to_canonical());
    [Key::Address(address), Key::Pair(address, email)]
}

/// Who has one address of IPv6 has 2^64 of them.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::{FORGOTTEN, FREE_OF_PAIR, LONGEST, MANY, Throttle};
    use std::net::IpAddr;
    use std::time::{Duration, Instant};

    fn from(text: &str) -> Option<IpAddr> {
        text.parse().ok()
    }

    #[test]
    fn the_wait_grows_for_the_pair_and_nobody_else() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        let (here, there) = (from("192.0.2.1"), from("192.0.2.2"));
        let wait = |address, name, now| throttle.begin(address, name, now).err();
        for _ in 0..FREE_OF_PAIR {
            assert_eq!(wait(here, "ann", now), None);
        }
        assert_eq!(wait(here, "ann", now), Some(Duration::from_secs(1)));
        let later = now + Duration::from_secs(1);
        assert_eq!(wait(here, "ann", later), None);
        assert_eq!(wait(here, "ann", later), Some(Duration::from_secs(2)));
        assert_eq!(wait(there, "ann", later), None, "the person is not locked out");
        assert_eq!(wait(here, "ben", later), None);
        let right = throttle.begin(here, "ann", later + Duration::from_secs(2)).expect("the wait is over");
        right.succeeded();
        assert_eq!(wait(here, "ann", later), None);
    }

    #[test]
    fn who_signs_in_often_never_waits() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        for _ in 0..100 {
            throttle.begin(from("192.0.2.1"), "ann", now).expect("no wait").succeeded();
        }
    }

    #[test]
    fn an_address_waits_whatever_names_it_tries_and_never_for_ever() {
        let (throttle, mut now) = (Throttle::default(), Instant::now());
        for number in 0..100 {
            let address = from(&format!("2001:db8::{number:x}"));
            let _ = throttle.begin(address, &number.to_string(), now);
            now += LONGEST;
        }
        now -= LONGEST;
        assert_eq!(throttle.begin(from("2001:db8::ffff"), "new", now).err(), Some(LONGEST));
        assert!(throttle.begin(from("2001:db8:0:1::1"), "new", now).is_ok());
    }

    #[test]
    fn what_is_over_is_not_kept() {
        let (throttle, mut now) = (Throttle::default(), Instant::now());
        for number in 0..4 * MANY {
            let address = from(&format!("10.{}.{}.{}", number >> 16, number >> 8 & 255, number & 255));
            throttle.begin(address, "ann", now).map(drop).expect("an address of its own");
            now += FORGOTTEN / 5_000;
        }
        let kept = throttle.lock().failures.len();
        assert!(kept <= MANY + 2, "{kept}");
    }
}
