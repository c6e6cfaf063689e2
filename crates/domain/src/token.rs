//! What a browser or a link presents: random, shown once, and kept as a digest alone.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::random::Randomness;

/// Random bytes of a token: 160 bits, which nobody guesses.
const BYTES: usize = 20;

/// The secret of a session or of a link.
pub struct Token(SecretString);

impl Token {
    /// A new one.
    pub fn generate(random: &Randomness) -> Self {
        let mut bytes = [0; BYTES];
        random.fill(&mut bytes);
        Self(hex::encode(bytes).into())
    }

    /// Reads what was presented; `None` when it has not the form of a token.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        (digits && text.len() == 2 * BYTES).then(|| Self(text.to_owned().into()))
    }

    /// The token itself, for the cookie or the link that carries it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What is stored of it.
    pub fn digest(&self) -> TokenDigest {
        TokenDigest(Sha256::digest(self.expose()).into())
    }

    /// What its holder can show to prove that it has it, and from which nobody makes it: the token of its forms.
    pub fn proof(&self, purpose: &str) -> String {
        let whole = Sha256::new().chain_update(purpose).chain_update([0]).chain_update(self.expose()).finalize();
        hex::encode(&whole[..16])
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// The SHA-256 digest of a token: the only form in which it is stored and looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// The digest of another secret that is kept in this way.
    pub(crate) fn of(text: &str) -> Self {
        Self(Sha256::digest(text).into())
    }

    /// A stored digest.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Token;
    use crate::random::Randomness;

    #[test]
    fn a_token_is_read_as_it_was_written_and_in_no_other_form() {
        let token = Token::generate(&Randomness::seeded(1));
        let read = Token::parse(token.expose()).unwrap();
        assert_eq!(read.digest(), token.digest());
        for text in ["", "abc", &token.expose().to_uppercase(), &token.expose().replace(|_| true, "g")] {
            assert!(Token::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_proof_is_for_one_purpose_and_is_not_the_token() {
        let token = Token::generate(&Randomness::seeded(2));
        assert_eq!(token.proof("form"), token.proof("form"));
        assert_ne!(token.proof("form"), token.proof("other"));
        assert!(!token.expose().contains(&token.proof("form")));
    }
}
