//! The id of a request: ours, in the answer, in a refusal's body and in the request log.

use std::cell::RefCell;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::random::Randomness;

const BYTES: usize = 12;

/// 24 random hexadecimal digits: whoever sees two of them learns nothing of the requests between. It lives on the stack,
/// since every request has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId([u8; 2 * BYTES]);

impl RequestId {
    /// A new one, from a generator of the thread's own, which asks the system once.
    pub fn fresh() -> Self {
        thread_local! {
            static SOURCE: RefCell<StdRng> = RefCell::new(seeded());
        }
        let mut bytes = [0; BYTES];
        SOURCE.with_borrow_mut(|source| source.fill_bytes(&mut bytes));
        Self::of(bytes)
    }

    /// The id that the bytes spell.
    pub fn of(bytes: [u8; BYTES]) -> Self {
        let mut text = [b'0'; 2 * BYTES];
        for (place, byte) in text.chunks_exact_mut(2).zip(bytes) {
            place.copy_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
        }
        Self(text)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

as_text!(RequestId);

fn seeded() -> StdRng {
    let mut seed = [0; 32];
    Randomness::system().fill(&mut seed);
    StdRng::from_seed(seed)
}

fn digit(number: u8) -> u8 {
    b"0123456789abcdef"[usize::from(number)]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::RequestId;

    #[test]
    fn an_id_is_its_bytes() {
        let mut bytes = [0; 12];
        (bytes[0], bytes[11]) = (0xab, 0x0f);
        assert_eq!(RequestId::of(bytes).as_str(), "ab000000000000000000000f");
    }

    #[test]
    fn an_id_tells_nothing_of_the_next_and_never_comes_again() {
        let ids: Vec<RequestId> = (0..100_000).map(|_| RequestId::fresh()).collect();
        let texts: HashSet<&str> = ids.iter().map(RequestId::as_str).collect();
        assert_eq!(texts.len(), ids.len());
        let number = |id: &RequestId| u128::from_str_radix(id.as_str(), 16).unwrap();
        let changed: u32 = ids.windows(2).map(|pair| (number(&pair[0]) ^ number(&pair[1])).count_ones()).sum();
        let of_96 = f64::from(changed) / 99_999.0;
        assert!((of_96 - 48.0).abs() < 0.5, "{of_96} bits change");
    }
}
