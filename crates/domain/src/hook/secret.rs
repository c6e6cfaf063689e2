//! The signing secret of a subscription, and the signatures made with it, by the Standard Webhooks scheme.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::digest::Key;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::random::Randomness;

/// What a secret begins with as it is shown.
const PREFIX: &str = "whsec_";
/// Bytes of a secret.
const LENGTH: usize = 32;

/// A signing secret: its receiver checks with it that a delivery comes from us.
#[derive(Clone)]
pub struct HookSecret([u8; LENGTH]);

impl std::fmt::Debug for HookSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HookSecret(***)")
    }
}

impl HookSecret {
    /// A new secret.
    pub fn generate(random: &Randomness) -> Self {
        let mut bytes = [0; LENGTH];
        random.fill(&mut bytes);
        Self(bytes)
    }

    /// The secret of its bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Its bytes, to be sealed.
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The secret as its receiver is given it, once.
    pub fn expose(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(self.0))
    }

    /// The key of the hash, filled up to its block as RFC 2104 says.
    fn block(&self) -> Key<Hmac<Sha256>> {
        let mut block = Key::<Hmac<Sha256>>::default();
        block[..LENGTH].copy_from_slice(&self.0);
        block
    }

    /// One signature of a delivery: `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`.
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new(&self.block());
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::HookSecret;
    use crate::random::Randomness;

    /// The example of the specification has a secret of 24 bytes; ours have 32, so this one was made with another
    /// implementation: Python's `hmac`.
    #[test]
    fn a_signature_is_the_one_that_others_make() {
        let secret = HookSecret::from_bytes(&[7; 32]).unwrap();
        let signature = secret.sign("evt_1", 1_700_000_000, br#"{"a":1}"#);
        assert_eq!(signature, "v1,LD23cPhYO0Vr+7BYB9TpqKHMIUwtb1s91EEyjYfBh+s=");
        assert_ne!(secret.sign("evt_1", 1_700_000_001, br#"{"a":1}"#), signature);
    }

    #[test]
    fn a_secret_is_shown_on_purpose_alone() {
        let secret = HookSecret::generate(&Randomness::seeded(1));
        let shown = secret.expose();
        assert!(shown.starts_with("whsec_") && shown.len() == 50, "{shown}");
        assert!(!format!("{secret:?}").contains(&shown[6..16]));
        assert_eq!(HookSecret::from_bytes(secret.as_bytes()).unwrap().expose(), shown);
        assert!(HookSecret::from_bytes(&[1; 31]).is_none());
    }
}
