//! Passwords of people: argon2id, never a fast hash. Access keys need none, since they are random.

use argon2::{Argon2, PasswordHasher};
use secrecy::{ExposeSecret, SecretString};

use crate::{Error, Result};

/// Hashes a password; takes some 20 ms of one processor on purpose.
pub fn hash(password: &SecretString) -> Result<String> {
    let hashed = Argon2::default().hash_password(password.expose_secret().as_bytes());
    hashed.map(|hash| hash.to_string()).map_err(|error| Error::internal(error.to_string()))
}
