//! Whether the account's chain still holds: every entry is hashed again, from the first.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use leadlatch_domain::audit::{Broken, Fracture, Verifier};
use leadlatch_domain::matrix::ReadAudit;
use leadlatch_domain::time::Timestamp;
use leadlatch_store::{Connection, Grant, audit};

use crate::Web;
use crate::refusal::Refusal;

/// Entries of one statement.
const BLOCK: u32 = 1_000;
/// A chain that is longer is verified by the command line alone.
const LONGEST: i64 = 50_000;
/// How long an answer is good, in microseconds: looking at page after page verifies once.
const FRESH: i64 = 60_000_000;

/// What is known of a chain.
#[derive(Debug, Clone, Copy)]
pub(super) enum Chain {
    /// It holds.
    Holds {
        /// The last entry.
        number: i64,
        /// When it was verified.
        at: Timestamp,
    },
    /// It does not.
    Broken {
        /// Where and how.
        broken: Broken,
        /// When it was verified.
        at: Timestamp,
    },
    /// It has so many entries that a page does not verify it.
    Long {
        /// The last entry.
        number: i64,
    },
}

/// What was verified a short while ago, by account and the last entry then.
#[derive(Debug, Default)]
pub(crate) struct Chains(Mutex<HashMap<(i64, i64), Chain>>);

impl Chains {
    fn known(&self, account: i64, last: i64, now: Timestamp) -> Option<Chain> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&(account, last)).copied()?;
        match known {
            Chain::Holds { at, .. } | Chain::Broken { at, .. } if now.as_micros() - at.as_micros() < FRESH => {
                Some(known)
            }
            _ => None,
        }
    }

    fn keep(&self, account: i64, last: i64, chain: Chain) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|(other, _), _| *other != account);
        all.insert((account, last), chain);
    }
}

/// The state of the account's chain: verified now if that is asked for, or not known.
pub(super) async fn state(web: &Web, grant: &Grant<ReadAudit>, again: bool) -> Result<Chain, Refusal> {
    let (account, now) = (grant.account_id().get(), web.store().clock().now());
    let extent = web.store().read(async |db| audit::extent(db, grant).await).await?;
    let last = extent.head.number;
    if let Some(known) = web.verified.known(account, last, now).filter(|_| !again) {
        return Ok(known);
    }
    if last > LONGEST {
        return Ok(Chain::Long { number: last });
    }
    let chain = match verify(web, grant, last).await? {
        Ok(number) => Chain::Holds { number, at: now },
        Err(broken) => Chain::Broken { broken, at: now },
    };
    web.verified.keep(account, last, chain);
    Ok(chain)
}

/// Goes along the chain, block by block. What was appended since the head was read is verified too.
async fn verify(web: &Web, grant: &Grant<ReadAudit>, last: i64) -> Result<Result<i64, Broken>, Refusal> {
    let mut verifier = Verifier::new(grant.account_id().get(), &[]);
    let mut after = 0;
    loop {
        let grant = web.store().again(grant).await?;
        let job = async move |db: &mut Connection<'_>| audit::entries(db, &grant, after, BLOCK).await;
        let block = web.store().read_apart(job).await?;
        for stored in &block {
            if let Err(broken) = verifier.step(stored) {
                return Ok(Err(broken));
            }
            after = stored.number;
        }
        if block.len() < BLOCK as usize {
            break;
        }
    }
    let report = verifier.finish();
    Ok(match report {
        Ok(report) if report.number < last => Err(Broken { number: report.number + 1, what: Fracture::TailCut }),
        Ok(report) => Ok(report.number),
        Err(broken) => Err(broken),
    })
}
