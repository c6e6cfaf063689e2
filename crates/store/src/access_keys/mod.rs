//! Access keys: made, listed and deleted by people; a key can describe and delete itself alone.

use leadlatch_domain::audit::Event;
use leadlatch_domain::id::PartnerId;
use leadlatch_domain::key_secret::{KeyKind, KeySecret};
use leadlatch_domain::matrix::{DeleteItself, DescribeItself, ManageKeys, WritePartners};
use leadlatch_domain::reach::{PartnerKind, Sides};
use leadlatch_domain::scope::ScopeSet;
use leadlatch_domain::text::Name;
use leadlatch_domain::time::Timestamp;
use serde::Serialize;
use serde_json::json;

use crate::access::{Grant, Held, Visible};
use crate::audit::Pending;
use crate::engine::{Connection, Gate, Row, values};
use crate::{Error, Result, partner_records};

/// A key as admins see it: never its secret.
#[derive(Debug, Clone, Serialize)]
pub struct AccessKey {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// What an admin noted.
    pub note: Option<String>,
    /// `full` or `partner`.
    pub kind: String,
    /// The record that a Partner key is bound to.
    pub partner_id: Option<i64>,
    /// What it may do.
    pub scopes: ScopeSet,
    /// Enough of the secret to know it by.
    pub fingerprint: String,
    /// `active`, `expired` or `deleted`.
    pub state: &'static str,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, within a second.
    pub last_used_at: Option<Timestamp>,
    /// From where it was last used.
    pub last_used_address: Option<String>,
    /// By which program it was last used.
    pub last_used_agent: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
    /// Who deleted it.
    pub deleted_by: Option<String>,
    /// Why.
    pub delete_reason: Option<String>,
}

/// What a key is made from; kind, record and scopes never change afterwards.
#[derive(Debug)]
pub struct NewKey {
    /// Its name.
    pub name: Name,
    /// The record, for a Partner key.
    pub partner: Option<PartnerId>,
    /// What it may do, at least one thing.
    pub scopes: ScopeSet,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
}

const SELECT: &str = "SELECT k.id, k.name, k.note, k.kind, k.partner_id, k.scopes, k.fingerprint, k.expires_at, \
     u.used_at, u.address, u.user_agent, k.created_at, k.created_by, k.deleted_at, k.deleted_by, k.delete_reason \
     FROM access_keys k LEFT JOIN access_key_last_used u ON u.account_id = k.account_id AND u.key_id = k.id \
     WHERE k.account_id = $1";

/// Makes a key. The secret is given once: only its digest is kept.
pub async fn create(
    db: &mut Connection<'_>,
    grant: Held<ManageKeys>,
    new: NewKey,
) -> Result<(Visible<AccessKey>, KeySecret)> {
    refuse_scopes(&new)?;
    let kind = if new.partner.is_some() { KeyKind::Partner } else { KeyKind::Full };
    let (sides, active) = sides_of(db, grant.account(), new.partner).await?;
    let secret = KeySecret::generate(kind, db.random());
    let sql = "INSERT INTO access_keys (account_id, digest, kind, partner_id, sides, partner_sides, partner_active, \
               account_suspended, scopes, expires_at, name, fingerprint, created_at, created_by) \
               VALUES ($1, $2, $3, $4, $5, $5, $6, (SELECT suspended FROM accounts WHERE id = $1), $7, $8, $9, $10, \
               $11, $12) RETURNING id";
    let (digest, now) = (secret.digest().as_bytes().to_vec(), db.now().as_micros());
    let (partner, expires) = (new.partner.map(PartnerId::get), new.expires_at.map(Timestamp::as_micros));
    let (name, by) = (new.name.as_str(), grant.actor_in_words());
    let bound = values![
        grant.account(),
        digest,
        kind.as_str(),
        partner,
        sides.bits(),
        active,
        new.scopes.bits(),
        expires,
        name,
        secret.fingerprint(),
        now,
        by,
    ];
    let id = db.query_int(sql, bound).await?;
    let key = find(db, grant.account(), id).await?;
    let details = json!({"name": name, "kind": kind.as_str(), "partner_id": partner, "scopes": new.scopes,
        "expires_at": new.expires_at, "fingerprint": secret.fingerprint()});
    db.audit(Pending::by(&grant, Event::KeyCreated, id, details));
    Ok((Visible(key), secret))
}

