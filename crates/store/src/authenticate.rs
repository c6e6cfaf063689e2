//! Letting a key in: its live row is read by digest at every request, and again inside every write.

use std::net::IpAddr;
use std::sync::Arc;

use leadlatch_domain::id::{AccountId, KeyId, PartnerId};
use leadlatch_domain::key_secret::{KeyDigest, KeyKind};
use leadlatch_domain::matrix::Action;
use leadlatch_domain::problem::Code;
use leadlatch_domain::reach::Sides;
use leadlatch_domain::scope::ScopeSet;

use crate::access::{Access, Caller, Grant, Held, KeyFacts};
use crate::engine::{Connection, Gate, Row, values};
use crate::usage::UsedKey;
use crate::{Error, Result, access_keys, sessions};

/// Microseconds in a day.
const DAY: i64 = 86_400_000_000;

/// The row of a key, and why it would be refused.
struct KeyRow {
    account: AccountId,
    facts: KeyFacts,
    dead: Option<Code>,
}

/// Authenticates by the digest of what was presented.
pub(crate) async fn key(db: &mut Connection<'_>, digest: KeyDigest, from: Option<IpAddr>) -> Result<Access> {
    let row = live_row(db, digest, "").await?;
    let from = from.map(|address| address.to_canonical());
    Ok(Access { account: row.account, caller: Caller::Key(row.facts), from })
}

/// Whose secret was presented, dead or alive.
pub(crate) async fn whose(db: &mut Connection<'_>, digest: KeyDigest) -> Result<Option<UsedKey>> {
    let sql = "SELECT account_id, id FROM access_keys WHERE digest = $1";
    let read = |row: &Row<'_>| Ok(AccountId::new(row.get(0)?).zip(KeyId::new(row.get(1)?)));
    let found = db.query_opt(sql, values![digest.as_bytes().to_vec()], read).await?.flatten();
    Ok(found.map(|(account, key)| UsedKey::found(account, key)))
}

/// Checks a proof again inside a write's transaction, as its first statement. On PostgreSQL the row is locked `FOR
/// SHARE`: a deletion updates it, so it waits for this transaction, or this one sees the deletion. A person's session is
/// held in the same way.
pub(crate) async fn hold<A: Action>(db: &mut Connection<'_>, grant: Grant<A>) -> Result<Held<A>> {
    if let Some(person) = grant.person() {
        return sessions::hold(db, person.session, grant.access.from).await?.permit().map(Held);
    }
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

/// Checks a proof again inside a read that begins late: after a body, or after waiting in line.
pub async fn confirm<A: Action>(db: &mut Connection<'_>, grant: &Grant<A>) -> Result<()> {
    if let Some(person) = grant.person() {
        return sessions::live(db, person.session, grant.access.from).await?.permit::<A>().map(drop);
    }
    let Some(digest) = grant.key().map(|key| key.digest) else { return Ok(()) };
    key(db, digest, grant.access.from).await?.permit::<A>().map(drop)
}

/// The access of a key for what its subscriptions are told, with its row held if that is asked for. Nobody calls, so where
/// it may be called from does not matter.
pub(crate) async fn for_hook(db: &mut Connection<'_>, account: i64, key: i64, hold: bool) -> Result<Access> {
    if hold {
        db.gate(key, Gate::Pass).await?;
    }
    let sql = "SELECT digest FROM access_keys WHERE account_id = $1 AND id = $2";
    let digest = db.query_opt(sql, values![account, key], |row| access_keys::digest(row, 0)).await?;
    let digest = digest.ok_or(Error::Unauthenticated(Code::UnknownKey))?;
    let lock = if hold { db.lock_rows(" FOR SHARE") } else { "" };
    let row = live_row(db, digest, lock).await?;
    let facts = KeyFacts { address_ranges: None, ..row.facts };
    Ok(Access { account: row.account, caller: Caller::Key(facts), from: None })
}

/// Whether the key `k` was not used for as long as its limit says. The last use is looked up for keys with an idle limit
/// alone: a CASE asks no further than it must.
pub(crate) fn idle(now: &str) -> String {
    format!(
        "CASE WHEN k.idle_days IS NULL THEN FALSE \
         WHEN k.created_at > {now} - k.idle_days * {DAY} THEN FALSE \
         WHEN k.enabled_at > {now} - k.idle_days * {DAY} THEN FALSE \
         ELSE COALESCE((SELECT u.let_in_at FROM access_key_last_used u WHERE u.account_id = k.account_id \
         AND u.key_id = k.id), 0) <= {now} - k.idle_days * {DAY} END"
    )
}

async fn live_row(db: &mut Connection<'_>, digest: KeyDigest, lock: &str) -> Result<KeyRow> {
    let (now, replica) = (db.database_now(), db.is_replica());
    let sql = format!(
        "SELECT k.id, k.account_id, k.kind, k.partner_id, k.sides, k.partner_sides, k.partner_active, \
         k.account_suspended, k.scopes, k.access_version, k.deleted_at IS NOT NULL, \
         k.expires_at IS NOT NULL AND k.expires_at <= {now}, k.ended OR (k.ends_at IS NOT NULL AND k.ends_at <= {now}), \
         k.ends_predecessor, k.root_id, k.address_ranges, k.requests_per_minute, \
         {}, {replica} FROM access_keys k WHERE k.digest = $1{lock}",
        idle(now)
    );
    let found = db.query_opt(&sql, values![digest.as_bytes().to_vec()], |row| read(row, digest)).await?;
    let row = found.ok_or(Error::Unauthenticated(Code::UnknownKey))?;
    match row.dead {
        Some(code) => Err(Error::Unauthenticated(code)),
        None => Ok(row),
    }
}

fn read(row: &Row<'_>, digest: KeyDigest) -> Result<KeyRow> {
    if row.get(18)? {
        return Err(Error::Unavailable("the database has become a replica: what it says of a key may be old".into()));
    }
    let corrupt = || Error::internal("a key's row is corrupt");
    let kind: String = row.get(2)?;
    let id = KeyId::new(row.get(0)?).ok_or_else(corrupt)?;
    let facts = KeyFacts {
        id,
        digest,
        kind: KeyKind::parse(&kind).ok_or_else(corrupt)?,
        record: row.get::<Option<i64>>(3)?.and_then(PartnerId::new),
        sides: Sides::from_bits(row.get(4)?).and(Sides::from_bits(row.get(5)?)),
        partner_active: row.get(6)?,
        scopes: ScopeSet::from_bits(row.get(8)?),
        version: row.get(9)?,
        ends_predecessor: row.get(13)?,
        root: row.get::<Option<i64>>(14)?.map_or(Some(id), KeyId::new).ok_or_else(corrupt)?,
        address_ranges: access_keys::address_ranges(row, 15)?.map(Arc::new),
        per_minute: access_keys::per_minute(row, 16)?,
    };
    Ok(KeyRow { account: AccountId::new(row.get(1)?).ok_or_else(corrupt)?, facts, dead: dead(row)? })
}

/// Why the key is refused, if it is: what cannot be undone is said first.
fn dead(row: &Row<'_>) -> Result<Option<Code>> {
    let reasons = [
        (10, Code::DeletedKey),
        (12, Code::RotatedKey),
        (11, Code::ExpiredKey),
        (7, Code::AccountSuspended),
        (17, Code::IdleKey),
    ];
    for (column, code) in reasons {
        if row.get::<bool>(column)? {
            return Ok(Some(code));
        }
    }
    Ok(None)
}
