//! Making a key.

use leadlatch_domain::audit::Event;
use leadlatch_domain::fault::Fault;
use leadlatch_domain::id::PartnerId;
use leadlatch_domain::key_limits::KeyLimits;
use leadlatch_domain::key_secret::{KeyKind, KeySecret};
use leadlatch_domain::matrix::ManageKeys;
use leadlatch_domain::reach::{PartnerKind, Sides};
use leadlatch_domain::scope::ScopeSet;
use leadlatch_domain::text::{LONG_TEXT_MAX, Name, check_multiline};
use leadlatch_domain::time::Timestamp;
use leadlatch_domain::token::Token;
use sea_query::Value;
use serde_json::json;

use super::read::{AccessKey, find};
use crate::access::{Held, Visible};
use crate::audit::Pending;
use crate::engine::{Connection, values};
use crate::{Error, Result, used_forms};

/// What a key is made from; kind, record and scopes never change afterwards.
#[derive(Debug)]
pub struct NewKey {
    /// Its name.
    pub name: Name,
    /// What an admin notes.
    pub note: Option<String>,
    /// The record, for a Partner key.
    pub partner: Option<PartnerId>,
    /// What it may do, at least one thing.
    pub scopes: ScopeSet,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// What else it is limited by.
    pub limits: KeyLimits,
}

/// Makes a key. The secret is given once: only its digest is kept.
pub async fn create(
    db: &mut Connection<'_>,
    grant: Held<ManageKeys>,
    new: NewKey,
) -> Result<(Visible<AccessKey>, KeySecret)> {
    make(db, &grant, new).await
}

/// Makes a key for a form that counts once: one that was sent before makes nothing.
pub async fn create_once(
    db: &mut Connection<'_>,
    grant: Held<ManageKeys>,
    new: NewKey,
    form: &Token,
) -> Result<(Visible<AccessKey>, KeySecret)> {
    let made = make(db, &grant, new).await?;
    used_forms::keep(db, &grant, form, made.0.id).await?;
    Ok(made)
}

async fn make(
    db: &mut Connection<'_>,
    grant: &Held<ManageKeys>,
    new: NewKey,
) -> Result<(Visible<AccessKey>, KeySecret)> {
    refuse_scopes(&new)?;
    check_note(new.note.as_deref())?;
    let kind = if new.partner.is_some() { KeyKind::Partner } else { KeyKind::Full };
    let secret = KeySecret::generate(kind, db.random());
    let id = insert(db, grant, &new, &secret).await?;
    let key = find(db, grant.account(), id).await?;
    let details = json!({"name": key.name, "kind": key.kind, "partner_id": key.partner_id, "scopes": key.scopes,
        "expires_at": key.expires_at, "limits": key.limits, "fingerprint": key.fingerprint, "note": key.note});
    db.audit(Pending::by(grant, Event::KeyCreated, id, details));
    Ok((Visible(key), secret))
}

async fn insert(db: &mut Connection<'_>, grant: &Held<ManageKeys>, new: &NewKey, secret: &KeySecret) -> Result<i64> {
    let suspended = suspended(db, grant.account()).await?;
    // Its row is held too, so that its deletion at the same moment sees the new key.
    let lock = db.lock_rows(" FOR SHARE");
    let (sides, active) = sides_of(db, grant.account(), new.partner, lock).await?;
    let sql = "INSERT INTO access_keys (account_id, digest, kind, partner_id, sides, partner_sides, partner_active, \
               account_suspended, scopes, expires_at, name, fingerprint, created_at, created_by, address_ranges, \
               requests_per_minute, idle_days, note) \
               VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) RETURNING id";
    let (digest, now) = (secret.digest().as_bytes().to_vec(), db.now().as_micros());
    let (partner, expires) = (new.partner.map(PartnerId::get), new.expires_at.map(Timestamp::as_micros));
    let mut bound = values![
        grant.account(),
        digest,
        secret.kind().as_str(),
        partner,
        sides.bits(),
        active,
        suspended,
        new.scopes.bits(),
        expires,
        new.name.as_str(),
        secret.fingerprint(),
        now,
        grant.actor_in_words(),
    ];
    bound.extend(limit_values(&new.limits));
    bound.push(new.note.clone().into());
    db.query_int(sql, bound).await
}

/// Refuses a note that cannot be kept.
pub(super) fn check_note(note: Option<&str>) -> Result<()> {
    let checked = note.map_or(Ok(()), |note| check_multiline(note, LONG_TEXT_MAX));
    checked.map_err(|fault| Error::Invalid(vec![fault.on("note")]))
}

/// The three columns of a key's limits.
pub(super) fn limit_values(limits: &KeyLimits) -> [Value; 3] {
    [
        limits.address_ranges.as_ref().map(leadlatch_domain::address_ranges::AddressRanges::to_stored).into(),
        limits.requests_per_minute.map(|limit| i64::from(limit.get())).into(),
        limits.idle_days.map(leadlatch_domain::retention::Days::get).into(),
    ]
}

fn refuse_scopes(new: &NewKey) -> Result<()> {
    let fault = |text: String| Err(Error::Invalid(vec![Fault::new("not_permitted", text).on("scope")]));
    if new.scopes.is_empty() {
        return fault("A key needs at least one scope.".into());
    }
    match new.scopes.iter().find(|scope| new.partner.is_some() && !scope.partner_may_have()) {
        Some(scope) => fault(format!("{} ({}) is for Full keys only.", scope.label(), scope.as_str())),
        None => Ok(()),
    }
}

/// Whether the account's keys are refused. The row is held, so that a suspension at the same moment sees the new key.
async fn suspended(db: &mut Connection<'_>, account: i64) -> Result<bool> {
    let sql = format!("SELECT suspended FROM accounts WHERE id = $1{}", db.lock_rows(" FOR SHARE"));
    let found = db.query_opt(&sql, values![account], |row| row.get(0)).await?;
    found.ok_or(Error::NotFound("account"))
}

/// What the record allows, its row locked if the clause says so.
pub(super) async fn sides_of(
    db: &mut Connection<'_>,
    account: i64,
    partner: Option<PartnerId>,
    lock: &str,
) -> Result<(Sides, bool)> {
    let Some(partner) = partner else { return Ok((Sides::default(), true)) };
    let sql = format!(
        "SELECT kind, active FROM partner_records WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL{lock}"
    );
    let read = db.query_opt(&sql, values![account, partner.get()], |row| Ok((row.get::<String>(0)?, row.get(1)?)));
    let (kind, active) = read.await?.ok_or(Error::NotFound("partner"))?;
    let kind = PartnerKind::parse(&kind).ok_or_else(|| Error::internal("a partner record without a kind"))?;
    Ok((kind.sides(), active))
}
