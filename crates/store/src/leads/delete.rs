//! The bin: deleting, putting back, and erasing when the time is over.

use leadlatch_domain::audit::Event;
use leadlatch_domain::lead::LeadField;
use leadlatch_domain::lead::history::{Action, Changed};
use leadlatch_domain::matrix::{DeleteLeads, EraseLeads, PurgeLeads, RestoreLeads};
use serde_json::json;

use super::row::LeadRow;
use super::tell::{self, Facts};
use super::{history, read};
use crate::access::{Grant, Held};
use crate::audit::Pending;
use crate::engine::{Connection, values};
use crate::retention::{self, Due, Kept, KeptDays, PURGED_AT_ONCE, Span};
use crate::{Error, Result, deletions};

/// Deletes a lead in reach. A Partner key's delete ends that partner's own reach; the lead goes to the bin only when no
/// other record shares it. The answer is the same either way.
pub async fn delete(db: &mut Connection<'_>, grant: Held<DeleteLeads>, id: i64) -> Result<()> {
    delete_one(db, &grant, id).await
}

/// Deletes several leads, or none if one of them cannot be.
pub async fn delete_all(db: &mut Connection<'_>, grant: Held<DeleteLeads>, ids: Vec<i64>) -> Result<Vec<i64>> {
    for id in &ids {
        delete_one(db, &grant, *id).await?;
    }
    Ok(ids)
}

async fn delete_one(db: &mut Connection<'_>, grant: &Held<DeleteLeads>, id: i64) -> Result<()> {
    let lock = db.lock_rows(" FOR UPDATE OF leads");
    let row = read::fetch(db, &grant.scope(), id, lock).await?.ok_or_else(|| grant.missing("id"))?;
    let now = db.now().as_micros();
    let (introducer, partner, other) = ends(grant, &row);
    let bin = match other {
        Some(record) => is_gone(db, grant.account(), record).await?,
        None => true,
    };
    let sql = "UPDATE leads SET \
               introducer_ended_at = CASE WHEN $3 THEN $6 ELSE introducer_ended_at END, \
               partner_ended_at = CASE WHEN $4 THEN $6 ELSE partner_ended_at END, \
               deleted_at = CASE WHEN $5 THEN $6 ELSE deleted_at END WHERE account_id = $1 AND id = $2";
    db.execute(sql, values![grant.account(), id, introducer, partner, bin, now]).await?;
    let facts = Facts::of(&row);
    let ended = if bin { facts } else { facts.sides(introducer, partner) };
    tell::deleted(db, grant.account(), &ended).await?;
    let action = if bin { Action::Deleted } else { Action::ReachEnded };
    history::record(db, grant, id, action, &Changed::new()).await
}

/// Whose reach ends (introducer, partner), and the other record that the lead is shared with.
fn ends<A>(grant: &Grant<A>, row: &LeadRow) -> (bool, bool, Option<i64>) {
    let Some((record, _)) = grant.partner() else { return (false, false, None) };
    let column = |field| row.lead.int(field);
    let own = |field| column(field) == Some(record.get());
    let (introducer, partner) = (own(LeadField::IntroducerId), own(LeadField::PartnerId));
    let supplier = column(LeadField::IntroducerId).filter(|_| !introducer && !row.introducer_ended);
    let buyer = column(LeadField::PartnerId).filter(|_| !partner && !row.partner_ended);
    (introducer, partner, supplier.or(buyer))
}

/// Whether a record was deleted: it keeps its leads, and shares none.
async fn is_gone(db: &mut Connection<'_>, account: i64, record: i64) -> Result<bool> {
    let sql = "SELECT deleted_at IS NOT NULL FROM partner_records WHERE account_id = $1 AND id = $2";
    Ok(db.query_opt(sql, values![account, record], |row| row.get(0)).await?.unwrap_or(true))
}

