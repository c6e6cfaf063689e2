//! Rotation: a successor with the same access and limits, and the end of the key that it follows.

use leadlatch_domain::audit::Event;
use leadlatch_domain::key_rotation::Overlap;
use leadlatch_domain::key_secret::{KeyKind, KeySecret};
use leadlatch_domain::key_state::KeyState;
use leadlatch_domain::matrix::{EndRotatedKeys, ManageKeys};
use leadlatch_domain::text::Name;
use leadlatch_domain::time::Timestamp;
use serde_json::json;

use super::read::{AccessKey, digest, find};
use crate::access::{Held, Visible};
use crate::audit::Pending;
use crate::deletions::Gone;
use crate::engine::{Connection, Gate, Row, values};
use crate::hooks::MovedHooks;
use crate::{Error, Result, hooks};

/// How a key is rotated.
#[derive(Debug)]
pub struct Rotation {
    /// When the old key ends.
    pub overlap: Overlap,
    /// The successor's name; the old key's when absent.
    pub name: Option<Name>,
}

/// Makes the successor of a key, and sets the end of the old one, which its own expiry may bring sooner. Its subscriptions
/// move to the successor.
pub async fn rotate(
    db: &mut Connection<'_>,
    grant: Held<ManageKeys>,
    id: i64,
    rotation: Rotation,
) -> Result<(Visible<AccessKey>, KeySecret)> {
    rotate_moving(db, grant, id, rotation, &MovedHooks::All).await
}

/// As [`rotate`], with the subscriptions that are chosen; the others end with the old key.
pub async fn rotate_moving(
    db: &mut Connection<'_>,
    grant: Held<ManageKeys>,
    id: i64,
    rotation: Rotation,
    moved: &MovedHooks,
) -> Result<(Visible<AccessKey>, KeySecret)> {
    // The gate holds off whatever else changes the key, so that the successor is made from what is true.
    db.gate(id, Gate::Close).await?;
    let old = find(db, grant.account(), id).await?;
    refuse(&old)?;
    let kind = KeyKind::parse(&old.kind).ok_or_else(|| Error::internal("a key without a kind"))?;
    let secret = KeySecret::generate(kind, db.random());
    let successor = insert_successor(db, &grant, &old, &rotation, &secret).await?;
    hooks::move_to(db, &grant, (id, successor), moved).await?;
    set_end(db, grant.account(), id, successor, rotation.overlap).await?;
    if rotation.overlap == Overlap::Now {
        hooks::end_of_key(db, grant.account(), id).await?;
    }
    let (old, new) = (find(db, grant.account(), id).await?, find(db, grant.account(), successor).await?);
    let details = json!({"name": old.name, "fingerprint": old.fingerprint, "successor_id": successor,
        "successor_fingerprint": new.fingerprint, "overlap": rotation.overlap, "ends_at": old.ends_at});
    db.audit(Pending::by(&grant, Event::KeyRotated, id, details));
    let details = json!({"name": new.name, "kind": new.kind, "partner_id": new.partner_id, "scopes": new.scopes,
        "expires_at": new.expires_at, "limits": new.limits, "fingerprint": new.fingerprint, "rotated_from": id});
    db.audit(Pending::by(&grant, Event::KeyCreated, successor, details));
    Ok((Visible(new), secret))
}

fn refuse(old: &AccessKey) -> Result<()> {
    let conflict = |why: String| Err(Error::Conflict(why));
    match (old.state, old.successor_id) {
        (KeyState::Deleted, _) => conflict("The key is deleted: make a new one.".into()),
        (_, Some(next)) => conflict(format!("The key was rotated already: its successor is key {next}.")),
        (KeyState::Expired, _) => conflict("The key has expired, and so would its successor: make a new one.".into()),
        _ => Ok(()),
    }
}

