//! The secret of an access key: its form, its checksum, and the digest that is all we keep of it.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::random::Randomness;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM_LEN: usize = 32;
const CHECK_LEN: usize = 6;

/// The two kinds of access key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// The whole account, within its scopes.
    Full,
    /// Bound for life to one partner record.
    Partner,
}

impl KeyKind {
    /// The name in the API, the database and the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Partner => "partner",
        }
    }

    /// What every secret of the kind begins with.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Full => "lk_full_",
            Self::Partner => "lk_partner_",
        }
    }

    /// Reads a kind by its name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Full, Self::Partner].into_iter().find(|kind| kind.as_str() == text)
    }

    fn of_secret(text: &str) -> Option<Self> {
        [Self::Full, Self::Partner].into_iter().find(|kind| text.starts_with(kind.prefix()))
    }
}

as_text!(KeyKind);

/// The text is no key: its shape or its checksum is wrong. It is refused before any look-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

/// A new key's secret. It is shown once and never stored.
pub struct KeySecret {
    kind: KeyKind,
    text: SecretString,
}

impl KeySecret {
    /// Makes a secret of 32 random characters and their checksum.
    pub fn generate(kind: KeyKind, random: &Randomness) -> Self {
        let mut text = kind.prefix().to_owned();
        let end = text.len() + RANDOM_LEN;
        while text.len() < end {
            let mut bytes = [0; RANDOM_LEN];
            random.fill(&mut bytes);
            // Bytes past the last whole multiple of 62 are thrown away, so that every character is equally likely.
            let fair = bytes.iter().filter(|byte| **byte < 248).map(|byte| ALPHABET[usize::from(byte % 62)] as char);
            text.extend(fair.take(end - text.len()));
        }
        let check = checksum(text.as_bytes());
        text.extend(check.iter().map(|byte| *byte as char));
        Self { kind, text: text.into() }
    }

    /// The secret itself, for the one time that it is shown.
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// The kind that its prefix names.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// What is stored of it.
    pub fn digest(&self) -> KeyDigest {
        KeyDigest(Sha256::digest(self.expose()).into())
    }

    /// What is shown of it afterwards, such as `lk_partner_7Qm...x3Fa`.
    pub fn fingerprint(&self) -> String {
        let text = self.expose();
        let head = self.kind.prefix().len() + 3;
        format!("{}...{}", &text[..head], &text[text.len() - 4..])
    }
}

impl fmt::Debug for KeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeySecret")
    }
}

/// The SHA-256 digest of a secret: the only form in which a key is stored and looked up.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyDigest([u8; 32]);

impl KeyDigest {
    /// The digest of a presented text, if its shape and checksum are a key's.
    pub fn of_presented(text: &str) -> Result<Self, Malformed> {
        let prefix = KeyKind::of_secret(text).ok_or(Malformed)?.prefix().len();
        let bytes = text.as_bytes();
        let shaped =
            bytes.len() == prefix + RANDOM_LEN + CHECK_LEN && bytes[prefix..].iter().all(u8::is_ascii_alphanumeric);
        if !shaped {
            return Err(Malformed);
        }
        let (body, check) = bytes.split_at(prefix + RANDOM_LEN);
        if checksum(body) == check { Ok(Self(Sha256::digest(bytes).into())) } else { Err(Malformed) }
    }

    /// A stored digest.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The depths of the six cuts of the key's picture, 0 to 3: two bits of each of the first six bytes.
    pub fn cuts(&self) -> [u8; 6] {
        std::array::from_fn(|place| self.0[place] & 0b11)
    }
}

impl fmt::Debug for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyDigest({}..)", hex::encode(&self.0[..4]))
    }
}

/// Whether a text wants to be a key, so that one in a URL is noticed even when it is cut off.
pub fn starts_like_a_key(text: &str) -> bool {
    KeyKind::of_secret(text).is_some()
}

fn checksum(body: &[u8]) -> [u8; CHECK_LEN] {
    let mut number = crc32fast::hash(body);
    let mut digits = [b'0'; CHECK_LEN];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(number % 62) as usize];
        number /= 62;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::{KeyDigest, KeyKind, KeySecret, starts_like_a_key};
    use crate::random::Randomness;

    #[test]
    fn cuts_are_two_bits_of_each_of_the_first_six_bytes() {
        let mut bytes = [0xff; 32];
        bytes[..6].copy_from_slice(&[0b1111_1100, 0b01, 0b10, 0b11, 0xff, 0b100]);
        assert_eq!(KeyDigest::from_bytes(bytes).cuts(), [0, 1, 2, 3, 3, 0]);
    }

    #[test]
    fn a_secret_has_the_documented_form_and_is_recognised() {
        for (kind, prefix) in [(KeyKind::Full, "lk_full_"), (KeyKind::Partner, "lk_partner_")] {
            let secret = KeySecret::generate(kind, &Randomness::system());
            assert!(secret.expose().starts_with(prefix));
            assert_eq!(secret.expose().len(), prefix.len() + 38);
            assert_eq!(KeyDigest::of_presented(secret.expose()), Ok(secret.digest()));
            assert!(starts_like_a_key(secret.expose()));
        }
    }

    #[test]
    fn any_changed_character_is_refused() {
        let secret = KeySecret::generate(KeyKind::Partner, &Randomness::seeded(1));
        for at in 0..secret.expose().len() {
            for other in ['0', 'Z', '_'] {
                let mut text: Vec<char> = secret.expose().chars().collect();
                if text[at] != other {
                    text[at] = other;
                    let text: String = text.into_iter().collect();
                    assert!(KeyDigest::of_presented(&text).is_err(), "{at} {other}");
                }
            }
        }
    }

    #[test]
    fn neither_debug_nor_fingerprint_gives_it_away() {
        let secret = KeySecret::generate(KeyKind::Full, &Randomness::seeded(2));
        assert!(!format!("{secret:?}").contains(&secret.expose()[8..]));
        assert_eq!(secret.fingerprint().len(), "lk_full_".len() + 3 + 3 + 4);
    }
}