fn refuse_scopes(new: &NewKey) -> Result<()> {
    let fault = |text: String| {
        Err(Error::Invalid(vec![leadlatch_domain::fault::Fault::new("not_permitted", text).on("scope")]))
    };
    if new.scopes.is_empty() {
        return fault("A key needs at least one scope.".into());
    }
    match new.scopes.iter().find(|scope| new.partner.is_some() && !scope.partner_may_have()) {
        Some(scope) => fault(format!("{} ({}) is for Full keys only.", scope.label(), scope.as_str())),
        None => Ok(()),
    }
}

async fn sides_of(db: &mut Connection<'_>, account: i64, partner: Option<PartnerId>) -> Result<(Sides, bool)> {
    let Some(partner) = partner else { return Ok((Sides::default(), true)) };
    let record = partner_records::find(db, account, partner.get()).await?;
    let kind = PartnerKind::parse(&record.kind).ok_or_else(|| Error::internal("a partner record without a kind"))?;
    Ok((kind.sides(), record.active.unwrap_or_default()))
}

/// The keys of the account, newest first; deleted ones only if asked.
pub async fn list(
    db: &mut Connection<'_>,
    grant: &Grant<ManageKeys>,
    deleted: bool,
) -> Result<Vec<Visible<AccessKey>>> {
    let which = if deleted { "" } else { " AND k.deleted_at IS NULL" };
    let now = db.now();
    let sql = format!("{SELECT}{which} ORDER BY k.id DESC");
    db.query(&sql, values![grant.account()], |row| read(row, now).map(Visible)).await
}

/// One key, deleted or not.
pub async fn get(db: &mut Connection<'_>, grant: &Grant<ManageKeys>, id: i64) -> Result<Visible<AccessKey>> {
    find(db, grant.account(), id).await.map(Visible)
}

async fn find(db: &mut Connection<'_>, account: i64, id: i64) -> Result<AccessKey> {
    let now = db.now();
    let found = db.query_opt(&format!("{SELECT} AND k.id = $2"), values![account, id], |row| read(row, now)).await?;
    found.ok_or(Error::NotFound("key"))
}

fn read(row: &Row<'_>, now: Timestamp) -> Result<AccessKey> {
    let time = |column| Ok::<_, Error>(row.get::<Option<i64>>(column)?.map(Timestamp::from_micros));
    let (expires_at, deleted_at) = (time(7)?, time(13)?);
    let state = match (deleted_at, expires_at) {
        (Some(_), _) => "deleted",
        (None, Some(end)) if end <= now => "expired",
        _ => "active",
    };
    Ok(AccessKey {
        id: row.get(0)?,
        name: row.get(1)?,
        note: row.get(2)?,
        kind: row.get(3)?,
        partner_id: row.get(4)?,
        scopes: ScopeSet::from_bits(row.get(5)?),
        fingerprint: row.get(6)?,
        state,
        expires_at,
        last_used_at: time(8)?,
        last_used_address: row.get(9)?,
        last_used_agent: row.get(10)?,
        created_at: Timestamp::from_micros(row.get(11)?),
        created_by: row.get(12)?,
        deleted_at,
        deleted_by: row.get(14)?,
        delete_reason: row.get(15)?,
    })
}

/// Deletes a key for ever. It updates the row that every request of the key reads and every write of the key holds, so
/// that none starts after this is answered.
pub async fn delete(
    db: &mut Connection<'_>,
    grant: Held<ManageKeys>,
    id: i64,
    reason: Option<String>,
) -> Result<Visible<AccessKey>> {
    end(db, &grant, id, reason.as_deref()).await?;
    find(db, grant.account(), id).await.map(Visible)
}

/// A key deletes itself.
pub async fn delete_itself(db: &mut Connection<'_>, grant: Held<DeleteItself>) -> Result<()> {
    let id = grant.key().map(|key| key.id.get()).ok_or(Error::NotFound("key"))?;
    end(db, &grant, id, Some("by the key itself")).await
}

/// The keys of a partner record end with it.
pub(crate) async fn delete_of_partner(
    db: &mut Connection<'_>,
    grant: &Held<WritePartners>,
    partner: i64,
) -> Result<()> {
    let sql = "SELECT id FROM access_keys WHERE account_id = $1 AND partner_id = $2 AND deleted_at IS NULL ORDER BY id";
    let ids: Vec<i64> = db.query(sql, values![grant.account(), partner], |row| row.get(0)).await?;
    for id in ids {
        end(db, grant, id, Some("its partner record was deleted")).await?;
    }
    Ok(())
}

