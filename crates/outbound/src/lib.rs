//! The one way in which the server calls somebody else on somebody's word: to addresses that anybody on the internet may be
//! reached by, or that the operator allows, and to nothing else.
//!
//! A name is resolved once; every address that it has is judged; the connection goes to an address that was judged. There
//! is no pool, no redirect and no proxy: each of them would lead to an address that nobody looked at.

mod connect;
mod line;
mod resolve;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use leadlatch_domain::hook::Target;
use tokio::sync::Semaphore;
use tokio::time::timeout;

pub use self::line::{Line, Sent};
use self::tls::Tls;

/// Names that are resolved at a time for those who ask before anything is sent: each may hold a thread for long.
const CHECKED_AT_ONCE: usize = 8;
/// How long somebody who asks waits for a name.
const CHECK_PATIENCE: Duration = Duration::from_secs(5);

/// Why somebody could not be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    /// The name leads nowhere.
    #[error("the name cannot be resolved")]
    NoAddress,
    /// It leads to where the server does not call.
    #[error("the address is not one that is called")]
    NotAllowed,
    /// Plain http goes to ranges that the operator allows alone.
    #[error("https is needed")]
    NotEncrypted,
    /// Nobody listens there.
    #[error("no connection")]
    NoConnection,
    /// The certificate is not good, or TLS failed otherwise.
    #[error("TLS failed")]
    Tls,
    /// It took too long.
    #[error("timed out")]
    TimedOut,
    /// It ended before an answer, or what came is no HTTP.
    #[error("no answer")]
    NoAnswer,
}

impl Failed {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoAddress => "no_address",
            Self::NotAllowed => "address_not_allowed",
            Self::NotEncrypted => "not_encrypted",
            Self::NoConnection => "no_connection",
            Self::Tls => "tls_failed",
            Self::TimedOut => "timed_out",
            Self::NoAnswer => "no_answer",
        }
    }
}

/// Calls others.
pub struct Outbound {
    allowed: Arc<[IpNet]>,
    tls: Tls,
    checks: Arc<Semaphore>,
}

impl Outbound {
    /// Calls what is public, and the ranges that the operator allows.
    pub fn new(allowed: Vec<IpNet>) -> Self {
        Self { allowed: allowed.into(), tls: Tls::default(), checks: Arc::new(Semaphore::new(CHECKED_AT_ONCE)) }
    }

    /// Whether a target would be called, as its name is resolved now. Nothing is connected to.
    pub async fn check(&self, target: &Target) -> Result<(), Failed> {
        let place = Arc::clone(&self.checks).acquire_owned();
        let resolved = async {
            let place = place.await.map_err(|_| Failed::NoAddress)?;
            let (target, allowed) = (target.clone(), Arc::clone(&self.allowed));
            // A task of its own: the system's look-up goes on when nobody waits for it any more, and keeps its place.
            let looking = tokio::spawn(async move {
                let found = resolve::addresses(&target, &allowed).await;
                drop(place);
                found
            });
            looking.await.map_err(|_| Failed::NoAddress)?
        };
        timeout(CHECK_PATIENCE, resolved).await.map_err(|_| Failed::NoAddress)?.map(drop)
    }

    /// Connects to a target, ready for one request. The caller limits how long that may take.
    pub async fn open(&self, target: &Target) -> Result<Line, Failed> {
        let addresses = resolve::addresses(target, &self.allowed).await?;
        let stream = connect::first(&addresses).await?;
        if target.is_https() {
            Line::ready(self.tls.over(stream, target).await?, target).await
        } else {
            Line::ready(stream, target).await
        }
    }
}
