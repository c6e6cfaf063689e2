//! Passwords are hashed off the async threads, at most two at once: argon2id takes a processor and 19 MiB on purpose.

use axum::http::StatusCode;
use leadlatch_store::Error;
use leadlatch_store::password;
use leadlatch_store::sign_in::{Candidate, Refused, Verified};
use secrecy::SecretString;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::spawn_blocking;

use crate::refusal::Refusal;

/// How many run at once.
const AT_ONCE: usize = 2;
/// How many wait for them, at the most.
const IN_LINE: usize = 64;

/// The way to argon2id.
#[derive(Debug)]
pub(crate) struct Passwords {
    places: Semaphore,
    line: Semaphore,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { places: Semaphore::new(AT_ONCE), line: Semaphore::new(AT_ONCE + IN_LINE) }
    }
}

impl Passwords {
    /// Compares a password.
    pub(crate) async fn verify(
        &self,
        candidate: Candidate,
        typed: SecretString,
    ) -> Result<Result<Verified, Refused>, Refusal> {
        let _place = self.enter().await?;
        Ok(spawn_blocking(move || candidate.verify(&typed)).await.map_err(Error::internal)?)
    }

    /// Hashes a new password.
    pub(crate) async fn hash(&self, typed: SecretString) -> Result<String, Refusal> {
        let _place = self.enter().await?;
        Ok(spawn_blocking(move || password::hash(&typed)).await.map_err(Error::internal)??)
    }

    async fn enter(&self) -> Result<(SemaphorePermit<'_>, SemaphorePermit<'_>), Refusal> {
        let busy = || {
            let remedy = "Many people sign in at this moment. Try again in a minute.";
            Refusal::said(StatusCode::SERVICE_UNAVAILABLE, "The server is busy", remedy)
        };
        let line = self.line.try_acquire().map_err(|_| busy())?;
        let place = self.places.acquire().await.map_err(|_| busy())?;
        Ok((line, place))
    }
}