async fn end<A>(db: &mut Connection<'_>, grant: &Held<A>, id: i64, reason: Option<&str>) -> Result<()> {
    close_gate(db, grant, id).await?;
    let key = find(db, grant.account(), id).await?;
    let sql = "UPDATE access_keys SET deleted_at = $3, deleted_by = $4, delete_reason = $5, \
               access_version = access_version + 1 WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL";
    let now = db.now().as_micros();
    let ended = db.execute(sql, values![grant.account(), id, now, grant.actor_in_words(), reason]).await?;
    if ended == 0 {
        return Err(Error::Conflict("The key is deleted already.".into()));
    }
    let details = json!({"name": key.name, "kind": key.kind, "partner_id": key.partner_id,
        "fingerprint": key.fingerprint, "reason": reason});
    db.audit(Pending::by(grant, Event::KeyDeleted, id, details));
    Ok(())
}

/// A key that deletes itself passes its own gate already; closing it beside another such request would lock both for ever,
/// and the row's own lock lets one of them go first.
async fn close_gate<A>(db: &mut Connection<'_>, grant: &Held<A>, id: i64) -> Result<()> {
    if grant.key().is_some_and(|key| key.id.get() == id) { Ok(()) } else { db.gate(id, Gate::Close).await }
}

/// Closes the gates of the keys that a change of their record or account concerns, in one order, so that two such changes
/// wait for each other and never both.
pub(crate) async fn close_gates(db: &mut Connection<'_>, account: i64, partner: Option<i64>) -> Result<()> {
    let sql = "SELECT id FROM access_keys WHERE account_id = $1 AND (CAST($2 AS BIGINT) = 0 OR partner_id = $2) \
               AND deleted_at IS NULL ORDER BY id";
    let ids: Vec<i64> = db.query(sql, values![account, partner.unwrap_or(0)], |row| row.get(0)).await?;
    for id in ids {
        db.gate(id, Gate::Close).await?;
    }
    Ok(())
}

/// What the record's links allow has changed: whatever was remembered of its keys is void.
pub(crate) async fn raise_versions(db: &mut Connection<'_>, account: i64, partner: i64) -> Result<()> {
    close_gates(db, account, Some(partner)).await?;
    let sql = "UPDATE access_keys SET access_version = access_version + 1 WHERE account_id = $1 AND partner_id = $2";
    db.execute(sql, values![account, partner]).await?;
    Ok(())
}

/// What a key is told of itself.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Whoami {
    /// The key.
    pub key: WhoamiKey,
    /// Its account.
    pub account: WhoamiAccount,
    /// The record that a Partner key is bound to.
    pub partner: Option<WhoamiPartner>,
}

/// The key itself.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WhoamiKey {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// `full` or `partner`.
    pub kind: String,
    /// What it may do.
    #[schema(value_type = Vec<String>)]
    pub scopes: ScopeSet,
    /// When it ends by itself.
    #[schema(value_type = Option<String>)]
    pub expires_at: Option<Timestamp>,
}

/// The key's account. A Partner key is told its name alone.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WhoamiAccount {
    /// Its id; absent for Partner keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
    /// Its name.
    pub name: String,
    /// Its short name; absent for Partner keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
}

/// The key's partner record.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WhoamiPartner {
    /// Its id.
    pub id: i64,
    /// `introducer`, `partner` or `both`.
    pub kind: String,
    /// The company.
    pub company: String,
}

/// What a key is told of itself.
pub async fn whoami(db: &mut Connection<'_>, grant: &Grant<DescribeItself>) -> Result<Visible<Whoami>> {
    let id = grant.key().map(|key| key.id.get()).ok_or(Error::NotFound("key"))?;
    let key = find(db, grant.account(), id).await?;
    let partner = match key.partner_id {
        Some(partner) => {
            let record = partner_records::find(db, grant.account(), partner).await?;
            Some(WhoamiPartner { id: record.id, kind: record.kind, company: record.company })
        }
        None => None,
    };
    let sql = "SELECT id, name, slug FROM accounts WHERE id = $1";
    let whole = partner.is_none();
    let account = db.query_opt(sql, values![grant.account()], |row| {
        let (id, slug) = (row.get(0)?, row.get(2)?);
        Ok(WhoamiAccount { id: Some(id).filter(|_| whole), name: row.get(1)?, slug: Some(slug).filter(|_| whole) })
    });
    let account = account.await?.ok_or_else(|| Error::internal("a key without an account"))?;
    let key = WhoamiKey { id, name: key.name, kind: key.kind, scopes: key.scopes, expires_at: key.expires_at };
    Ok(Visible(Whoami { key, account, partner }))
}