async fn insert_successor(
    db: &mut Connection<'_>,
    grant: &Held<ManageKeys>,
    old: &AccessKey,
    rotation: &Rotation,
    secret: &KeySecret,
) -> Result<i64> {
    let sql = "INSERT INTO access_keys (account_id, digest, kind, partner_id, sides, partner_sides, partner_active, \
               account_suspended, scopes, expires_at, note, address_ranges, requests_per_minute, idle_days, \
               rotated_from, root_id, ends_predecessor, name, fingerprint, created_at, created_by) \
               SELECT account_id, $3, kind, partner_id, sides, partner_sides, partner_active, account_suspended, \
               scopes, expires_at, note, address_ranges, requests_per_minute, idle_days, id, COALESCE(root_id, id), \
               $4, $5, $6, $7, $8 FROM access_keys WHERE account_id = $1 AND id = $2 RETURNING id";
    let name = rotation.name.as_ref().map_or(old.name.as_str(), Name::as_str);
    let bound = values![
        grant.account(),
        old.id,
        secret.digest().as_bytes().to_vec(),
        rotation.overlap == Overlap::FirstUse,
        name,
        secret.fingerprint(),
        db.now().as_micros(),
        grant.actor_in_words(),
    ];
    db.query_int(sql, bound).await
}

/// Sets the end by the database's clock, which judges it too. An end at once holds whatever a clock says later.
async fn set_end(db: &mut Connection<'_>, account: i64, id: i64, successor: i64, overlap: Overlap) -> Result<()> {
    let now = db.database_now();
    let sql = format!(
        "UPDATE access_keys SET successor_id = $3, ended = $4, access_version = access_version + 1, \
         ends_at = CASE WHEN expires_at < {now} + CAST($5 AS BIGINT) THEN expires_at \
         ELSE {now} + CAST($5 AS BIGINT) END WHERE account_id = $1 AND id = $2 RETURNING digest, ends_at"
    );
    let longest = i64::try_from(overlap.longest().as_micros()).map_err(Error::internal)?;
    let at_once = overlap == Overlap::Now;
    let read = |row: &Row<'_>| Ok((digest(row, 0)?, row.get::<i64>(1)?));
    let set = db.query_opt(&sql, values![account, id, successor, at_once, longest], read).await?;
    match set {
        Some((digest, _)) if at_once => db.deleted(Gone::Key { id, digest }),
        // Known now, so that it holds whatever runs when the time comes. The file has milliseconds: not a moment before.
        Some((digest, ends_at)) => {
            let at = Timestamp::from_micros(ends_at.saturating_add(999) / 1_000 * 1_000);
            db.will_be_deleted(Gone::Key { id, digest }, at);
        }
        None => {}
    }
    Ok(())
}

/// The first use of a successor ends the key that it follows, once: of two first uses the second finds it done.
pub(crate) async fn end_predecessor(
    db: &mut Connection<'_>,
    grant: Held<EndRotatedKeys>,
    successor: i64,
) -> Result<()> {
    let sql = "SELECT rotated_from FROM access_keys WHERE account_id = $1 AND id = $2 AND ends_predecessor";
    let old: Option<i64> = db.query_opt(sql, values![grant.account(), successor], |row| row.get(0)).await?;
    let Some(old) = old else { return Ok(()) };
    // The older first, as everywhere: a predecessor's id is the lower one.
    db.gate(old, Gate::Close).await?;
    db.gate(successor, Gate::Close).await?;
    let sql = "UPDATE access_keys SET ends_predecessor = FALSE, access_version = access_version + 1 \
               WHERE account_id = $1 AND id = $2 AND ends_predecessor";
    if db.execute(sql, values![grant.account(), successor]).await? == 0 {
        return Ok(());
    }
    let now = db.database_now();
    let sql = format!(
        "UPDATE access_keys SET ended = TRUE, ends_at = {now}, access_version = access_version + 1 \
         WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL AND ends_at > {now} RETURNING digest"
    );
    if let Some(digest) = db.query_opt(&sql, values![grant.account(), old], |row| digest(row, 0)).await? {
        db.deleted(Gone::Key { id: old, digest });
        hooks::end_of_key(db, grant.account(), old).await?;
        let key = find(db, grant.account(), old).await?;
        let details = json!({"name": key.name, "fingerprint": key.fingerprint, "successor_id": successor});
        db.audit(Pending::by(&grant, Event::KeyRotatedOut, old, details));
    }
    Ok(())
}
