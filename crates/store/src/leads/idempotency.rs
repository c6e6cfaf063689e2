//! A create that may be sent again: the same key text and body lead to the same lead, for 24 hours.
//!
//! What is kept is ids and digests, in the transaction that makes the lead. A retry reads the lead anew, so it can never
//! show what its caller may no longer see.

use leadlatch_domain::lead::{LeadField, LeadInput, LeadView, Value};
use leadlatch_domain::matrix::{CreateLeads, PurgeLeads};
use leadlatch_domain::problem::Code;
use leadlatch_domain::scope::Scope;

use super::row::LeadRow;
use super::{create, read};
use crate::access::{Held, Visible};
use crate::engine::{Connection, values};
use crate::{Error, Result};

const ROUTE: &str = "POST /api/v1/leads";
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

/// A lead that was made now or by an earlier request.
#[derive(Debug)]
pub enum Made {
    /// Now.
    New(Visible<LeadView>),
    /// By an earlier request of the same key, text and body.
    Again(Visible<LeadView>),
}

/// Makes a lead, or finds the one that an earlier such request made.
///
/// The record of the retry is written before the lead, in the same transaction. On SQLite one job runs after the other,
/// so a second finds it. PostgreSQL would let the second wait for the first; a lock that is tried, not waited for, says
/// at once that the first still runs.
pub async fn create_once(
    db: &mut Connection<'_>,
    grant: Held<CreateLeads>,
    input: LeadInput,
    once: Once,
) -> Result<Made> {
    let account = grant.account();
    // A key and its successors are one to a retry.
    let Some(key) = grant.key().map(|key| key.root.get()) else {
        return create::create(db, grant, input).await.map(Made::New);
    };
    if !begin(db, account, key, &once).await? {
        return again(db, &grant, key, &once, input).await.map(Made::Again);
    }
    let lead = create::create(db, grant, input).await?;
    let sql = "UPDATE idempotency_keys SET lead_id = $5 WHERE account_id = $1 AND key_id = $2 AND route = $3 \
               AND text_digest = $4";
    db.execute(sql, values![account, key, ROUTE, once.text.to_vec(), lead.id()]).await?;
    Ok(Made::New(lead))
}

/// Whether this request is the first; a record that is over its time counts as none.
async fn begin(db: &mut Connection<'_>, account: i64, key: i64, once: &Once) -> Result<bool> {
    let words = once.text.first_chunk::<8>().map_or(0, |bytes| i64::from_be_bytes(*bytes)) ^ key;
    if !db.try_hold(words).await? {
        return Err(Error::Refused(Code::IdempotencyInProgress));
    }
    let sql = "INSERT INTO idempotency_keys (account_id, key_id, route, text_digest, body_digest, status, created_at) \
               VALUES ($1, $2, $3, $4, $5, 201, $6) ON CONFLICT (account_id, key_id, route, text_digest) DO UPDATE SET \
               body_digest = excluded.body_digest, status = excluded.status, created_at = excluded.created_at, \
               lead_id = NULL WHERE idempotency_keys.created_at <= $7";
    let now = db.now().as_micros();
    let (text, body) = (once.text.to_vec(), once.body.to_vec());
    Ok(db.execute(sql, values![account, key, ROUTE, text, body, now, now - KEPT]).await? == 1)
}

async fn again(
    db: &mut Connection<'_>,
    grant: &Held<CreateLeads>,
    key: i64,
    once: &Once,
    input: LeadInput,
) -> Result<Visible<LeadView>> {
    let sql = "SELECT body_digest, lead_id FROM idempotency_keys WHERE account_id = $1 AND key_id = $2 \
               AND route = $3 AND text_digest = $4";
    let bound = values![grant.account(), key, ROUTE, once.text.to_vec()];
    let found = db.query_opt(sql, bound, |row| Ok((row.get::<Vec<u8>>(0)?, row.get::<Option<i64>>(1)?))).await?;
    let (body, id) = found.ok_or_else(|| Error::internal("the record of a retry is gone"))?;
    // An erased lead has left no digest: whatever is sent for it, it is gone.
    if !body.is_empty() && body != once.body {
        return Err(Error::Refused(Code::IdempotencyKeyReused));
    }
    let id = id.ok_or_else(|| grant.missing("id"))?;
    let row = read::fetch(db, &grant.scope(), id, "").await?.ok_or_else(|| grant.missing("id"))?;
    let row = if grant.scopes().contains(Scope::ReadLeads) { row } else { as_sent(db, grant, row, input).await? };
    read::view(db, grant, row).await
}

/// The lead as it was sent, made at the time it was made: a key without `read_leads` learns nothing of what became of it.
async fn as_sent(
    db: &mut Connection<'_>,
    grant: &Held<CreateLeads>,
    row: LeadRow,
    input: LeadInput,
) -> Result<LeadRow> {
    let (mut lead, _) = create::prepare(db, grant, input).await?;
    let made = row.lead.int(LeadField::CreatedAt).unwrap_or_default();
    lead.set(LeadField::Id, row.lead.get(LeadField::Id).clone());
    for field in [LeadField::ReceivedAt, LeadField::CreatedAt, LeadField::UpdatedAt] {
        lead.set(field, Value::Int(made));
    }
    Ok(LeadRow { lead, introducer_updated_at: made, partner_updated_at: made, ..row })
}

/// Forgets the retries of the account whose 24 hours are over; answers how many, [`FORGOTTEN_AT_ONCE`] at the most.
pub async fn forget_idempotency(db: &mut Connection<'_>, grant: Held<PurgeLeads>) -> Result<u64> {
    let sql = "DELETE FROM idempotency_keys WHERE account_id = $1 AND (key_id, route, text_digest) IN \
               (SELECT key_id, route, text_digest FROM idempotency_keys WHERE account_id = $1 AND created_at <= $2 \
               ORDER BY created_at LIMIT $3)";
    let over = db.now().as_micros() - KEPT;
    db.execute(sql, values![grant.account(), over, FORGOTTEN_AT_ONCE as i64]).await
}
