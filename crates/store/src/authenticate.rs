//! Letting a key in: its live row is read by digest at every request, and again inside every write.

use leadlatch_domain::id::{AccountId, KeyId, PartnerId};
use leadlatch_domain::key_secret::{KeyDigest, KeyKind};
use leadlatch_domain::matrix::Action;
use leadlatch_domain::problem::Code;
use leadlatch_domain::reach::Sides;
use leadlatch_domain::scope::ScopeSet;

use crate::access::{Access, Caller, Grant, Held, KeyFacts};
use crate::engine::{Connection, Gate, Row, values};
use crate::{Error, Result};

/// The row of a key, and why it would be refused.
struct KeyRow {
    account: AccountId,
    facts: KeyFacts,
    dead: Option<Code>,
}

/// Authenticates by the digest of what was presented.
pub(crate) async fn key(db: &mut Connection<'_>, digest: KeyDigest, from: Option<String>) -> Result<Access> {
    let row = live_row(db, digest, "").await?;
    Ok(Access { account: row.account, caller: Caller::Key(row.facts), from })
}

/// Checks a proof again inside a write's transaction, as its first statement. On PostgreSQL the row is locked `FOR
/// SHARE`: a deletion updates it, so it waits for this transaction, or this one sees the deletion.
pub(crate) async fn hold<A: Action>(db: &mut Connection<'_>, grant: Grant<A>) -> Result<Held<A>> {
    let Some(digest) = grant.key().map(|key| key.digest) else { return Ok(Held(grant)) };
    if let Some(key) = grant.key() {
        db.gate(key.id.get(), Gate::Pass).await?;
    }
    let lock = db.lock_rows(" FOR SHARE");
    let row = live_row(db, digest, lock).await?;
    if grant.key().is_some_and(|key| key.version == row.facts.version) {
        return Ok(Held(grant));
    }
    let access = Access { account: row.account, caller: Caller::Key(row.facts), from: grant.access.from };
    access.permit().map(Held)
}

async fn live_row(db: &mut Connection<'_>, digest: KeyDigest, lock: &str) -> Result<KeyRow> {
    let now = db.database_now();
    let sql = format!(
        "SELECT id, account_id, kind, partner_id, sides, partner_sides, partner_active, account_suspended, scopes, \
         access_version, deleted_at IS NOT NULL, expires_at IS NOT NULL AND expires_at <= {now} \
         FROM access_keys WHERE digest = $1{lock}"
    );
    let found = db.query_opt(&sql, values![digest.as_bytes().to_vec()], |row| read(row, digest)).await?;
    let row = found.ok_or(Error::Unauthenticated(Code::UnknownKey))?;
    match row.dead {
        Some(code) => Err(Error::Unauthenticated(code)),
        None => Ok(row),
    }
}

fn read(row: &Row<'_>, digest: KeyDigest) -> Result<KeyRow> {
    let corrupt = || Error::internal("a key's row is corrupt");
    let kind: String = row.get(2)?;
    let facts = KeyFacts {
        id: KeyId::new(row.get(0)?).ok_or_else(corrupt)?,
        digest,
        kind: KeyKind::parse(&kind).ok_or_else(corrupt)?,
        record: row.get::<Option<i64>>(3)?.and_then(PartnerId::new),
        sides: Sides::from_bits(row.get(4)?).and(Sides::from_bits(row.get(5)?)),
        partner_active: row.get(6)?,
        scopes: ScopeSet::from_bits(row.get(8)?),
        version: row.get(9)?,
    };
    let (suspended, deleted, expired) = (row.get::<bool>(7)?, row.get::<bool>(10)?, row.get::<bool>(11)?);
    let dead = match (deleted, expired, suspended) {
        (true, ..) => Some(Code::DeletedKey),
        (_, true, _) => Some(Code::ExpiredKey),
        (_, _, true) => Some(Code::AccountSuspended),
        _ => None,
    };
    Ok(KeyRow { account: AccountId::new(row.get(1)?).ok_or_else(corrupt)?, facts, dead })
}