/// Takes a lead out of the bin, and lifts the marks by which a partner's reach had ended. It counts as changed now, so that
/// its days begin anew, and who follows what changed sees it come back: a side whose reach had ended, or both from the bin.
pub async fn restore(db: &mut Connection<'_>, grant: Held<RestoreLeads>, id: i64) -> Result<()> {
    let sql = "UPDATE leads SET deleted_at = NULL, introducer_ended_at = NULL, partner_ended_at = NULL, updated_at = $3, \
               introducer_updated_at = CASE WHEN deleted_at IS NOT NULL OR introducer_ended_at IS NOT NULL \
               THEN $3 ELSE introducer_updated_at END, \
               partner_updated_at = CASE WHEN deleted_at IS NOT NULL OR partner_ended_at IS NOT NULL \
               THEN $3 ELSE partner_updated_at END WHERE account_id = $1 AND id = $2 \
               AND (deleted_at IS NOT NULL OR introducer_ended_at IS NOT NULL OR partner_ended_at IS NOT NULL)";
    let now = db.now().as_micros();
    let before = tell::facts(db, grant.account(), &[id]).await?.pop();
    if db.execute(sql, values![grant.account(), id, now]).await? == 0 {
        return Err(Error::NotFound("lead"));
    }
    if let Some(before) = before {
        tell::restored(db, grant.account(), before).await?;
    }
    history::record(db, &grant, id, Action::Restored, &Changed::new()).await?;
    db.audit(Pending::by(&grant, Event::LeadRestored, id, json!({})));
    Ok(())
}

const BIN: Kept = Kept { rows: "leads", at: "deleted_at", days: KeptDays::Setting("bin_days") };

/// How many leads of the bin come due in a span.
pub async fn bin_due(db: &mut Connection<'_>, grant: &Grant<PurgeLeads>, span: Span) -> Result<Due> {
    retention::due(db, grant.account(), &BIN, span).await
}

/// Erases the leads whose time in the bin is over; answers how many, at most [`PURGED_AT_ONCE`].
pub async fn purge(db: &mut Connection<'_>, grant: Held<PurgeLeads>) -> Result<u64> {
    let end = retention::end(db, grant.account(), &BIN).await?;
    let sql = "SELECT id FROM leads WHERE account_id = $1 AND deleted_at <= $2 ORDER BY deleted_at LIMIT $3";
    let due: Vec<i64> = db.query(sql, values![grant.account(), end, PURGED_AT_ONCE as i64], |row| row.get(0)).await?;
    for id in &due {
        erase_row(db, &grant, Event::LeadPurged, *id).await?;
    }
    Ok(due.len() as u64)
}

/// Erases leads at once, in the bin or not; or none if one of them does not exist.
pub async fn erase(db: &mut Connection<'_>, grant: Held<EraseLeads>, ids: Vec<i64>) -> Result<Vec<i64>> {
    for id in &ids {
        if !erase_row(db, &grant, Event::LeadErased, *id).await? {
            return Err(Error::NotFound("lead"));
        }
    }
    Ok(ids)
}

/// Erases a lead again that was erased before and that a restore brought back: that lead, made at this time, and not one
/// that got its number since.
pub(crate) async fn erase_again(db: &mut Connection<'_>, grant: Held<PurgeLeads>, id: i64, made_at: i64) -> Result<()> {
    let sql = "SELECT id FROM leads WHERE account_id = $1 AND id = $2 AND created_at = $3";
    let found: Option<i64> = db.query_opt(sql, values![grant.account(), id, made_at], |row| row.get(0)).await?;
    found.ok_or(Error::NotFound("lead"))?;
    erase_row(db, &grant, Event::LeadPurged, id).await.map(drop)
}

/// A lead with its twins; its history and preferences go with the row, and what was told of it; that it is gone is told
/// still. Of a retry's record the digest of the body goes:
/// it could be guessed from. The id stays its 24 hours, so that a late retry finds the lead gone and does not make it
/// anew. Answers whether the lead was there.
async fn erase_row<A>(db: &mut Connection<'_>, grant: &Held<A>, event: Event, id: i64) -> Result<bool> {
    let account = grant.account();
    let sql = "UPDATE idempotency_keys SET body_digest = $3 WHERE account_id = $1 AND lead_id = $2";
    db.execute(sql, values![account, id, Vec::<u8>::new()]).await?;
    tell::erased(db, account, id).await?;
    let sql = "DELETE FROM leads WHERE account_id = $1 AND id = $2 RETURNING created_at";
    let Some(made_at) = db.query_opt(sql, values![account, id], |row| row.get(0)).await? else { return Ok(false) };
    deletions::keep_lead(db, account, id, made_at).await?;
    db.audit(Pending::by(grant, event, id, json!({})));
    Ok(true)
}
