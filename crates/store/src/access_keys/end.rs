//! Deleting keys, for ever.

use leadlatch_domain::audit::Event;
use leadlatch_domain::id::AccountId;
use leadlatch_domain::matrix::{DeleteItself, EndDeletedKeys, ManageKeys, WritePartners};
use serde_json::json;

use super::gates::close_gate;
use super::read::{AccessKey, digest, find};
use crate::access::{Held, Operator, Visible};
use crate::audit::Pending;
use crate::deletions::Gone;
use crate::engine::{Connection, Row, values};
use crate::{Error, Result, hooks};

/// Deletes keys, all of them or, if one cannot be, none. Each is a row that every request of the key reads and every write
/// of the key holds, so that none starts after this is answered.
pub async fn delete(
    db: &mut Connection<'_>,
    grant: Held<ManageKeys>,
    mut ids: Vec<i64>,
    reason: Option<String>,
) -> Result<Vec<Visible<AccessKey>>> {
    // In one order, so that two such deletions wait for each other and never both.
    ids.sort_unstable();
    ids.dedup();
    let (mut deleted, mut failed) = (Vec::with_capacity(ids.len()), Vec::new());
    for id in &ids {
        match end(db, &grant, *id, reason.as_deref()).await {
            Ok(()) => deleted.push(Visible(find(db, grant.account(), *id).await?)),
            Err(Error::NotFound(_)) => failed.push(format!("Key {id}: there is no such key.")),
            Err(Error::Conflict(why)) => failed.push(format!("Key {id}: {why}")),
            Err(other) => return Err(other),
        }
    }
    match failed.as_slice() {
        [] => Ok(deleted),
        [_] if ids.len() == 1 => Err(Error::Conflict(failed.concat())),
        _ => Err(Error::Conflict(format!("Nothing was deleted. {}", failed.join(" ")))),
    }
}

/// A key deletes itself.
pub async fn delete_itself(db: &mut Connection<'_>, grant: Held<DeleteItself>) -> Result<()> {
    let id = grant.key().map(|key| key.id.get()).ok_or(Error::NotFound("key"))?;
    end(db, &grant, id, Some("by the key itself")).await
}

/// Deletes a key again that had ended before, deleted or rotated out, and that a restore brought back.
pub(crate) async fn end_again(db: &mut Connection<'_>, grant: Held<EndDeletedKeys>, id: i64) -> Result<()> {
    end(db, &grant, id, Some("it had ended before, and a restore had brought it back")).await
}

/// Every live key of the server, by its account.
pub(crate) async fn all_live(db: &mut Connection<'_>, _: &Operator) -> Result<Vec<(AccountId, i64)>> {
    let sql = "SELECT account_id, id FROM access_keys WHERE deleted_at IS NULL ORDER BY account_id, id";
    let read = |row: &Row<'_>| {
        let account = AccountId::new(row.get(0)?).ok_or_else(|| Error::internal("a key without an account"))?;
        Ok((account, row.get(1)?))
    };
    db.query(sql, values![], read).await
}

/// Deletes a key that a restore brought, because nobody knows any more which of them were deleted.
pub(crate) async fn end_unknown(db: &mut Connection<'_>, grant: Held<EndDeletedKeys>, id: i64) -> Result<()> {
    end(db, &grant, id, Some("the database was restored without a deletions file")).await
}

/// The keys of a partner record end with it, also those that are made or rotated at the same moment.
pub(crate) async fn delete_of_partner(
    db: &mut Connection<'_>,
    grant: &Held<WritePartners>,
    partner: i64,
) -> Result<()> {
    while end_all_of_partner(db, grant, partner).await? > 0 {}
    // Whoever makes a key holds the record's row: from here on nobody does, and what was made meanwhile is seen.
    let lock = db.lock_rows(" FOR NO KEY UPDATE");
    let sql = format!("SELECT id FROM partner_records WHERE account_id = $1 AND id = $2{lock}");
    db.query(&sql, values![grant.account(), partner], |_| Ok(())).await?;
    end_all_of_partner(db, grant, partner).await.map(drop)
}

async fn end_all_of_partner(db: &mut Connection<'_>, grant: &Held<WritePartners>, partner: i64) -> Result<usize> {
    let sql = "SELECT id FROM access_keys WHERE account_id = $1 AND partner_id = $2 AND deleted_at IS NULL ORDER BY id";
    let ids: Vec<i64> = db.query(sql, values![grant.account(), partner], |row| row.get(0)).await?;
    for id in &ids {
        end(db, grant, *id, Some("its partner record was deleted")).await?;
    }
    Ok(ids.len())
}

async fn end<A>(db: &mut Connection<'_>, grant: &Held<A>, id: i64, reason: Option<&str>) -> Result<()> {
    close_gate(db, grant, id).await?;
    let key = find(db, grant.account(), id).await?;
    let sql = "UPDATE access_keys SET deleted_at = $3, deleted_by = $4, delete_reason = $5, \
               access_version = access_version + 1 WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL \
               RETURNING digest";
    let bound = values![grant.account(), id, db.now().as_micros(), grant.actor_in_words(), reason];
    let digest = db.query_opt(sql, bound, |row| digest(row, 0)).await?;
    let digest = digest.ok_or_else(|| Error::Conflict("The key is deleted already.".into()))?;
    db.deleted(Gone::Key { id, digest });
    hooks::end_of_key(db, grant.account(), id).await?;
    let details = json!({"name": key.name, "kind": key.kind, "partner_id": key.partner_id,
        "fingerprint": key.fingerprint, "reason": reason});
    db.audit(Pending::by(grant, Event::KeyDeleted, id, details));
    Ok(())
}
