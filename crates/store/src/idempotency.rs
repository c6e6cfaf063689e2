//! A create that may be sent again: the same key text and body lead to the same record, for 24 hours.
//!
//! What is kept is ids and digests, in the transaction that makes the record. A retry reads the record anew, so it can never
//! show what its caller may no longer see.

use leadlatch_domain::matrix::PurgeLeads;
use leadlatch_domain::problem::Code;

use crate::access::{Grant, Held};
use crate::engine::{Connection, values};
use crate::{Error, Result};

/// How long a retry is known: 24 hours, in microseconds.
const KEPT: i64 = 86_400_000_000;
/// How many are forgotten in one go, so that others get their turn.
pub const FORGOTTEN_AT_ONCE: u64 = 5_000;

/// By what a retry is known: SHA-256 of the header's text and of the body's bytes.
#[derive(Debug, Clone, Copy)]
pub struct Once {
    /// Of the text of `Idempotency-Key`.
    pub text: [u8; 32],
    /// Of the body as it was sent.
    pub body: [u8; 32],
}

/// A record that was made now or by an earlier request.
#[derive(Debug)]
pub enum Made<T> {
    /// Now.
    New(T),
    /// By an earlier request of the same key, text and body.
    Again(T),
}

/// A route whose creates may be retried, and the column for the id of what they make.
pub(crate) struct Route {
    pub(crate) name: &'static str,
    pub(crate) column: &'static str,
}

/// One request that may be a retry.
pub(crate) struct Retry {
    route: Route,
    account: i64,
    key: i64,
    once: Once,
}

impl Retry {
    /// The retry of a key's request; a key and its successors are one to it. Other callers have none.
    pub(crate) fn of<A>(grant: &Grant<A>, route: Route, once: Once) -> Option<Self> {
        let key = grant.key().map(|key| key.root.get())?;
        Some(Self { route, account: grant.account(), key, once })
    }

    /// Whether this request is the first; a record that is over its time counts as none.
    ///
    /// The record of the retry is written before what it makes, in the same transaction. On SQLite one job runs after the
    /// other, so a second finds it. PostgreSQL would let the second wait for the first; a lock that is tried, not waited
    /// for, says at once that the first still runs.
    pub(crate) async fn begin(&self, db: &mut Connection<'_>) -> Result<bool> {
        if !db.try_hold(self.place()).await? {
            return Err(Error::Refused(Code::IdempotencyInProgress));
        }
        let sql = "INSERT INTO idempotency_keys (account_id, key_id, route, text_digest, body_digest, status, created_at) \
             VALUES ($1, $2, $3, $4, $5, 201, $6) ON CONFLICT (account_id, key_id, route, text_digest) DO UPDATE SET \
             body_digest = excluded.body_digest, status = excluded.status, created_at = excluded.created_at, \
             lead_id = NULL, record_id = NULL WHERE idempotency_keys.created_at <= $7";
        let now = db.now().as_micros();
        let (text, body) = (self.once.text.to_vec(), self.once.body.to_vec());
        let bound = values![self.account, self.key, self.route.name, text, body, now, now - KEPT];
        Ok(db.execute(sql, bound).await? == 1)
    }

    /// The number of the lock: the key, the route and the text.
    fn place(&self) -> i64 {
        let text = self.once.text.first_chunk::<8>().map_or(0, |bytes| i64::from_be_bytes(*bytes));
        self.route.name.bytes().fold(text ^ self.key, |place, byte| place.rotate_left(7) ^ i64::from(byte))
    }

    /// Keeps what the first request made.
    pub(crate) async fn made(&self, db: &mut Connection<'_>, id: Option<i64>) -> Result<()> {
        let sql = format!(
            "UPDATE idempotency_keys SET {} = $5 WHERE account_id = $1 AND key_id = $2 AND route = $3 \
             AND text_digest = $4",
            self.route.column
        );
        let bound = values![self.account, self.key, self.route.name, self.once.text.to_vec(), id];
        db.execute(&sql, bound).await.map(drop)
    }

    /// The id of what the first request made, if the body is the same.
    pub(crate) async fn known(&self, db: &mut Connection<'_>) -> Result<Option<i64>> {
        let sql = format!(
            "SELECT body_digest, {} FROM idempotency_keys WHERE account_id = $1 AND key_id = $2 AND route = $3 \
             AND text_digest = $4",
            self.route.column
        );
        let bound = values![self.account, self.key, self.route.name, self.once.text.to_vec()];
        let found = db.query_opt(&sql, bound, |row| Ok((row.get::<Vec<u8>>(0)?, row.get::<Option<i64>>(1)?))).await?;
        let (body, id) = found.ok_or_else(|| Error::internal("the record of a retry is gone"))?;
        // An erased lead has left no digest: whatever is sent for it, it is gone.
        if !body.is_empty() && body != self.once.body {
            return Err(Error::Refused(Code::IdempotencyKeyReused));
        }
        Ok(id)
    }
}

/// Forgets the retries of the account whose 24 hours are over; answers how many, [`FORGOTTEN_AT_ONCE`] at the most.
pub async fn forget(db: &mut Connection<'_>, grant: Held<PurgeLeads>) -> Result<u64> {
    let sql = "DELETE FROM idempotency_keys WHERE account_id = $1 AND (key_id, route, text_digest) IN \
               (SELECT key_id, route, text_digest FROM idempotency_keys WHERE account_id = $1 AND created_at <= $2 \
               ORDER BY created_at LIMIT $3)";
    let over = db.now().as_micros() - KEPT;
    db.execute(sql, values![grant.account(), over, FORGOTTEN_AT_ONCE as i64]).await
}
