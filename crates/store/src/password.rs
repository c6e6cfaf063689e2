//! Passwords of people: argon2id, never a fast hash. Access keys need none, since they are random.

use std::sync::LazyLock;

use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier};
use leadlatch_domain::fault::Fault;
use leadlatch_domain::person::{PASSWORD_MAX, PASSWORD_MIN};
use secrecy::{ExposeSecret, SecretString};

use crate::{Error, Result};

/// What stands for the hash of a user who has no password yet. Nothing verifies against it.
pub(crate) const NONE: &str = "";

/// Refuses a password that is too short to be one, or so long that hashing it costs more than it should.
pub fn check(password: &SecretString) -> std::result::Result<(), Fault> {
    let length = password.expose_secret().chars().count();
    if length < PASSWORD_MIN {
        return Err(Fault::new("too_short", format!("Give a password of at least {PASSWORD_MIN} characters.")));
    }
    if length > PASSWORD_MAX {
        return Err(Fault::new("too_long", format!("Give a password of at most {PASSWORD_MAX} characters.")));
    }
    Ok(())
}

/// Hashes a password; takes some 20 ms of one processor on purpose.
pub fn hash(password: &SecretString) -> Result<String> {
    let hashed = Argon2::default().hash_password(password.expose_secret().as_bytes());
    hashed.map(|hash| hash.to_string()).map_err(|error| Error::internal(error.to_string()))
}

/// Whether a password is the one that was hashed. Without a hash it costs as much and is not.
pub(crate) fn verify(password: &SecretString, hashed: Option<&str>) -> bool {
    static DUMMY: LazyLock<String> = LazyLock::new(|| hash(&"nobody".into()).unwrap_or_default());
    let real = hashed.filter(|text| *text != NONE);
    let Ok(parsed) = PasswordHash::new(real.unwrap_or(&DUMMY)) else { return false };
    let typed = password.expose_secret().as_bytes();
    let right = typed.len() <= 4 * PASSWORD_MAX && Argon2::default().verify_password(typed, &parsed).is_ok();
    right && real.is_some()
}

#[cfg(test)]
mod tests {
    use super::{NONE, check, hash, verify};

    #[test]
    fn only_the_password_that_was_hashed_is_right() {
        let hashed = hash(&"correct horse".into()).unwrap();
        assert!(verify(&"correct horse".into(), Some(&hashed)));
        assert!(!verify(&"correct horsf".into(), Some(&hashed)));
        assert!(!verify(&"nobody".into(), None), "what stands in for an unknown user opens nothing");
        assert!(!verify(&"nobody".into(), Some(NONE)) && !verify(&"".into(), Some(NONE)));
    }

    #[test]
    fn a_password_has_a_length() {
        assert!(check(&"123456789".into()).is_err());
        assert!(check(&"1234567890".into()).is_ok());
        assert!(check(&"x".repeat(201).into()).is_err());
    }
}
