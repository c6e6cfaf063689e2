//! Codes of authenticator apps (RFC 6238), and the recovery codes for whoever lost the app.

use std::fmt;
use std::fmt::Write;

use secrecy::{ExposeSecret, SecretSlice};
use totp_rs::{Algorithm, Builder, Secret, Totp};

use crate::random::Randomness;
use crate::time::Timestamp;
use crate::token::TokenDigest;

/// Bytes of a seed: 160 bits, as the standard recommends.
const SEED: usize = 20;
/// How many recovery codes a person gets.
pub const RECOVERY_CODES: usize = 10;
/// Letters of a recovery code: 80 bits.
const RECOVERY_LETTERS: usize = 16;

/// What app and server share.
pub struct Seed(SecretSlice<u8>);

impl Seed {
    /// A new one.
    pub fn generate(random: &Randomness) -> Self {
        let mut bytes = vec![0; SEED];
        random.fill(&mut bytes);
        Self(bytes.into())
    }

    /// A seed that was kept.
    pub fn from_bytes(bytes: SecretSlice<u8>) -> Option<Self> {
        (bytes.expose_secret().len() == SEED).then_some(Self(bytes))
    }

    /// Reads the letters that [`Seed::letters`] gives.
    pub fn parse(text: &str) -> Option<Self> {
        let secret = Secret::try_from_base32(text).ok()?;
        Self::from_bytes(secret.as_bytes().to_vec().into())
    }

    /// The letters of it, for whoever types it into the app.
    pub fn letters(&self) -> String {
        Secret::from(self.bytes()).to_base32()
    }

    /// The bytes, to be sealed.
    pub fn bytes(&self) -> &[u8] {
        self.0.expose_secret()
    }

    /// What the app's camera reads.
    pub fn address(&self, account: &str, email: &str) -> String {
        let (label, issuer) = (escape(&format!("{account}:{email}")), escape(account));
        format!("otpauth://totp/{label}?secret={}&issuer={issuer}", self.letters())
    }

    /// The step of a code that is right now, or was a step ago, or will be in a step; the caller takes each step once.
    pub fn step_of(&self, code: &str, now: Timestamp) -> Option<i64> {
        let code: String = code.chars().filter(|letter| !letter.is_whitespace()).collect();
        let seconds = u64::try_from(now.as_micros() / 1_000_000).ok()?;
        self.totp().check(&code, seconds).and_then(|step| i64::try_from(step).ok())
    }

    /// The code of a moment: what the app shows.
    pub fn code_at(&self, now: Timestamp) -> String {
        let seconds = u64::try_from(now.as_micros() / 1_000_000).unwrap_or_default();
        self.totp().generate(seconds).to_string()
    }

    fn totp(&self) -> Totp {
        let builder = Builder::new().with_algorithm(Algorithm::SHA1).with_digits(6).with_skew(1).with_step_duration(30);
        builder.with_secret(self.bytes().to_vec()).build_noncompliant()
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed")
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'@') {
            escaped.push(byte as char);
        } else {
            write!(escaped, "%{byte:02X}").expect("a String takes all that is written");
        }
    }
    escaped
}

/// A new recovery code, such as `ABCD-EFGH-IJKL-MNOP`; shown once.
pub fn recovery_code(random: &Randomness) -> String {
    let mut bytes = [0; RECOVERY_LETTERS * 5 / 8];
    random.fill(&mut bytes);
    let whole = Secret::from(bytes).to_base32();
    let parts: Vec<&str> = (0..RECOVERY_LETTERS / 4).map(|at| &whole[at * 4..at * 4 + 4]).collect();
    parts.join("-")
}

/// What is kept of a recovery code, however it is typed; `None` when it is none.
pub fn recovery_digest(typed: &str) -> Option<TokenDigest> {
    let letters: String = typed.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase();
    (letters.len() == RECOVERY_LETTERS).then(|| TokenDigest::of(&letters))
}

#[cfg(test)]
mod tests {
    use super::{Seed, recovery_code, recovery_digest};
    use crate::random::Randomness;
    use crate::time::Timestamp;

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B: the last six of its eight digits.
        let seed = Seed::from_bytes(b"12345678901234567890".to_vec().into()).unwrap();
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            let at = Timestamp::from_micros(seconds * 1_000_000);
            assert_eq!(seed.code_at(at), code);
            assert_eq!(seed.step_of(code, at), Some(seconds / 30));
        }
        assert_eq!(seed.letters(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn a_code_is_right_for_a_step_around_its_own() {
        let seed = Seed::generate(&Randomness::seeded(3));
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let code = seed.code_at(at(3000));
        for (seconds, right) in [(2969, false), (2970, true), (3000, true), (3059, true), (3060, false)] {
            assert_eq!(seed.step_of(&code, at(seconds)).is_some(), right, "{seconds}");
        }
        assert_eq!(seed.step_of(&format!(" {} {} ", &code[..3], &code[3..]), at(3000)), Some(100));
        for wrong in ["", "12345", "abcdef", "1234567"] {
            assert_eq!(seed.step_of(wrong, at(3000)), None, "{wrong}");
        }
    }

    #[test]
    fn a_seed_is_read_as_it_was_written() {
        let seed = Seed::generate(&Randomness::seeded(4));
        assert_eq!(Seed::parse(&seed.letters()).unwrap().bytes(), seed.bytes());
        assert!(Seed::parse("GEZD").is_none() && Seed::parse(&"!".repeat(32)).is_none());
        let address = seed.address("A & B", "ann@example.com");
        assert!(address.starts_with("otpauth://totp/A%20%26%20B%3Aann@example.com?secret="), "{address}");
    }

    #[test]
    fn a_recovery_code_may_be_typed_in_any_way() {
        let code = recovery_code(&Randomness::seeded(5));
        let digest = recovery_digest(&code).unwrap();
        assert_eq!(recovery_digest(&code.to_lowercase().replace('-', " ")), Some(digest));
        assert_eq!(recovery_digest("ABCD"), None);
    }
}
